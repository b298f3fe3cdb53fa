"""Tables that astropy has read, as columns of pandas with exact types."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from astropy import units as u
from astropy.table import Column, Table

from astrosweep.core.errors import DataError
from astrosweep.data.reading.raw import MISSING, RawTable, Request


def from_astropy(table: Table, request: Request) -> RawTable:
    """Return a table of astropy with exact types. One row of vectors is a table that lies down.

    Args:
        table: Any table; columns of arrays are left out with a note.
        request: Path and notes.

    Raises:
        DataError: One row holds vectors of different lengths.
    """
    table = _upright(table, request)
    dropped = [name for name in table.colnames if not _is_flat(table[name])]
    request.note_left_out(dropped)
    table.remove_columns(dropped)
    table.convert_bytestring_to_unicode()
    units = {name: str(table[name].unit) for name in table.colnames if table[name].unit is not None}
    columns = {name: _series(table[name]) for name in table.colnames}
    return tidy(columns, {name: unit for name, unit in units.items() if unit.strip("- ")})


def tidy(columns: Mapping[str, pd.Series], units: Mapping[str, str]) -> RawTable:
    """Number the rows of columns, and let every spelling of a missing text be null."""
    tidied = {}
    for name, values in columns.items():
        if not pd.api.types.is_numeric_dtype(values.dtype):  # true and false count as numeric
            text = values.astype("str").str.strip()
            values = text.where(values.notna() & ~text.str.lower().isin(MISSING))
        tidied[name] = values.array
    n_rows = len(next(iter(tidied.values()), ()))
    return RawTable(pd.DataFrame(tidied, index=pd.RangeIndex(1, n_rows + 1, name="row")), units)


def _upright(table: Table, request: Request) -> Table:
    """Return a single row of vectors as rows; single values beside them hold for all rows."""
    lengths = {table[name].shape[1] for name in table.colnames if table[name].ndim == 2}
    if len(table) != 1 or not lengths - {1}:
        return table
    if len(lengths) > 1:
        raise DataError(
            f"{request.path}: row 1 has vectors of different lengths {sorted(lengths)}; allowed: one length"
        )
    (n_rows,) = lengths
    units = {name: table[name].unit for name in table.colnames if getattr(table[name], "unit", None)}
    first = np.zeros(n_rows, dtype=np.int64)
    columns = {name: table[name][0 if table[name].ndim == 2 else first] for name in table.colnames}
    return Table(columns, units=units)


def _is_flat(column: object) -> bool:
    """Say whether a column of an astropy table holds one number or text a row."""
    if not isinstance(column, Column | u.Quantity) or column.ndim != 1:
        return False
    return column.dtype != object or not any(isinstance(value, np.ndarray | list) for value in column)


def _series(column: Column) -> pd.Series:
    """Return a column, null where it is masked; whole numbers and booleans keep their type."""
    missing = np.ma.getmaskarray(column)
    values = np.ma.getdata(np.ma.asarray(column))
    values = values.astype(values.dtype.newbyteorder("="))
    if values.dtype.kind == "f":
        return pd.Series(np.where(missing, np.nan, values))
    if not missing.any():
        return pd.Series(values.astype("str") if values.dtype.kind == "U" else values)
    if values.dtype.kind in "iu":
        return pd.Series(pd.arrays.IntegerArray(values, missing))
    if values.dtype.kind == "b":
        return pd.Series(pd.arrays.BooleanArray(values, missing))
    return pd.Series(values, dtype=object).mask(missing, None)
