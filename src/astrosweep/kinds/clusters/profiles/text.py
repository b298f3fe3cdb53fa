"""The cells of small text tables: blanks or commas between columns, comments, and the header of ECSV."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from astropy.table.meta import YamlParseError, get_header_from_yaml

from astrosweep.core.errors import DataError
from astrosweep.data.reading.delimited import MISSING

ECSV_MAGIC = "# %ECSV"
_EMPTY = ('""', "''")


@dataclass(frozen=True, eq=False)
class Cells:
    """A table before it is known which columns matter.

    Attributes:
        columns: The cells of each column, text or numbers.
        positions: Line or row of the file in which each row stands, counted from 1.
        unit_of_position: ``line`` or ``row``.
        names: Names of the columns; empty where the file has none.
        units: Column name to the unit that the file states.
    """

    columns: list[Any]
    positions: list[int]
    unit_of_position: str
    names: list[str]
    units: Mapping[str, str]


def read_text(path: Path) -> Cells:
    """Read a text table or an ECSV file, which its first line tells.

    Names come from the first line where none of its cells is a number, else from the last comment above the
    rows if it has as many words as there are columns.

    Raises:
        DataError: The file is not UTF-8 text, is empty, has no rows, rows of different lengths or a damaged
            ECSV header.
    """
    lines = _decoded(path).splitlines()
    ecsv = bool(lines) and lines[0].startswith(ECSV_MAGIC)
    comments: list[str] = []
    body: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        stripped = line.strip(" ")  # a tab at the end may stand before an empty cell
        if stripped.startswith("#"):
            if not body:
                comments.append(stripped[1:])
        elif stripped.strip():
            body.append((number, stripped.split("#", 1)[0].strip(" ")))
    if not body:
        raise DataError(f"{path}: the file has no line besides blanks and comments; allowed: rows of numbers")
    mark = _mark(body[0][1])
    rows = [_split(line, mark) for _, line in body]
    names, units = _ecsv_header(tuple(comments), path) if ecsv else ([], {})
    if ecsv or not any(is_number_or_gap(cell) for cell in rows[0]):
        names, rows, body = names or rows[0], rows[1:], body[1:]
        if not rows:
            raise DataError(f"{path}: the file has a header ({', '.join(names[:8])}) but no rows")
    _check_ragged(rows, [number for number, _ in body], path)
    if not names and comments:
        words = _split(comments[-1].strip(), mark if mark and mark in comments[-1] else None)
        names = words if len(words) == len(rows[0]) else []
    if names and len(names) != len(rows[0]):
        raise DataError(
            f"{path}: line {body[0][0]} has {len(rows[0])} values but the header names {len(names)} columns: "
            f"{', '.join(names[:8])}"
        )
    return Cells(list(zip(*rows, strict=True)), [number for number, _ in body], "line", names, units)


def is_number_or_gap(cell: str) -> bool:
    """Say whether a cell holds a number or stands for a missing one."""
    try:
        to_number(cell)
    except ValueError:
        return False
    return True


def to_number(cell: Any) -> float:
    """Return the number in a cell, NaN for a missing one.

    Raises:
        ValueError: The cell holds something else.
    """
    if not isinstance(cell, str):
        return float(cell)
    if "_" in cell:  # Python reads 1_0 as ten
        raise ValueError(cell)
    try:
        return float(cell)
    except ValueError:
        if cell.lower() in MISSING or cell in _EMPTY:
            return float("nan")
        raise


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    if not data:
        raise DataError(f"{path}: the file is empty; allowed: rows of numbers")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path}: line {line} holds the byte 0x{data[error.start]:02x}, so the file is not UTF-8 text; "
            "allowed: text in UTF-8, ECSV, FITS"
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DataError(f"{path}: line {line} holds a zero byte: this is no text; allowed: text, ECSV, FITS")
    return text


def _mark(line: str) -> str | None:
    """Return what stands between the cells of a line, None for any blanks."""
    for mark in (",", ";"):
        if mark in line:
            return mark
    # Single tabs can have empty cells between them; tabs among other blanks are there for the looks.
    return "\t" if "\t" in line and len(line.split("\t")) == len(line.split()) else None


def _split(line: str, mark: str | None) -> list[str]:
    if '"' in line:
        cells = next(csv.reader([line], delimiter=mark or " ", skipinitialspace=True))
        return [cell.strip() for cell in cells]
    if mark is None:
        return line.split()
    return [cell.strip() for cell in line.split(mark)]


def _check_ragged(rows: list[list[str]], positions: list[int], path: Path) -> None:
    width = len(rows[0])
    odd = [(n, row) for n, row in zip(positions, rows, strict=True) if len(row) != width]
    if odd:
        number, row = odd[0]
        more = f"; {len(odd) - 1} more lines differ too" if len(odd) > 1 else ""
        raise DataError(
            f"{path}: line {number} has {len(row)} values where line {positions[0]} has {width}: "
            f"{' '.join(row)[:60]!r}; allowed: as many in each line, -- or nan for a missing one{more}"
        )


def _ecsv_header(comments: tuple[str, ...], path: Path) -> tuple[list[str], dict[str, str]]:
    try:
        header = _parsed_header(comments[1:])
        columns = header["datatype"]
        names = [str(column["name"]) for column in columns]
        return names, {str(c["name"]): str(c["unit"]) for c in columns if c.get("unit") is not None}
    except (YamlParseError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path}: line 1 says ECSV, but the header below it is damaged "
            f"({error or type(error).__name__}); write the file anew or take the first line out"
        ) from error


@lru_cache(maxsize=256)  # the files of one observable share a header, and YAML is slow
def _parsed_header(lines: tuple[str, ...]) -> Any:
    return get_header_from_yaml(list(lines))
