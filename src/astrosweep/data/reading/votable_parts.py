"""VOTables of binary rows a part at a time; astropy takes a microsecond for each of their values."""

import base64
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from astropy.io import votable
from astropy.io.votable.tree import Field
from astropy.table import MaskedColumn, Table
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.data.reading.astropy_table import from_astropy
from astrosweep.data.reading.raw import RawTable, Request, check_names

_HEAD = 262_144
_BLOCK = 2**22
_STREAM = re.compile(rb'<BINARY2>\s*<STREAM\s+encoding="base64"\s*>')
_END = b"</STREAM>"
_BLANKS = b" \t\r\n"
_NUMBERS = {
    "unsignedByte": "u1",
    "short": ">i2",
    "int": ">i4",
    "long": ">i8",
    "float": ">f4",
    "double": ">f8",
}
_SURROGATES = (0xD800, 0xDFFF)


@dataclass(frozen=True, eq=False)
class Binary2:
    """Where the rows of a VOTable lie and what they are.

    Attributes:
        start: The first byte of the text that stands for the rows.
        end: The byte after the last.
        empty: The table without its rows.
        row: A row as stored: which values are null, a bit each, then the values.
        n_rows: How many there are.
    """

    start: int
    end: int
    empty: Table
    row: np.dtype[np.void]
    n_rows: int


def find_binary2(path: Path) -> Binary2 | None:
    """Find the rows of a VOTable; None where they are no plain BINARY2 of columns of one width.

    Text of any length, arrays, truth values, numbers that stand for nothing, several tables and what an
    archive reports of a query that failed or was cut off are left to the reader of whole files.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        found = _STREAM.search(head)
        size = path.stat().st_size
        file.seek(max(size - _HEAD, 0))
        tail = file.read()
        last = tail.rfind(_END)
        if found is None or last < 0:
            return None
        start, end = found.end(), size - len(tail) + last
        around = head[:start] + tail[last:]
        if end < start or around.count(b"<TABLE") != 1 or b"ERROR" in around or b"OVERFLOW" in around:
            return None
        (table,) = votable.parse(BytesIO(around), verify="ignore").iter_tables()
        row = _row(table.fields)
        n_bytes = _count(file, start, end)
    if row is None or n_bytes % row.itemsize:
        return None
    check_names([field.name for field in table.fields], path)
    return Binary2(start, end, table.to_table(use_names_over_ids=True), row, n_bytes // row.itemsize)


def read_binary2(path: Path, found: Binary2, request: Request, step: int) -> Iterator[RawTable]:
    """Read the rows that were found, ``step`` at a time.

    Raises:
        DataError: The text does not stand for bytes.
    """
    width = found.row.itemsize
    waiting = bytearray()
    with path.open("rb") as file:
        for decoded in _decoded(file, found, path):
            waiting += decoded
            while len(waiting) >= step * width:
                yield _part(bytes(waiting[: step * width]), found, request)
                del waiting[: step * width]
    if waiting:
        yield _part(bytes(waiting), found, request)


def _row(fields: Sequence[Field]) -> np.dtype[np.void] | None:
    kinds: list[tuple[str, str] | tuple[str, str, tuple[int]]] = [
        ("null", "u1", (math.ceil(len(fields) / 8),))
    ]
    for place, field in enumerate(fields):
        size, name = str(field.arraysize or ""), f"value {place}"
        if field.values.null is not None:
            return None
        if field.datatype in _NUMBERS and not size:
            kinds.append((name, _NUMBERS[field.datatype]))
        elif field.datatype == "unicodeChar" and size.isdigit() and int(size):
            kinds.append((name, ">u2", (int(size),)))
        elif field.datatype == "char" and size.isdigit() and int(size):
            kinds.append((name, "u1", (int(size),)))
        else:
            return None
    return np.dtype(kinds)


def _count(file: BinaryIO, start: int, end: int) -> int:
    """How many bytes the text stands for; of text that is no single run of base64, one too many."""
    file.seek(start)
    n, padding = 0, 0
    for at in range(start, end, _BLOCK):
        block = file.read(min(_BLOCK, end - at)).translate(None, _BLANKS)
        n, padding = n + len(block), padding + block.count(b"=")
    return n // 4 * 3 - padding if n % 4 == 0 and padding <= 2 else 1


def _decoded(file: BinaryIO, found: Binary2, path: Path) -> Iterator[bytes]:
    file.seek(found.start)
    rest = b""
    for at in range(found.start, found.end, _BLOCK):
        text = rest + file.read(min(_BLOCK, found.end - at)).translate(None, _BLANKS)
        whole = len(text) // 4 * 4
        rest = text[whole:]
        try:
            yield base64.b64decode(text[:whole], validate=True)
        except ValueError as error:
            raise DataError(f"{path}: the rows of the VOTable are damaged: {error}") from error


def _part(stored: bytes, found: Binary2, request: Request) -> RawTable:
    rows = np.frombuffer(stored, dtype=found.row)
    names = found.empty.colnames
    null = np.unpackbits(rows["null"], axis=1, count=len(names)).astype(np.bool_)
    columns = {}
    for place, name in enumerate(names):
        values = rows[f"value {place}"]
        if values.ndim == 2:
            values = _texts(values)
        columns[name] = MaskedColumn(values, mask=null[:, place], unit=found.empty[name].unit)
    return from_astropy(Table(columns), request)


def _texts(codes: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.str_]:
    """Text of codes of shape (rows, length), which zeros fill up."""
    low, high = _SURROGATES
    if ((codes >= low) & (codes <= high)).any():
        return np.array([one.tobytes().decode("utf-16-be").rstrip("\0") for one in codes])
    wide = np.ascontiguousarray(codes, dtype=np.uint32)
    return wide.view(f"U{codes.shape[1]}").reshape(-1)
