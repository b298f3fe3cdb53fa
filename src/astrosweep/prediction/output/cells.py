"""The values of a column as every writer takes them: an Arrow array of the field's type, nulls marked."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.data.field import TYPES, Field


def cells(field: Field, values: NDArray[Any]) -> pa.Array:
    """Return values of a column in the field's type, without loss but for the rounding of floats.

    Args:
        field: The column.
        values: Shape (N,). Missing are masked values; None and pandas' NA among objects; NaN where no floats
            are wanted. A NaN of a column of floats stays a NaN.

    Raises:
        DataError: The shape is another, a value is of another type or does not fit, or a text holds a zero
            byte or half a character, for which the formats have no place.
    """
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    values = np.asarray(np.ma.getdata(values, subok=False))
    if values.ndim != 1:
        raise DataError(f"column {field.name!r}: values of shape {values.shape}; expected one dimension")
    if values.dtype.kind in "iuf":
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
    try:
        found = _converted(field.type, values, mask)
    except (pa.ArrowException, UnicodeError, TypeError, ValueError, ArithmeticError) as error:
        raise DataError(
            f"column {field.name!r}: values of type {values.dtype} do not fit into {field.type}: {error}"
        ) from error
    if field.type == "str" and len(found):
        buffer = found.buffers()[2]
        if buffer is not None and b"\0" in memoryview(buffer).tobytes():
            raise DataError(f"column {field.name!r}: a text holds a zero byte")
    return found


def _converted(kind: str, values: NDArray[Any], mask: NDArray[np.bool_] | None) -> pa.Array:
    wanted = TYPES[kind]
    if kind == "str" or values.dtype.kind == "O":
        if kind == "str" and values.dtype.kind not in "OUT":
            raise ValueError("expected text")
        # Floats among objects are read first: Arrow would take the NaN of a float column for a null.
        if kind.startswith("float"):
            return _converted(kind, *_floats(values, mask))
        return pa.array(values.tolist(), wanted, mask=mask, from_pandas=True)
    if values.dtype.kind not in ("b" if kind == "bool" else "iuf"):
        raise ValueError("expected truths" if kind == "bool" else "expected numbers")
    whole = kind.startswith(("int", "uint"))
    found = pa.array(values, mask=mask, from_pandas=whole)
    if kind == "float32" and values.dtype.kind == "f":
        with np.errstate(over="raise"):
            return pa.array(values.astype(np.float32), mask=mask, from_pandas=False)
    return found.cast(wanted)


def _floats(values: NDArray[Any], mask: NDArray[np.bool_] | None) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    found = pa.array(values.tolist(), pa.float64(), mask=mask, from_pandas=True)
    nan = np.array([isinstance(value, float) and value != value for value in values], dtype=np.bool_)
    null = found.is_null().to_numpy(zero_copy_only=False) & ~nan
    return found.fill_null(np.nan).to_numpy(zero_copy_only=False), null if mask is None else null | mask
