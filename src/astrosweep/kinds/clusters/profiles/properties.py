"""The file of cluster properties: redshift and R500."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from astrosweep.core.errors import DataError
from astrosweep.kinds.clusters.profiles.faults import raise_for_faults
from astrosweep.kinds.clusters.profiles.text import read_text, to_number

_RANGES = {"redshift": (0.0, 20.0), "r500_kpc": (1.0, 1e5), "m500": (0.0, math.inf)}


@dataclass(frozen=True)
class Properties:
    """What is known of one cluster; NaN where unknown."""

    redshift: float = math.nan
    r500_kpc: float = math.nan


def read_properties(path: Path) -> dict[str, Properties]:
    """Read a text table with the columns ``name`` and any of ``redshift``, ``r500_kpc`` and ``m500``.

    Args:
        path: The file, columns separated by commas or blanks; other columns are passed over.

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
    cells = read_text(path)
    names = [name.lower() for name in cells.names]
    wanted = [name for name in _RANGES if name in names]
    if names.count("name") != 1 or not wanted or any(names.count(name) > 1 for name in wanted):
        raise DataError(
            f"{path}: the columns are {', '.join(cells.names) or 'without names'}; allowed: name, redshift, "
            "r500_kpc, m500, each once, name and at least one other"
        )
    faults: list[str] = []
    lines: dict[str, int] = {}
    found: dict[str, Properties] = {}
    for row, line in enumerate(cells.positions):
        name = cells.columns[names.index("name")][row]
        if not name or name in lines:
            what = f"has the cluster {name} again, first in line {lines[name]}" if name else "has no name"
            faults.append(f"{path}: line {line} {what}; allowed: one line for each cluster")
        lines[name] = line
        values = {}
        for key in wanted:
            text, (low, high) = cells.columns[names.index(key)][row], _RANGES[key]
            try:
                values[key] = to_number(text)
            except ValueError:
                values[key] = math.inf
            if not math.isnan(values[key]) and not low < values[key] < high:
                faults.append(
                    f"{path}: line {line} has the {key} {text!r} of {name}; allowed: a number above {low:g}"
                    + (f" and below {high:g}" if math.isfinite(high) else "")
                    + ", or nothing"
                )
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
