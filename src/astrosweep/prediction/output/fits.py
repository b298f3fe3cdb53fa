"""A FITS binary table, written in a stream: what is only known at the end is set in the header then.

Source: FITS Standard 4.0 (Pence et al. and the IAU FITS Working Group 2018), section 7.3. ``TCOMMn`` and
``TUCDn`` for description and UCD are the convention of STIL, TOPCAT and the HEASARC.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits
from numpy.typing import NDArray

from astrosweep.core.errors import ConfigError, DataError
from astrosweep.data.field import Field

_CODES = {"uint8": "B", "int16": "I", "int32": "J", "int64": "K", "float32": "E", "float64": "D", "bool": "L"}
_BIG_ENDIAN = {
    "uint8": "u1",
    "int16": ">i2",
    "int32": ">i4",
    "int64": ">i8",
    "float32": ">f4",
    "float64": ">f8",
    "bool": "u1",
}
_NULLS = {"uint8": 255, **{f"int{bits}": -(2 ** (bits - 1)) for bits in (16, 32, 64)}}
_BLOCK = 2880
_COPIED_ROWS = 65_536
_MOST_COLUMNS = 999
_LONGEST_NAME = 68
_HISTORY = 72


class FitsWriter:
    """Writes the rows of a binary table as they come.

    Text is UTF-8, which astropy and TOPCAT read, in a width that grows with the longest; a missing one is
    empty. A missing whole number is the least one of its type, 255 in a byte, which the header says.
    """

    def __init__(self, file: BinaryIO, fields: Sequence[Field], meta: Mapping[str, str]) -> None:
        _check(fields)
        self._file = file
        self._fields = fields
        self._meta = meta
        self._n_rows = 0
        self._widths = {place: 1 for place, field in enumerate(fields) if field.type == "str"}
        self._header_size = 0
        self._least: set[int] = set()
        primary = fits.PrimaryHDU().header.tostring().encode("ascii")
        file.write(primary)
        self._header_at = len(primary)
        self._null = {place for place, field in enumerate(fields) if field.type in _NULLS}
        self._header_size = len(self._header())  # of the longest there can be
        self._null = set()
        file.write(self._header())
        self._rows_at = file.tell()

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Write rows, each column an array of its field's type.

        Raises:
            DataError: A column has both missing values and the number that stands for them.
        """
        parts = [self._values(place, column) for place, column in enumerate(columns)]
        self._widen({place: parts[place].dtype.itemsize for place in self._widths})
        table = np.empty(len(columns[0]), self._dtype())
        for place, part in enumerate(parts):
            table[f"f{place}"] = part
        self._file.write(table.data.cast("B") if len(table) else b"")
        self._n_rows += len(table)

    def end(self) -> None:
        """Fill the last block, and write the header again with what is known now."""
        self._file.write(bytes(-self._file.tell() % _BLOCK))
        self._file.seek(self._header_at)
        self._file.write(self._header())
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Nothing is open."""

    def _dtype(self) -> np.dtype[np.void]:
        return np.dtype(
            [
                (f"f{place}", f"S{self._widths[place]}" if field.type == "str" else _BIG_ENDIAN[field.type])
                for place, field in enumerate(self._fields)
            ]
        )

    def _values(self, place: int, column: pa.Array) -> NDArray[Any]:
        field = self._fields[place]
        if field.type == "str":
            longest = pc.max(pc.binary_length(column)).as_py() or 1
            return np.array(column.fill_null("").cast(pa.binary()).to_pylist(), dtype=f"S{longest}")
        if field.type == "bool":
            truths = column.fill_null(False).to_numpy(zero_copy_only=False)
            found = np.where(truths, ord("T"), ord("F"))
            return np.where(column.is_null().to_numpy(zero_copy_only=False), 0, found)
        if field.type not in _NULLS:
            return np.asarray(column.fill_null(np.nan).to_numpy(zero_copy_only=False))
        null = _NULLS[field.type]
        if column.null_count:
            self._null.add(place)
        if pc.any(pc.equal(column, pa.scalar(null, column.type))).as_py():
            self._least.add(place)
        if place in self._null & self._least:
            raise DataError(
                f"column {field.name!r}: {null} stands for a missing value in a FITS table, but is a value "
                "here and others are missing; write VOTable or Parquet"
            )
        return np.asarray(column.fill_null(null).to_numpy(zero_copy_only=False))

    def _widen(self, needed: Mapping[int, int]) -> None:
        """Make room for longer texts. The rows so far move up, the last ones first."""
        grown = {
            place: max(needed[place], 2 * width if self._n_rows else 1)
            for place, width in self._widths.items()
            if needed[place] > width
        }
        if not grown:
            return
        old = self._dtype()
        self._widths |= grown
        new = self._dtype()
        for start in reversed(range(0, self._n_rows, _COPIED_ROWS)):
            n_rows = min(_COPIED_ROWS, self._n_rows - start)
            self._file.seek(self._rows_at + start * old.itemsize)
            table = np.frombuffer(self._file.read(n_rows * old.itemsize), old).astype(new)
            self._file.seek(self._rows_at + start * new.itemsize)
            self._file.write(table.data.cast("B"))
        self._file.seek(self._rows_at + self._n_rows * new.itemsize)

    def _header(self) -> bytes:
        """The header of the table, of one size whatever is known."""
        header = fits.Header(
            [
                ("XTENSION", "BINTABLE", "binary table extension"),
                ("BITPIX", 8),
                ("NAXIS", 2),
                ("NAXIS1", self._dtype().itemsize, "bytes of a row"),
                ("NAXIS2", self._n_rows, "rows"),
                ("PCOUNT", 0),
                ("GCOUNT", 1),
                ("TFIELDS", len(self._fields), "columns"),
                ("EXTNAME", "PREDICTIONS"),
            ]
        )
        for place, field in enumerate(self._fields):
            number = place + 1
            text = f"{self._widths[place]}A" if field.type == "str" else _CODES[field.type]
            header[f"TTYPE{number}"] = field.name
            header[f"TFORM{number}"] = text
            if unit := field.unit_in("fits"):
                header[f"TUNIT{number}"] = unit
            header[f"TUCD{number}"] = field.ucd
            header[f"TCOMM{number}"] = _ascii(field.description)
            if place in self._null:
                header[f"TNULL{number}"] = _NULLS[field.type]
        for name, value in self._meta.items():
            line = _ascii(f"{name} = {value}")
            for start in range(0, len(line), _HISTORY):
                header["HISTORY"] = line[start : start + _HISTORY]
        while len(header.tostring()) < self._header_size:
            header.append(("", ""), end=True)
        return bytes(header.tostring().encode("ascii"))


def _check(fields: Sequence[Field]) -> None:
    if len(fields) > _MOST_COLUMNS:
        raise ConfigError(f"{len(fields)} columns; a FITS table has at most {_MOST_COLUMNS}")
    for field in fields:
        if not field.name.isascii() or len(field.name) > _LONGEST_NAME:
            raise ConfigError(
                f"column {field.name!r}: a FITS table has names of at most {_LONGEST_NAME} ASCII characters; "
                "rename it, or write another format"
            )


def _ascii(text: str) -> str:
    """Text as a FITS header can hold it; other characters become Python's escapes."""
    escaped = text.encode("ascii", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in escaped)
