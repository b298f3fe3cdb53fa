"""ECSV, whose header has units and all else, and CSV that every program reads, with its metadata beside it.

Sources: Aldcroft 2015, APE 6 (Astropy Proposal for Enhancement), "Enhanced Character Separated Values";
Tennison and Kellogg 2015, W3C Recommendation "Metadata Vocabulary for Tabular Data".
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.table import MaskedColumn, Table
from pyarrow import csv as arrow_csv

from astrosweep.data.field import Field

_CSVW = {
    "uint8": "unsignedByte",
    "int16": "short",
    "int32": "int",
    "int64": "long",
    "float32": "float",
    "float64": "double",
    "bool": "boolean",
    "str": "string",
}


class _TextWriter:
    """Writes rows with commas between the columns. Numbers have the digits that give them back exactly."""

    nan_is_missing = False

    def __init__(self, file: BinaryIO, fields: Sequence[Field], meta: Mapping[str, str]) -> None:
        self._file = file
        self._fields = fields
        file.write(self._head(meta).encode())

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Write rows, each column an array of its field's type; a missing value is nothing between commas."""
        written = [self._written(column) for column in columns]
        batch = pa.record_batch(written, names=[field.name for field in self._fields])
        options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
        with io.BytesIO() as text:
            arrow_csv.write_csv(batch, text, options)
            self._file.write(text.getbuffer())

    def end(self) -> None:
        """Leave nothing in memory: a full disk is to be told before the description gets its name."""
        self._file.flush()

    def close(self) -> None:
        """Nothing is open."""

    def _head(self, meta: Mapping[str, str]) -> str:
        raise NotImplementedError

    def _written(self, column: pa.Array) -> pa.Array:
        if pa.types.is_boolean(column.type):
            return pc.if_else(column, "True", "False")
        if self.nan_is_missing and pa.types.is_floating(column.type):
            return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        return column


class EcsvWriter(_TextWriter):
    """Writes ECSV: NaN is written as such, a missing value is empty."""

    def _head(self, meta: Mapping[str, str]) -> str:
        table = Table(meta=dict(meta))
        for field in self._fields:
            dtype = np.dtype("U1") if field.type == "str" else np.dtype(field.dtype)
            column = MaskedColumn(np.empty(0, dtype), description=field.description, meta={"ucd": field.ucd})
            column.unit = field.parsed_unit
            table[field.name] = column
        with io.StringIO() as text:
            table.write(text, format="ascii.ecsv", delimiter=",")
            return text.getvalue()


class CsvWriter(_TextWriter):
    """Writes CSV: names, then rows. NaN is empty too, since programs differ in how they spell it."""

    nan_is_missing = True

    def _head(self, meta: Mapping[str, str]) -> str:  # noqa: ARG002  (it stands beside the file)
        with io.StringIO() as text:
            csv.writer(text, lineterminator="\n").writerow([field.name for field in self._fields])
            return text.getvalue()


def csv_description(name: str, fields: Sequence[Field], meta: Mapping[str, str]) -> bytes:
    """Return what ``<name>-metadata.json`` says of a CSV file, where the W3C's readers look for it.

    CSV itself has no place for it: TOPCAT and pandas would take a comment for the line of names.
    """
    columns: list[dict[str, Any]] = [
        {
            "name": f"c{number}",
            "titles": field.name,
            "datatype": _CSVW[field.type],
            "dc:description": field.description,
            "unit": field.unit_in("vounit"),
            "ucd": field.ucd,
        }
        for number, field in enumerate(fields, start=1)
    ]
    described = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": name,
        "tableSchema": {"columns": columns},
        "notes": [{"name": key, "value": value} for key, value in meta.items()],
    }
    return (json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")
