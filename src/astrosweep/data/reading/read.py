"""Read a table file of any common astronomical format under its own column names, identifiers exact."""

import difflib
import io
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from astropy import units as u
from astropy.io import fits, votable
from astropy.table import Column, Table

from astrosweep.core.errors import DataError
from astrosweep.data.reading.delimited import MISSING, check_names, read_delimited, uncompressed

_log = logging.getLogger(__name__)

_SUFFIXES = {
    "csv": (".csv", ".tsv", ".txt", ".dat"),
    "ecsv": (".ecsv",),
    "votable": (".vot", ".votable", ".xml"),
    "fits": (".fits", ".fit", ".fts"),
    "parquet": (".parquet", ".pq"),
}
_ECSV_MAGIC = b"# %ECSV"
# Gaia's bulk downloads are ECSV files with "null", which the ECSV standard does not know.
_ECSV_MISSING = [(text, "0") for token in MISSING for text in dict.fromkeys((token, token.upper()))]


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as its file has it.

    Attributes:
        frame: The file's own columns: numbers, true and false, or text; missing values are null. The index
            is named ``line`` or ``row`` and says where in the file each row stands, counted from 1.
        units: Column to the unit that the file states, as the file spells it.
    """

    frame: pd.DataFrame
    units: Mapping[str, str]


def read_table(path: Path, format: str = "auto") -> RawTable:
    """Read a table file.

    Args:
        path: The file; relative paths start at the working folder.
        format: ``csv`` (any delimited text), ``ecsv``, ``votable``, ``fits``, ``parquet``, or ``auto`` to go
            by the file's name. Text formats, VOTable and FITS may be compressed by gzip.

    Returns:
        The table. Whole numbers are exact to 64 bits. Columns of arrays are left out with a warning.

    Raises:
        DataError: The file is absent, a folder, of unknown format, damaged, empty or without rows, a row
            has too many or too few values, or two columns share a name.
    """
    path = path.expanduser()
    _check_exists(path)
    kind = _format_of(path) if format == "auto" else format
    if kind not in _READERS:
        raise DataError(f"{path}: unknown format {kind!r}; known: auto, {', '.join(_READERS)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deviations from the standards that the libraries put up with
            warnings.filterwarnings("error", message=".*truncated")
            raw = _READERS[kind](path)
    except DataError:
        raise
    except Exception as error:  # the libraries share no family of errors
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise DataError(
            f"{path}: cannot be read as {kind}; the file is damaged, cut short or of another format: {reason}"
        ) from error
    if raw.frame.empty:
        raise DataError(f"{path}: the file has a header ({', '.join(raw.frame.columns[:8])}) but no rows")
    return raw


def _check_exists(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path.resolve()} is a folder; give a file, or a list of files")
    if not path.exists():
        folder = path.resolve().parent
        if not folder.is_dir():
            raise DataError(f"no file {path.resolve()}: there is no folder {folder}")
        near = difflib.get_close_matches(path.name, sorted(entry.name for entry in folder.iterdir()), n=3)
        hint = f"near names there: {', '.join(near)}" if near else "no name there is near to it"
        raise DataError(f"no file {path.resolve()}; {hint}")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty")


def _format_of(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    for kind, suffixes in _SUFFIXES.items():
        if name.endswith(suffixes):
            if kind == "csv":
                with path.open("rb") as file:
                    return "ecsv" if file.read(len(_ECSV_MAGIC)) == _ECSV_MAGIC else "csv"
            return kind
    known = ", ".join(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
    raise DataError(f"{path}: the name tells no known format ({known}, or these and .gz); set data.format")


def _read_csv(path: Path) -> RawTable:
    return RawTable(*read_delimited(path))


def _read_ecsv(path: Path) -> RawTable:
    return _from_astropy(Table.read(path, format="ascii.ecsv", fill_values=_ECSV_MISSING), path)


def _read_votable(path: Path) -> RawTable:
    tables = list(votable.parse(str(path), verify="ignore").iter_tables())
    if not tables:
        raise DataError(f"{path}: the VOTable holds no table, perhaps the report of a failed query")
    if len(tables) > 1:
        _log.warning("%s: reading the first of its %d tables", path, len(tables))
    check_names([field.name for field in tables[0].fields], path)
    return _from_astropy(tables[0].to_table(use_names_over_ids=True), path)


def _read_fits(path: Path) -> RawTable:
    with fits.open(io.BytesIO(uncompressed(path))) as hdus:
        tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
        if not tables:
            raise DataError(f"{path}: the FITS file holds no table, only {len(hdus)} other part(s)")
        if len(tables) > 1:
            _log.warning("%s: reading the first of its %d tables, %r", path, len(tables), tables[0].name)
        check_names(tables[0].columns.names, path)
        return _from_astropy(Table.read(tables[0]), path)


def _read_parquet(path: Path) -> RawTable:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        check_names(schema.names, path)
        if b"table_meta_yaml" in (schema.metadata or {}):  # written by astropy, with units and masks
            return _from_astropy(Table.read(path, format="parquet"), path)
        table = file.read()
    stated = {field.name: (field.metadata or {}).get(b"unit", b"").decode() for field in schema}
    units = {name: unit for name, unit in stated.items() if unit}
    _warn_dropped([field.name for field in schema if pa.types.is_nested(field.type)], path)
    for position, field in reversed(list(enumerate(schema))):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(kind):
            table = table.remove_column(position)
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            table = table.set_column(position, field.name, table[position].cast(pa.string()))
        elif kind != field.type:
            table = table.set_column(position, field.name, table[position].cast(kind))
    exact = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return _tidy(table.to_pandas(types_mapper=exact.get, ignore_metadata=True), units)


def _from_astropy(table: Table, path: Path) -> RawTable:
    dropped = [name for name in table.colnames if not _is_flat(table[name])]
    _warn_dropped(dropped, path)
    table.remove_columns(dropped)
    table.convert_bytestring_to_unicode()
    units = {name: str(table[name].unit) for name in table.colnames if table[name].unit is not None}
    return _tidy(table.to_pandas(index=False), units)


def _is_flat(column: object) -> bool:
    """Say whether a column of an astropy table holds one number or text a row."""
    if not isinstance(column, Column | u.Quantity) or column.ndim != 1:
        return False
    return column.dtype != object or not any(isinstance(value, np.ndarray | list) for value in column)


def _warn_dropped(names: list[str], path: Path) -> None:
    if names:
        _log.warning("%s: left out the columns that hold no single value a row: %s", path, ", ".join(names))


def _tidy(frame: pd.DataFrame, units: Mapping[str, str]) -> RawTable:
    """Number the rows, and let every spelling of a missing text be null."""
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if not pd.api.types.is_numeric_dtype(values.dtype):  # true and false count as numeric
            text = values.astype("str").str.strip()
            values = text.where(values.notna() & ~text.str.lower().isin(MISSING))
        columns[name] = values
    index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return RawTable(pd.DataFrame({name: column.set_axis(index) for name, column in columns.items()}), units)


_READERS: dict[str, Callable[[Path], RawTable]] = {
    "csv": _read_csv,
    "ecsv": _read_ecsv,
    "votable": _read_votable,
    "fits": _read_fits,
    "parquet": _read_parquet,
}
