"""One file: one radial profile of one cluster, as numbers that have been judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from astrosweep.config.kinds.clusters import TARGETS, ClusterCleaningConfig, TablesConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.plausible import find_impossible
from astrosweep.data.reading import RawTable, read_table
from astrosweep.kinds.clusters.profiles.columns import ProfileColumns, find_columns, unit_in_name
from astrosweep.kinds.clusters.profiles.units import (
    RANGES,
    UNITS,
    check_size,
    error_factor,
    radius_factor,
    value_factor,
)

_SHOWN = 3


@dataclass(frozen=True, eq=False)
class TabulatedProfile:
    """A profile as its file has it, radii increasing.

    Attributes:
        radius: Radii in ``radius_unit``.
        value: Values in the unit of a sample, NaN at gaps.
        error: 1-sigma errors, NaN where unknown.
        radius_unit: ``kpc``, ``Mpc``, ``arcmin`` or ``r500``.
        value_unit: Unit that the file states, or what it was converted to; None where it states none.
        turned: Whether the file has the radii in descending order.
        columns: Which columns of the file these are, in words.
        impossible: Values that cannot be and count as gaps, such as -9999, and how often each was there.
        notes: What the reader of the file notes.
    """

    radius: FloatArray
    value: FloatArray
    error: FloatArray
    radius_unit: str
    value_unit: str | None
    turned: bool
    columns: str
    impossible: Mapping[str, int]
    notes: Sequence[str]


def read_profile(
    path: Path, kind: str, tables: TablesConfig, cleaning: ClusterCleaningConfig
) -> TabulatedProfile:
    """Read the file of one profile.

    Args:
        path: A table of any format that ``read_table`` reads.
        kind: The observable or target in it.
        tables: Columns and the unit of the radii.
        cleaning: Whether gaps are allowed, and the least number of points.

    Returns:
        The profile.

    Raises:
        DataError: The file cannot be read or its numbers cannot be a profile. Of many faults of a file the
            first few are named, with line and value.
    """
    aligned = tables.format == "fixed_width"
    raw = read_table(path, "fixed_width" if aligned else "auto", decimal=tables.decimal, log=False)
    columns = find_columns(raw, kind, tables, path)
    radius, value = _numbers(columns.radius, raw, path), _numbers(columns.value, raw, path)
    error = np.full(len(radius), np.nan) if columns.error is None else _numbers(columns.error, raw, path)
    radius_unit, value_unit, factors = _units(columns, raw, kind, tables, path)
    check_size(kind, value * factors[1], path)
    low, high = RANGES[kind]
    impossible = find_impossible(value * factors[1], low=low, high=high)
    gaps = impossible.mask
    error[gaps | find_impossible(error * factors[2], low=0.0).mask & (error > 0.0)] = np.nan
    _check_numbers(radius, value, error, gaps, kind, cleaning, raw, path)
    value[gaps] = np.nan
    turned = len(radius) > 1 and radius[0] > radius[-1]
    _check_order(radius, turned, raw, path)
    step = -1 if turned else 1
    return TabulatedProfile(
        radius[::step] * factors[0],
        value[::step] * factors[1],
        error[::step] * factors[2],
        radius_unit,
        value_unit,
        turned,
        columns.told(raw),
        impossible.counts,
        raw.notes,
    )


def _units(
    columns: ProfileColumns, raw: RawTable, kind: str, tables: TablesConfig, path: Path
) -> tuple[str, str | None, tuple[float, float, float]]:
    """Return the units of radii and values, and the factors to them of radii, values and errors.

    An error is in the unit of its value where the file does not say.
    """

    def stated(place: int | None) -> str:
        name = "" if place is None else str(raw.frame.columns[place])
        return raw.units.get(name) or unit_in_name(name) or ""

    radius_unit, to_radius = str(tables.radius_unit), 1.0
    if stated(columns.radius):
        radius_unit, to_radius = radius_factor(stated(columns.radius), path)
    of_value, of_error = stated(columns.value), stated(columns.error)
    if not of_value:
        if of_error and value_factor(kind, of_error, path) != (UNITS[kind], 1.0):
            raise DataError(
                f"{path}: the file gives the error of {kind} in {of_error!r} and no unit of the value; "
                "allowed: a unit of both, of the value alone, or of neither"
            )
        return radius_unit, None, (to_radius, 1.0, 1.0)
    value_unit, to_value = value_factor(kind, of_value, path)
    to_error = to_value * (error_factor(of_error, of_value, path) if of_error else 1.0)
    return radius_unit, value_unit, (to_radius, to_value, to_error)


def _numbers(at: int, raw: RawTable, path: Path) -> FloatArray:
    """Return a column as numbers, NaN where missing."""
    cells = raw.frame[raw.frame.columns[at]]
    if pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype):
        return np.array(cells.to_numpy(np.float64, na_value=np.nan))
    parsed = pd.to_numeric(cells.astype("str"), errors="coerce")
    column = repr(cells.name) if raw.named else at
    faults = [
        f"{_place(raw, row)} has {str(cells.iloc[row])[:40]!r} in column {column}, which is not a number"
        for row in np.flatnonzero(cells.notna() & parsed.isna()).tolist()
    ]
    _refuse(faults, "allowed: a number, or nan, -- or nothing for a gap", path)
    return np.array(parsed.to_numpy(np.float64, na_value=np.nan))


def _check_numbers(
    radius: FloatArray,
    value: FloatArray,
    error: FloatArray,
    gaps: Any,
    kind: str,
    cleaning: ClusterCleaningConfig,
    raw: RawTable,
    path: Path,
) -> None:
    """Refuse numbers that no profile has; values at gaps count as missing."""
    missing = gaps | np.isnan(value)

    def judge(bad: Any, array: FloatArray, what: str, allowed: str) -> None:
        faults = [f"{_place(raw, row)} has the {what} {array[row]:g}" for row in np.flatnonzero(bad).tolist()]
        _refuse(faults, f"allowed: {allowed}", path)

    judge(~((radius > 0) & np.isfinite(radius)), radius, "radius", "radii above 0, without gaps")
    judge(np.isinf(value), value, f"{kind} value", "finite numbers, nan for a gap")
    judge(np.isinf(error) | (error < 0), error, f"{kind} error", "errors of at least 0, nan where unknown")
    if kind in TARGETS:
        judge(~missing & (value <= 0), value, f"{kind} value", "values above 0, nan for a gap")
    if cleaning.gaps == "refuse":
        judge(
            missing,
            value,
            f"{kind} value",
            "no gaps with data.cleaning.gaps=refuse, or gaps=interpolate",
        )
    measured = int((~missing).sum())
    if measured < cleaning.min_points:
        raise DataError(
            f"{path}: the profile has {measured} point(s) with a value, the last in "
            f"{_place(raw, len(value) - 1)}; allowed: at least {cleaning.min_points} "
            "(data.cleaning.min_points)"
        )


def _check_order(radius: FloatArray, turned: bool, raw: RawTable, path: Path) -> None:
    steps = -np.diff(radius) if turned else np.diff(radius)
    faults = [
        f"{_place(raw, row + 1)} has the radius {radius[row + 1]:g} after {radius[row]:g}"
        for row in np.flatnonzero(steps <= 0).tolist()
    ]
    _refuse(faults, "allowed: radii that increase, or decrease, from line to line", path)


def _place(raw: RawTable, row: int) -> str:
    return f"{raw.frame.index.name} {raw.frame.index[row]}"


def _refuse(faults: list[str], allowed: str, path: Path) -> None:
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise DataError(f"{path}: {'; '.join(faults[:_SHOWN])}{more}; {allowed}")
