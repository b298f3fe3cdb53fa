"""Columns of an input that an output carries along."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.errors import ConfigError
from astrosweep.data.field import Field
from astrosweep.data.incoming import Column, Incoming

_LARGEST = np.iinfo(np.int64).max


def carried_columns(
    incoming: Incoming[Any], carry: Sequence[str] | Literal["all"], taken: Collection[str]
) -> list[Column]:
    """Columns of an input, a value for each of its rows.

    Args:
        incoming: What was read.
        carry: Their names, or all.
        taken: Names that the output has already; a column of such a name is called ``<name>_input``.

    Raises:
        ConfigError: There is no such column.
    """
    frame = incoming.carried
    if not carry:
        return []
    if frame is None:
        raise ConfigError("output.carry: this input has no columns that could be carried along")
    names = list(map(str, frame.columns)) if carry == "all" else list(carry)
    if absent := [name for name in names if name not in frame]:
        raise ConfigError(
            f"output.carry: the input has no column {', '.join(absent)}; it has "
            f"{', '.join(map(str, frame.columns))}"
        )
    used = {name.lower() for name in taken}
    columns = []
    for name in names:
        called = name.strip() or "column"
        while called.lower() in used:
            called = f"{called}_input"
        used.add(called.lower())
        columns.append(_column(called, name, frame[name], incoming.units.get(name, "")))
    return columns


def _column(called: str, name: str, values: pd.Series, unit: str) -> Column:
    dtype, found = _plain(values)
    description = f"column {name} of the input"
    if dtype in ("str", "bool"):
        return Field(called, dtype, "", "meta", description), found
    try:
        return Field(called, dtype, unit, "meta", description), found
    except ConfigError:  # a unit that no standard knows stays in words
        return Field(called, dtype, "", "meta", f"{description}, in {unit}"), found


def _plain(values: pd.Series) -> tuple[str, NDArray[Any] | np.ma.MaskedArray[Any, Any]]:
    kind = values.dtype
    missing = values.isna().to_numpy()
    if pd.api.types.is_bool_dtype(kind):
        return "bool", np.ma.masked_array(values.fillna(False).to_numpy(dtype=np.bool_), mask=missing)
    if pd.api.types.is_integer_dtype(kind):
        present = values[~missing]
        if not len(present) or int(present.max()) <= _LARGEST:
            return "int64", np.ma.masked_array(values.fillna(0).to_numpy(dtype=np.int64), mask=missing)
    elif pd.api.types.is_float_dtype(kind):
        return "float64", values.to_numpy(dtype=np.float64, na_value=np.nan)
    text = values.astype("str").to_numpy(dtype=object)
    text[missing] = None
    return "str", text
