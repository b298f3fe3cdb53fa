"""Turn one column of a file into identifiers, numbers, or class names."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray

_log = logging.getLogger(__name__)

NO_IDENTIFIER = -(2**62)
"""Identifiers at or below this stand for missing ones: it, less the row's place in the table from 1."""

_EXACT_FLOAT = 2**53
_WHOLE = r"^(-?\d{1,19})$"
_COMMA = re.compile(r"[-+]?\d*,\d+")


def to_identifiers(values: pd.Series, column: str, path: Path) -> tuple[IdArray, NDArray[np.bool_]]:
    """Return whole 64-bit numbers, never by way of floating point.

    Args:
        values: Whole numbers, or text such as "4111834567779557376".
        column: The file's name of the column.
        path: The file, for messages.

    Returns:
        The identifiers, and where they are missing; there they are ``NO_IDENTIFIER`` less the row's place in
        the table, counted from 1, so that no two are the same.

    Raises:
        DataError: All identifiers are missing, one is no whole number, or was stored as floating point and
            has lost digits.
    """
    missing = values.isna().to_numpy()
    if missing.all():
        raise DataError(f"{path}: column {column!r} should hold identifiers, but has no value in any row")
    present = values[~missing]
    whole = present
    if pd.api.types.is_float_dtype(values.dtype):
        bad = ((present.abs() > _EXACT_FLOAT) | (present % 1 != 0)).to_numpy()
    else:
        if not pd.api.types.is_integer_dtype(values.dtype):
            whole = present.astype("str").str.extract(_WHOLE, expand=False)
        bad = whole.isna().to_numpy()
    if whole.dtype == np.int64:
        numbers: Any = whole.to_numpy()
        bad = bad | (numbers <= NO_IDENTIFIER)
    else:
        numbers = [0 if skipped else int(value) for value, skipped in zip(whole, bad, strict=True)]
        bad = bad | [not NO_IDENTIFIER < number <= np.iinfo(np.int64).max for number in numbers]
    if bad.any():
        raise DataError(
            f"{path}: {int(bad.sum())} values of column {column!r} are no exact identifiers, the first "
            f"{str(present[bad].iloc[0])!r} in {_place(present, bad)}; floating point holds 16 digits and "
            "spreadsheets round, so take the table from its source again and keep the column as whole "
            "numbers or text"
        )
    ids = NO_IDENTIFIER - np.arange(1, len(values) + 1, dtype=np.int64)
    ids[~missing] = numbers
    if missing.any():
        _log.warning(
            "%s: %d of %d identifiers are missing in column %s, the first in %s",
            path, missing.sum(), len(values), column, _place(values, missing),
        )  # fmt: skip
    return ids, missing


def to_numbers(values: pd.Series, column: str, path: Path) -> FloatArray:
    """Return 64-bit floats, NaN where missing or infinite; text is read as numbers if all of it is.

    Args:
        values: Numbers, true and false, or text.
        column: The file's name of the column.
        path: The file, for messages.

    Raises:
        DataError: Some text is no number.
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        parsed = values
    else:
        parsed = pd.to_numeric(values, errors="coerce")
        bad = values.notna() & parsed.isna()
        if bad.any():
            first = values[bad].iloc[0]
            commas = _COMMA.fullmatch(str(first))
            raise DataError(
                f"{path}: column {column!r} should hold numbers, but {int(bad.sum())} of {len(values)} "
                f"values are text, the first {first!r} in {_place(values, bad.to_numpy())}"
                + ("; if its comma is a decimal point, say so with data.decimal=comma" if commas else "")
            )
    numbers: FloatArray = np.array(parsed.astype("Float64").to_numpy(np.float64, na_value=np.nan))
    infinite = np.isinf(numbers)
    if infinite.any():
        _log.warning("%s: %d infinite values of %s count as missing", path, infinite.sum(), column)
        numbers[infinite] = np.nan
    return numbers


def to_categories(values: pd.Series, spellings: Mapping[str, str]) -> pd.Series:
    """Return class names as text, the table's spelling replaced by the archive's where one is given."""
    present = values.notna()
    return values.astype("str").replace(dict(spellings)).astype("str").where(present)


def to_foreign(values: pd.Series, column: str, path: Path) -> pd.Series:
    """Return a column that astrosweep does not know: text as it is, all else as 64-bit floats.

    Whole numbers that floats cannot hold are identifiers of something and become text.
    """
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return values
    if pd.api.types.is_integer_dtype(values.dtype) and (values > _EXACT_FLOAT).any():
        return values.astype("str").where(values.notna())
    return pd.Series(to_numbers(values, column, path), index=values.index)


def _place(values: pd.Series, where: NDArray[np.bool_]) -> str:
    return f"{values.index.name} {values.index[where][0]}"
