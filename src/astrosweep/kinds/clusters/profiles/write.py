"""Write a sample as tables of radial profiles, which ``read_tables`` reads back without any loss."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from astropy.table import Table

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.profiles.faults import few
from astrosweep.kinds.clusters.profiles.layout import PROPERTIES_FILE
from astrosweep.kinds.clusters.profiles.properties import Properties, write_properties
from astrosweep.kinds.clusters.profiles.units import UNITS
from astrosweep.kinds.clusters.sample import ClusterSample, Profiles

COLUMNS = ("radius", "radius_r500", "half_width", "value", "error")
"""Columns of the tables; radius and value stand where the original application reads them, in 0 and 3."""

# The surface brightness of a sample may be in any unit, so its files state none.
_UNITS = {**UNITS, "sb": ""}
_FORBIDDEN = set('/\\:*?"<>|')


def write_sample(
    sample: ClusterSample, directory: Path, format: Literal["text", "ecsv", "fits"] = "text"
) -> None:
    """Write one directory for each cluster with one file for each profile, and the clusters' properties.

    ``radius`` and ``half_width`` (half the distance between the middles to the neighbours) are in kpc,
    ``radius_r500`` is the radius in R500, NaN where R500 is unknown. Noiseless values are not written.

    Args:
        sample: Any sample; profiles that a cluster lacks have no file.
        directory: A new or an empty directory.
        format: Format of the tables. Numbers are exact in all of them.

    Raises:
        DataError: The directory holds something or cannot be written, or a cluster's name is no name of a
            directory.
    """
    directory = directory.expanduser()
    clusters = sample.objects
    names = [str(name) for name in clusters.names]
    _check_names(names)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise DataError(
            f"{directory} is not empty and is left as it is; allowed: a new or an empty directory"
        )
    suffix, write = _WRITERS[format]
    kinds = {**clusters.observed, **sample.truth.profiles}
    try:
        for row, name in enumerate(names):
            folder = directory / name
            folder.mkdir(parents=True)
            for kind, profiles in kinds.items():
                columns = _columns(profiles, row, float(clusters.r500_kpc[row]))
                if len(columns[0]):
                    write(folder / f"{kind}{suffix}", columns, kind)
        known = zip(names, clusters.redshift, clusters.r500_kpc, strict=True)
        write_properties(directory / PROPERTIES_FILE, {name: Properties(z, r500) for name, z, r500 in known})
    except OSError as error:
        raise DataError(f"{error.filename or directory}: cannot be written: {error.strerror}") from error


def _check_names(names: list[str]) -> None:
    bad = [
        name
        for name in names
        if not name or name != name.strip() or name.startswith((".", "#")) or _FORBIDDEN.intersection(name)
    ]
    if bad:
        raise DataError(
            f"clusters cannot be written under the names {few([repr(name) for name in bad])}; allowed: names "
            f"without {' '.join(sorted(_FORBIDDEN))}, not beginning with a dot or #, nor ending with a blank"
        )


def _columns(profiles: Profiles, row: int, r500_kpc: float) -> list[FloatArray]:
    used = np.isfinite(profiles.radius[row])
    radius, value, error = profiles.radius[row][used], profiles.value[row][used], profiles.error[row][used]
    half_width = 0.5 * np.gradient(radius) if len(radius) > 1 else np.full(len(radius), np.nan)
    return [radius, radius / r500_kpc, half_width, value, error]


def _write_text(path: Path, columns: list[FloatArray], kind: str) -> None:
    unit = _UNITS[kind] or ("the unit of the sample" if kind == "sb" else "no unit")
    rows = zip(*(column.tolist() for column in columns), strict=True)
    lines = [f"# {kind}: radius and half_width in kpc, value and error in {unit}", f"# {' '.join(COLUMNS)}"]
    lines += [" ".join(map(repr, row)) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_astropy(path: Path, columns: list[FloatArray], kind: str) -> None:
    table = Table(columns, names=COLUMNS)
    units = ("kpc", "", "kpc", _UNITS[kind], _UNITS[kind])
    for name, unit in zip(COLUMNS, units, strict=True):
        if unit:
            table[name].unit = unit
    table.write(path, format="ascii.ecsv" if path.suffix == ".ecsv" else "fits")


_WRITERS: dict[str, tuple[str, Callable[[Path, list[FloatArray], str], None]]] = {
    "text": (".txt", _write_text),
    "ecsv": (".ecsv", _write_astropy),
    "fits": (".fits", _write_astropy),
}
