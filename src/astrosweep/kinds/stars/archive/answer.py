"""From the archive's VOTable to an Arrow table under astrosweep's column names, types and units."""

import logging
from collections.abc import Iterable
from typing import Any

import astropy.units as u
import numpy as np
import pyarrow as pa
from astropy.io.votable.tree import TableElement

from astrosweep.core.errors import ArchiveError
from astrosweep.kinds.stars.schema import ID, is_categorical, unit_of

_log = logging.getLogger(__name__)


def arrow_schema(columns: Iterable[str]) -> pa.Schema:
    """Return the types of a page: int64 identifiers, float64 numbers with NaN for missing, strings."""
    fields = [pa.field(ID, pa.int64(), nullable=False)]
    fields += [pa.field(name, pa.string() if is_categorical(name) else pa.float64()) for name in columns]
    return pa.schema(fields)


def arrow_page(votable: TableElement, columns: Iterable[str]) -> pa.Table:
    """Convert one result table.

    Args:
        votable: Table of the answer.
        columns: Columns that were asked for, without ``source_id``.

    Returns:
        One row a star.

    Raises:
        ArchiveError: A column is absent, of the wrong type, or in a unit that cannot be converted.
    """
    # The archive names some columns by an upper-case ID ("SOURCE_ID"), and may fold the case of names.
    fields = {field.name.lower(): field for field in votable.fields}
    schema = arrow_schema(columns)
    absent = [name for name in schema.names if name not in fields]
    if absent:
        raise ArchiveError(f"the answer lacks the columns {', '.join(absent)}")
    arrays = []
    for name in schema.names:
        values = np.ma.asarray(votable.array[fields[name].ID])
        if name == ID:
            arrays.append(_identifiers(values))
        elif is_categorical(name):
            arrays.append(_strings(values))
        else:
            arrays.append(pa.array(_numbers(name, values, fields[name].unit)))
    return pa.Table.from_arrays(arrays, schema=schema)


def _identifiers(values: Any) -> pa.Array:
    # A float64 holds 53 bits; 19-digit identifiers that passed through one are wrong in the last digits.
    if values.dtype.kind != "i" or np.ma.is_masked(values):
        raise ArchiveError(f"{ID} arrived as {values.dtype} or with missing values, not as exact integers")
    return pa.array(values.data.astype(np.int64))


def _strings(values: Any) -> pa.Array:
    missing = np.ma.getmaskarray(values)
    pairs = zip(values.data, missing, strict=True)
    texts = [None if gone else str(value).strip() or None for value, gone in pairs]
    return pa.array(texts, type=pa.string())


def _numbers(name: str, values: Any, unit: u.UnitBase | None) -> Any:
    if values.dtype.kind not in "iuf":
        raise ArchiveError(f"column {name} arrived as {values.dtype}, not as numbers")
    numbers = np.ma.filled(values.astype(np.float64), np.nan)
    return numbers if unit is None else _converted(name, numbers, unit)


def _converted(name: str, numbers: Any, unit: u.UnitBase) -> Any:
    wanted = unit_of(name)
    # Read anew in astropy's own syntax. VOTable 1.3 prescribes another, in which astropy does not read the
    # "mas.yr**-1" that services send; from 1.4 on it takes "dex" for a new unit, a tenth of an "ex".
    unit = u.Unit(unit.to_string(), parse_strict="silent")
    if isinstance(unit, u.UnrecognizedUnit):
        if wanted != u.dimensionless_unscaled:
            _log.warning("column %s has the unreadable unit %r; taken as %s", name, str(unit), wanted)
        return numbers
    try:
        return unit.to(wanted, numbers)
    except u.UnitConversionError as error:
        raise ArchiveError(f"column {name} arrived in {unit}, not convertible to {wanted}") from error
