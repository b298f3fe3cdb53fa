"""Columns of an input that an output carries along."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.errors import ConfigError
from astrosweep.data.field import Field
from astrosweep.data.incoming import Column, Incoming

_LARGEST = np.iinfo(np.int64).max


def carried_columns(
    incoming: Incoming[Any],
    carry: Sequence[str] | Literal["all"],
    taken: Collection[str],
    known: Mapping[str, str] = MappingProxyType({}),
) -> list[Column]:
    """Columns of an input, a value for each of its rows.

    Args:
        incoming: What was read.
        carry: Their names, or all.
        taken: Names that the output has already; a column of such a name is called ``<name>_input``.
        known: Types of these columns in an earlier part of the input, to which those that are all missing
            here, and whole numbers among others, are brought.

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
        values = _like(frame[name], known.get(called))
        columns.append(_column(called, name, values, incoming.units.get(name, "")))
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


def _like(values: pd.Series, known: str | None) -> pd.Series:
    """Values of the type that is known, where nothing speaks against it."""
    if known is None:
        return values
    if values.isna().all():
        blank: Any = {"str": "object", "bool": "boolean", "int64": "Int64", "float64": "float64"}[known]
        return values.astype("object").where(values.notna(), None).astype(blank)
    is_whole = pd.api.types.is_integer_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
    return (
        values.astype("Float64" if known == "float64" else "str") if is_whole and known != "int64" else values
    )


def _plain(values: pd.Series) -> tuple[str, NDArray[Any] | np.ma.MaskedArray[Any, Any]]:
    kind = values.dtype
    missing = values.isna().to_numpy()
    if missing.all() and pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        return "float64", np.full(len(values), np.nan)
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
