"""One file: one radial profile of one cluster, as numbers that have been judged."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from astrosweep.config.kinds.clusters import TARGETS, ClusterCleaningConfig, TablesConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.profiles.text import Cells, read_text, to_number
from astrosweep.kinds.clusters.profiles.units import radius_factor, value_factor

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
    """

    radius: FloatArray
    value: FloatArray
    error: FloatArray
    radius_unit: str
    value_unit: str | None
    turned: bool


def read_profile(
    path: Path, kind: str, tables: TablesConfig, cleaning: ClusterCleaningConfig
) -> TabulatedProfile:
    """Read the file of one profile.

    Args:
        path: A text, ECSV or FITS file.
        kind: The observable or target in it.
        tables: Columns and the unit of the radii.
        cleaning: Whether gaps are allowed, and the least number of points.

    Returns:
        The profile.

    Raises:
        DataError: The file cannot be read or its numbers cannot be a profile. Of many faults of a file the
            first few are named, with line and value.
    """
    cells = _read_fits(path) if path.suffix.lower() == ".fits" else read_text(path)
    n_columns = len(cells.columns)
    at_radius = _column(tables.radius_column, "radius_column", cells, path)
    at_value = _column(tables.value_column, "value_column", cells, path)
    at_error = None
    # Tables of true profiles mostly have no errors, where those of observed ones have.
    if tables.error_column is not None and not (kind in TARGETS and _lacks(tables.error_column, cells)):
        at_error = _column(tables.error_column, "error_column", cells, path)
    radius, value = _numbers(at_radius, cells, path), _numbers(at_value, cells, path)
    error = np.full(len(radius), np.nan) if at_error is None else _numbers(at_error, cells, path)
    _check_numbers(radius, value, error, kind, cleaning, cells, path)
    turned = len(radius) > 1 and radius[0] > radius[-1]
    _check_order(radius, turned, cells, path)

    units = [cells.units.get(cells.names[at], "") if cells.names else "" for at in range(n_columns)]
    radius_unit, value_unit = str(tables.radius_unit), None
    try:
        if units[at_radius]:
            radius_unit, factor = radius_factor(units[at_radius])
            radius = radius * factor
        if units[at_value]:
            value_unit, factor = value_factor(kind, units[at_value])
            value, error = value * factor, error * factor
        if at_error is not None and units[at_error] and units[at_error] != units[at_value]:
            raise DataError(
                f"the file gives the error in {units[at_error]!r} and the value in {units[at_value]!r}; "
                "allowed: the same unit"
            )
    except DataError as fault:
        raise DataError(f"{path}: {fault}") from None
    step = -1 if turned else 1
    return TabulatedProfile(radius[::step], value[::step], error[::step], radius_unit, value_unit, turned)


def _lacks(column: int | str, cells: Cells) -> bool:
    return column not in cells.names if isinstance(column, str) else column >= len(cells.columns)


def _column(column: int | str, key: str, cells: Cells, path: Path) -> int:
    """Return the position of a column that the configuration names."""
    named = f" ({', '.join(cells.names[:10])})" if cells.names else ""
    if isinstance(column, int):
        if column >= len(cells.columns):
            raise DataError(
                f"{path}: {cells.unit_of_position} {cells.positions[0]} has {len(cells.columns)} columns"
                f"{named}, but data.tables.{key}={column}, counted from 0; allowed: 0 to "
                f"{len(cells.columns) - 1}"
            )
        return column
    if cells.names.count(column) != 1:
        what = f"several columns {column!r}" if column in cells.names else f"no column {column!r}"
        have = (
            f"allowed: {', '.join(cells.names)}" if cells.names else "it names no columns; allowed: a number"
        )
        raise DataError(f"{path}: the file has {what}, which data.tables.{key} asks for; {have}")
    return cells.names.index(column)


