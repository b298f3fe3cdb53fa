"""Turn one column of a file into identifiers, numbers in astrosweep's units, or class names."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from astropy import units as u
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.kinds.stars.schema import COLUMNS, unit_of

_log = logging.getLogger(__name__)

_EXACT_FLOAT = 2**53
_IDENTIFIER = r"(?:Gaia\s+E?DR\d\s+)?(-?\d{1,19})"
_UNIT_FORMATS = ("generic", "vounit", "cds", "fits")
_WORDED_UNIT = re.compile(r"[A-Za-z][\w ]*\[(.+)\]")  # the Gaia archive's "Angle[mas]"
# Spellings that stand for the number as it is, by astrosweep's unit.
_SAME_NUMBER = {
    "mag": re.compile(r"'?mag(s|nitudes?)?'?( *\(.*\))?|(ab|st|vega)mag", re.IGNORECASE),
    "dex": re.compile(r"-*|\[-\]|\[sun\]|dex(\(.*\))?", re.IGNORECASE),
    "": re.compile(r"-*|\[[-d]\]|dex(\(d\))?", re.IGNORECASE),
}


def to_identifiers(values: pd.Series, column: str, path: Path) -> pd.Series:
    """Return whole 64-bit numbers, never by way of floating point.

    Args:
        values: Whole numbers, or text such as "4111834567779557376" or "Gaia DR3 4111834567779557376".
        column: The file's name of the column.
        path: The file, for messages.

    Raises:
        DataError: An identifier is missing, is no whole number, or was stored as floating point and has
            lost digits.
    """
    if values.isna().any():
        raise DataError(
            f"{path}: {int(values.isna().sum())} identifiers are missing in column {column!r}, "
            f"the first in {_place(values, values.isna())}"
        )
    if pd.api.types.is_integer_dtype(values.dtype):
        bad = values > np.iinfo(np.int64).max
        whole = values
    elif pd.api.types.is_float_dtype(values.dtype):
        bad = (values.abs() > _EXACT_FLOAT) | (values % 1 != 0)
        whole = values
    else:
        whole = values.astype("str").str.extract(f"^{_IDENTIFIER}$", expand=False, flags=re.IGNORECASE)
        bad = whole.isna()
    if bad.any():
        first = values[bad].iloc[0]
        raise DataError(
            f"{path}: {int(bad.sum())} values of column {column!r} are no exact identifiers, the first "
            f"{first!r} in {_place(values, bad)}; floating point holds 16 digits and spreadsheets round, "
            "so take the table from its source again and keep the column as whole numbers or text"
        )
    return pd.Series(np.array([int(value) for value in whole], dtype=np.int64), index=values.index)


def to_numbers(values: pd.Series, column: str, path: Path) -> NDArray[np.float64]:
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
            raise DataError(
                f"{path}: column {column!r} should hold numbers, but {int(bad.sum())} of {len(values)} "
                f"values are text, the first {values[bad].iloc[0]!r} in {_place(values, bad)}"
            )
    numbers: NDArray[np.float64] = np.array(parsed.astype("Float64").to_numpy(np.float64, na_value=np.nan))
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


def parse_unit(text: str, column: str, path: Path) -> u.UnitBase:
    """Return the unit that a file's spelling means.

    Args:
        text: As astropy, the VOTable or FITS standards or VizieR write it; plurals and the archive's
            ``Angle[mas]`` too.
        column: The archive's name of the column.
        path: The file, for messages.

    Raises:
        DataError: No unit is known by this spelling.
    """
    worded = _WORDED_UNIT.fullmatch(text.strip())
    text = worded[1] if worded else text.strip()
    wanted = COLUMNS[column].unit if column in COLUMNS else None
    if wanted in _SAME_NUMBER and _SAME_NUMBER[wanted].fullmatch(text):
        return u.Unit(wanted)
    if _SAME_NUMBER["mag"].fullmatch(text):
        return u.mag
    for spelling in dict.fromkeys((text, text.lower(), text.lower().removesuffix("s"))):
        for unit_format in _UNIT_FORMATS:
            try:
                return u.Unit(spelling, format=unit_format)
            except (ValueError, TypeError):
                continue
    raise DataError(
        f"{path}: column {column!r} has the unknown unit {text!r}; it should be convertible to "
        f"{_named(column)}; say what it is with data.units={{{column}: ...}}"
    )


def to_schema_unit(values: u.Quantity, column: str, path: Path) -> NDArray[np.float64]:
    """Return the numbers of a quantity in the unit that astrosweep uses for a column.

    Raises:
        DataError: The unit cannot be converted.
    """
    try:
        return np.asarray(values.to_value(unit_of(column)), dtype=np.float64)
    except u.UnitConversionError:
        raise DataError(
            f"{path}: column {column!r} is in {str(values.unit) or 'no unit'!r}, which cannot be converted "
            f"to {_named(column)}; if the file is wrong, say so with data.units={{{column}: ...}}"
        ) from None


def _named(column: str) -> str:
    unit = COLUMNS[column].unit if column in COLUMNS else ""
    return repr(unit) if unit else "a plain number"


def _place(values: pd.Series, where: pd.Series) -> str:
    return f"{values.index.name} {values.index[where.to_numpy()][0]}"
