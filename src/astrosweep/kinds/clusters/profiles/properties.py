"""The file of cluster properties: redshift and R500."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from astrosweep.core.errors import DataError
from astrosweep.data.reading import read_table
from astrosweep.kinds.clusters.profiles.faults import raise_for_faults

_RANGES = {"redshift": (0.0, 20.0), "r500_kpc": (1.0, 1e5), "m500": (0.0, math.inf)}


@dataclass(frozen=True)
class Properties:
    """What is known of one cluster; NaN where unknown."""

    redshift: float = math.nan
    r500_kpc: float = math.nan


def read_properties(path: Path) -> dict[str, Properties]:
    """Read a table with the columns ``name`` and any of ``redshift``, ``r500_kpc`` and ``m500``.

    Args:
        path: The file, of any format that ``read_table`` reads; other columns are passed over.

    Returns:
        Cluster to its properties.

    Raises:
        DataError: The file cannot be read, has no column ``name`` or none of the others, a value is not a
            number or out of range, or a cluster stands there twice. All faults are named.
    """
    if not path.is_file():
        raise DataError(
            f"no file {path}, which data.tables.properties names; allowed: a table of the clusters"
        )
    raw = read_table(path, text=("name",))
    frame = raw.frame.set_axis([str(name).lower() for name in raw.frame.columns], axis=1)
    names = list(frame.columns) if raw.named else []
    wanted = [name for name in _RANGES if name in names]
    if names.count("name") != 1 or not wanted or any(names.count(name) > 1 for name in wanted):
        raise DataError(
            f"{path}: the columns are {', '.join(names) or 'without names'}; allowed: name, redshift, "
            "r500_kpc, m500, each once, name and at least one other"
        )
    faults: list[str] = []
    lines: dict[str, str] = {}
    found: dict[str, Properties] = {}
    for row, line in enumerate(f"{frame.index.name} {number}" for number in frame.index):
        name = "" if pd.isna(frame["name"].iloc[row]) else str(frame["name"].iloc[row])
        if not name or name.casefold() in lines:
            again = f"has the cluster {name} again, first in {lines.get(name.casefold())}"
            faults.append(
                f"{path}: {line} {again if name else 'has no name'}; allowed: one row for each cluster"
            )
        lines[name.casefold()] = line
        values = {}
        for key in wanted:
            cell, (low, high) = frame[key].iloc[row], _RANGES[key]
            number = math.nan if pd.isna(cell) else float(pd.to_numeric(cell, errors="coerce"))
            if not pd.isna(cell) and not low < number < high:
                faults.append(
                    f"{path}: {line} has the {key} {str(cell)!r} of {name}; allowed: a number above {low:g}"
                    + (f" and below {high:g}" if math.isfinite(high) else "")
                    + ", or nothing"
                )
            values[key] = number
        values.pop("m500", None)
        found[name] = Properties(**values)
    raise_for_faults(faults)
    return found


def write_properties(path: Path, properties: dict[str, Properties]) -> None:
    """Write the file that ``read_properties`` reads; numbers are exact, unknown ones are left empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "redshift", "r500_kpc"])
        for name, known in properties.items():
            numbers = (known.redshift, known.r500_kpc)
            writer.writerow(
                [name, *("" if math.isnan(number) else repr(float(number)) for number in numbers)]
            )