def _numbers(at: int, cells: Cells, path: Path) -> FloatArray:
    numbers = np.full(len(cells.positions), np.nan)
    faults = []
    for row, cell in enumerate(cells.columns[at]):
        try:
            numbers[row] = to_number(cell)
        except (ValueError, TypeError):
            faults.append(
                f"{_place(cells, row)} has {str(cell)[:40]!r} in column {at}, which is not a number"
            )
    _refuse(faults, "allowed: a number, or nan, -- or nothing for a gap", path)
    return numbers


def _check_numbers(
    radius: FloatArray,
    value: FloatArray,
    error: FloatArray,
    kind: str,
    cleaning: ClusterCleaningConfig,
    cells: Cells,
    path: Path,
) -> None:
    """Refuse numbers that no profile has."""

    def judge(bad: Any, array: FloatArray, what: str, allowed: str) -> None:
        faults = [
            f"{_place(cells, row)} has the {what} {array[row]:g}" for row in np.flatnonzero(bad).tolist()
        ]
        _refuse(faults, f"allowed: {allowed}", path)

    judge(~((radius > 0) & np.isfinite(radius)), radius, "radius", "radii above 0, without gaps")
    judge(np.isinf(value), value, f"{kind} value", "finite numbers, nan for a gap")
    judge(np.isinf(error) | (error < 0), error, f"{kind} error", "errors of at least 0, nan where unknown")
    if kind in TARGETS:
        judge(value <= 0, value, f"{kind} value", "values above 0, nan for a gap")
    if cleaning.gaps == "refuse":
        judge(
            np.isnan(value),
            value,
            f"{kind} value",
            "no gaps with data.cleaning.gaps=refuse, or gaps=interpolate",
        )
    measured = int(np.isfinite(value).sum())
    if measured < cleaning.min_points:
        raise DataError(
            f"{path}: the profile has {measured} point(s) with a value, the last in "
            f"{_place(cells, len(value) - 1)}; allowed: at least {cleaning.min_points} "
            "(data.cleaning.min_points)"
        )


def _check_order(radius: FloatArray, turned: bool, cells: Cells, path: Path) -> None:
    steps = -np.diff(radius) if turned else np.diff(radius)
    faults = [
        f"{_place(cells, row + 1)} has the radius {radius[row + 1]:g} after {radius[row]:g}"
        for row in np.flatnonzero(steps <= 0).tolist()
    ]
    _refuse(faults, "allowed: radii that increase, or decrease, from line to line", path)


def _place(cells: Cells, row: int) -> str:
    return f"{cells.unit_of_position} {cells.positions[row]}"


def _refuse(faults: list[str], allowed: str, path: Path) -> None:
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise DataError(f"{path}: {'; '.join(faults[:_SHOWN])}{more}; {allowed}")


def _read_fits(path: Path) -> Cells:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deviations from the standard that astropy puts up with
            warnings.filterwarnings("error", message=".*truncated")
            with fits.open(io.BytesIO(path.read_bytes())) as hdus:
                tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
                if not tables:
                    raise DataError(f"{path}: the FITS file holds no table; allowed: a table of one profile")
                columns = tables[0].columns
                arrays = [_fits_column(tables[0].data[column.name], column.null) for column in columns]
                units = {column.name: column.unit for column in columns if column.unit}
    except DataError:
        raise
    except Exception as error:  # astropy raises whatever the damage leads to
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise DataError(
            f"{path}: cannot be read as FITS; the file is damaged, cut short or of another format: {reason}"
        ) from error
    lengths = {len(array) for array in arrays}
    if lengths in ({0}, set()):
        raise DataError(f"{path}: the FITS table has no rows; allowed: a table of one profile")
    if len(lengths) > 1:
        raise DataError(
            f"{path}: row 1 has vectors of different lengths {sorted(lengths)}; allowed: one length"
        )
    return Cells(arrays, list(range(1, lengths.pop() + 1)), "row", list(columns.names), units)


def _fits_column(data: Any, null: Any) -> Any:
    """Return one column; a table of one row of vectors is the profile lying down."""
    if data.ndim == 2 and len(data) == 1:
        data = data[0]
    if null is not None and data.dtype.kind in "iu":
        return np.where(data == int(null), np.nan, data)
    return data
