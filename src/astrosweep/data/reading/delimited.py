"""Read delimited text: comma, tab, semicolon or white space, with comments and VizieR's extra header rows."""

import csv
import gzip
import io
import logging
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from astrosweep.core.errors import DataError

_log = logging.getLogger(__name__)

MISSING = ("", "-", "--", "---", "...", "nan", "null", "none", "n/a", "#n/a", "na", "<na>", "masked")
"""Spellings of a missing value, in lower case and without surrounding blanks."""

_GZIP_MAGIC = b"\x1f\x8b"
_WORD = re.compile(r'"[^"]*"|\S+')
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DASHES = re.compile(r"-+")
_Line = tuple[int, str]


def read_delimited(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read a delimited text file, compressed by gzip or not.

    Args:
        path: An existing file.

    Returns:
        The table, indexed by the line number of each row, whole numbers exact; and the unit of each column
        that the file states one for.

    Raises:
        DataError: The file is empty, binary or without a header, a row has too many or too few values,
            a quoted value runs over several lines, or two columns share a name.
    """
    lines = [(number, line) for number, line in enumerate(_text(path).split("\n"), start=1) if line.strip()]
    body = [(number, line) for number, line in lines if not line.startswith("#")]
    if not body:
        raise DataError(f"{path}: the file is empty: it has no line besides blanks and comments")
    delimiter = _delimiter(body[0][1])
    comments = [line for number, line in lines if number < body[0][0]]
    names, body = _header(body, comments, delimiter, path)
    units, body = _units(body, len(names), delimiter)
    if not body:
        raise DataError(f"{path}: the file has a header ({', '.join(names[:8])}) but no rows")
    columns = _parse(body, names, delimiter, path)
    frame = columns.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    if len(frame) != len(body):
        odd = [number for number, text in body if text.count('"') % 2]
        where = f"in line {odd[0]} " if odd else ""
        raise DataError(f"{path}: a quoted value {where}does not end in its line; close its quotation mark")
    frame.index = pd.Index([number for number, _ in body], name="line")
    return frame, {name: unit for name, unit in zip(names, units, strict=True) if unit}


def check_names(names: list[str], path: Path) -> None:
    """Refuse two columns of one name.

    Raises:
        DataError: A name occurs twice.
    """
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"{path}: several columns are called {', '.join(repeated)}; rename them in the file")


def uncompressed(path: Path) -> bytes:
    """Return the content of a file, compressed by gzip or not; a compressed file cut short raises."""
    data = path.read_bytes()
    return gzip.decompress(data) if data.startswith(_GZIP_MAGIC) else data


def _text(path: Path) -> str:
    data = uncompressed(path)
    if b"\0" in data[:4096]:
        raise DataError(f"{path}: this is no text table; say what it is with data.format")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        _log.warning("%s: the last line has no end; if the file was cut short, its last value is wrong", path)
    return text


def _delimiter(header: str) -> str:
    """Return the delimiter that the header uses most, a blank for white space."""
    if "\t" in header:
        return "\t"
    candidates = {mark: header.count(mark) for mark in (",", ";")}
    best = max(candidates, key=lambda mark: candidates[mark])
    return best if candidates[best] else " "


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return [word.strip('"') for word in _WORD.findall(line)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def _header(
    body: list[_Line], comments: list[str], delimiter: str, path: Path
) -> tuple[list[str], list[_Line]]:
    """Return the column names and the rows below them; the names may stand in the last comment line."""
    first = _cells(body[0][1], delimiter)
    if any(_NUMBER.fullmatch(cell) for cell in first):
        commented = comments[-1].lstrip("# ") if comments else ""
        names = _cells(commented, delimiter if delimiter in commented else " ")
        if len(names) != len(first) or any(_NUMBER.fullmatch(name) for name in names):
            raise DataError(
                f"{path}: line {body[0][0]} should name the columns but holds numbers: {first[:4]}"
            )
    else:
        names, body = first, body[1:]
    names = [name or f"column_{position}" for position, name in enumerate(names, start=1)]
    check_names(names, path)
    return names, body


def _units(body: list[_Line], n_columns: int, delimiter: str) -> tuple[list[str], list[_Line]]:
    """Take off VizieR's line of units and line of dashes, if the rows begin with them."""
    for position, (_, line) in enumerate(body[:2]):
        cells = _cells(line, delimiter)
        if len(cells) == n_columns and all(_DASHES.fullmatch(cell) for cell in cells):
            units = _cells(body[0][1], delimiter) if position else []
            return (units if len(units) == n_columns else [""] * n_columns), body[position + 1 :]
    return [""] * n_columns, body


def _parse(body: list[_Line], names: list[str], delimiter: str, path: Path) -> pa.Table:
    ragged: list[pacsv.InvalidRow] = []

    def refuse(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    if delimiter == " ":
        delimiter, rows = "\t", ("\t".join(_WORD.findall(line)) for _, line in body)
    else:
        rows = (line for _, line in body)
    try:
        table = pacsv.read_csv(
            io.BytesIO("\n".join(rows).encode()),
            read_options=pacsv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        if not ragged:
            raise
        row = ragged[0]
        line = body[row.number - 1][0] if row.number else "unknown"
        raise DataError(
            f"{path}: line {line} has {row.actual_columns} values but the header names {len(names)} columns; "
            f"the line reads {row.text[:80]!r}"
        ) from None
    return pa.table([_typed(table[name]) for name in names], names=names)


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Turn text into whole numbers, else numbers, else true and false, if every present value is one."""
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.is_in(pc.utf8_lower(text), value_set=pa.array(MISSING)), None, text)
    unsigned = pc.replace_substring_regex(text, pattern=r"^\+([0-9.])", replacement=r"\1")
    for kind in (pa.int64(), pa.float64(), pa.bool_()):
        try:
            return unsigned.cast(kind)
        except pa.ArrowInvalid:
            continue
    return text
