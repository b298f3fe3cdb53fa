"""Units of a user's own table: what files state, and what is wanted."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from astropy import units as u

from astrosweep.core.errors import DataError


def common_units(stated: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the units of columns of several files: of each column the one that is stated first."""
    common: dict[str, str] = {}
    for units in stated:
        common = {**units, **common}
    return common


def factor_between(stated: str, wanted: str, column: str, path: Path | str) -> float:
    """Return what numbers of one unit are multiplied by to be in another; 1 where either is not known.

    Raises:
        DataError: The units differ and do not convert.
    """
    if not stated or not wanted or stated == wanted:
        return 1.0
    try:
        return float(u.Unit(stated).to(u.Unit(wanted)))
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{path}: the column {column} is in {stated!r}, which does not convert to {wanted!r} ({error}); "
            f"if it is in {wanted!r}, say data.units={{{column}: {wanted}}}"
        ) from None


def in_unit_of_target(
    frame: pd.DataFrame, target: str, error: str, units: Mapping[str, str], wanted: str, path: str
) -> str:
    """Bring a target and its errors to one unit, in place; errors without a stated unit have the target's.

    Args:
        frame: The table.
        target: Column of the target.
        error: Column of its errors; the table may lack it.
        units: Units of columns, as far as they are known.
        wanted: The unit; empty for the target's own.
        path: The file, for messages.

    Returns:
        The unit, empty if it is not known.

    Raises:
        DataError: Units do not convert.
    """
    own = units.get(target, "")
    unit = wanted or own
    for column, stated in ((target, own), (error, units.get(error, own))):
        factor = factor_between(stated, unit, column, path)
        if column in frame and factor != 1.0:
            frame[column] = frame[column] * factor
    return unit
