"""Small tables of profiles for the tests."""

from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Table

from astrosweep.config.kinds.clusters import ClusterCleaningConfig, TablesConfig
from astrosweep.kinds.clusters.profiles.read import read_tables
from astrosweep.kinds.clusters.sample import ClusterSample

RADIUS = np.array([20.0, 50.0, 110.0, 300.0, 900.0])
VALUE = np.array([5.5, 4.25, 3.125, 2.5, 1.1])


def read(
    path: Path,
    observables: tuple[str, ...] = ("sb",),
    targets: tuple[str, ...] | None = (),
    gaps: str = "interpolate",
    **tables: object,
) -> ClusterSample:
    return read_tables(path, TablesConfig(**tables), ClusterCleaningConfig(gaps=gaps), observables, targets)


def rows(radius: np.ndarray = RADIUS, value: np.ndarray = VALUE, mark: str = " ") -> str:
    return "".join(
        mark.join([repr(float(r)), "1", "text", repr(float(v)), "0.5"]) + "\n"
        for r, v in zip(radius, value, strict=True)
    )


def table(scale: float = 1.0, **units: str) -> Table:
    made = Table({"r": RADIUS * scale, "a": RADIUS, "b": RADIUS, "value": VALUE, "error": VALUE / 10})
    for name, unit in units.items():
        made[name].unit = u.Unit(unit)
    return made


def put(directory: Path, files: dict[str, str | bytes | Table]) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Table):
            content.write(path, format="ascii.ecsv" if path.suffix == ".ecsv" else "fits")
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory
