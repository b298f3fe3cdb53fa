"""Tables of VOTable, FITS and Parquet files."""

import io
import itertools

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits, votable
from astropy.table import MaskedColumn, Table

from astrosweep.core.errors import DataError
from astrosweep.data.reading.astropy_table import from_astropy, tidy
from astrosweep.data.reading.raw import CUT_OFF, RawTable, Request, check_names
from astrosweep.data.reading.typed import EXACT, typed


def read_votable(data: bytes, request: Request) -> RawTable:
    """Read the first table of a VOTable; a query that the archive cut off is noted.

    Raises:
        DataError: There is no table, or the archive reports an error.
    """
    content = votable.parse(io.BytesIO(data), verify="ignore")
    for info in itertools.chain(content.infos, *(resource.infos for resource in content.resources)):
        if info.name == "QUERY_STATUS" and info.value == "ERROR":
            reason = info.content or "no reason given"
            raise DataError(f"{request.path}: the archive reports an error: {reason}")
        if info.name == "QUERY_STATUS" and info.value == "OVERFLOW":
            request.notes.append(CUT_OFF)
    tables = list(content.iter_tables())
    if not tables:
        raise DataError(f"{request.path}: the VOTable holds no table, perhaps the report of a failed query")
    if len(tables) > 1:
        request.notes.append(f"reading the first of its {len(tables)} tables")
    check_names([field.name for field in tables[0].fields], request.path)
    return from_astropy(tables[0].to_table(use_names_over_ids=True), request)


def read_fits(data: bytes, request: Request) -> RawTable:
    """Read the first table of a FITS file.

    Raises:
        DataError: There is no table.
    """
    with fits.open(io.BytesIO(data)) as hdus:
        tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
        if not tables:
            raise DataError(f"{request.path}: the FITS file holds no table, only {len(hdus)} other part(s)")
        if len(tables) > 1:
            request.notes.append(f"reading the first of its {len(tables)} tables, {tables[0].name!r}")
        check_names(tables[0].columns.names, request.path)
        if isinstance(tables[0], fits.TableHDU):
            return _read_ascii(tables[0], data, request)
        table = Table.read(tables[0])
        for column in tables[0].columns:
            if column.format == "L":  # a zero byte is neither true nor false, but astropy reads it as false
                raw = np.recarray.field(tables[0].data, column.name)
                table[column.name] = MaskedColumn(table[column.name], mask=raw == 0)
        return from_astropy(table, request)


def _read_ascii(table: fits.TableHDU, data: bytes, request: Request) -> RawTable:
    """Read a FITS table of text. Its numbers may be missing without a null value in the header."""
    start, width, n_rows = table.fileinfo()["datLoc"], table.header["NAXIS1"], table.header["NAXIS2"]
    rows = [data[at : at + width].decode("latin-1") for at in range(start, start + n_rows * width, width)]
    if n_rows and len(rows[-1]) < width:
        raise ValueError("the last row is truncated")
    columns, texts = {}, set(request.text)
    for column in table.columns:
        end = column.start - 1 + int(column.format[1:].split(".")[0])
        null = str(column.null or "").strip()
        cells = (row[column.start - 1 : end].strip() for row in rows)
        columns[column.name] = pa.chunked_array(
            [[None if cell == null else cell for cell in cells]], pa.string()
        )
        if column.format.startswith("A"):
            texts.add(column.name.lower())
    request = Request(request.path, decimal="point", text=frozenset(texts))
    units = {column.name: column.unit for column in table.columns if (column.unit or "").strip("- ")}
    return tidy({str(name): values for name, values in typed(columns, request).items()}, units)


def read_parquet(data: bytes, request: Request) -> RawTable:
    """Read a Parquet file. The index of pandas is a column like the others."""
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        schema = file.schema_arrow
        check_names(schema.names, request.path)
        if b"table_meta_yaml" in (schema.metadata or {}):  # written by astropy, with units and masks
            return from_astropy(Table.read(io.BytesIO(data), format="parquet"), request)
        table = file.read()
    stated = {field.name: (field.metadata or {}).get(b"unit", b"").decode() for field in schema}
    request.note_left_out([field.name for field in schema if pa.types.is_nested(field.type)])
    for position, field in reversed(list(enumerate(schema))):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(kind):
            table = table.remove_column(position)
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            table = table.set_column(position, field.name, table[position].cast(pa.string()))
        elif kind != field.type:
            table = table.set_column(position, field.name, table[position].cast(kind))
    frame = table.to_pandas(types_mapper=EXACT.get, ignore_metadata=True)
    return tidy(
        {str(name): values for name, values in frame.items()},
        {name: unit for name, unit in stated.items() if unit},
    )
