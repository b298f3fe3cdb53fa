"""Numbers of a table that cannot be: named, counted and treated as missing."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from astrosweep.core.errors import DataError
from astrosweep.kinds.tables.table import Roles, SourceTable

_log = logging.getLogger(__name__)
_MOST_OF_TARGET = 0.5
"""A target of which more cannot be is refused: what is left is no sample of the table."""

Ranges = Callable[[str], tuple[float, float]]
"""From the name of a column to the lowest and the highest value that there can be."""


def out_of_range(table: SourceTable, ranges: Ranges) -> SourceTable:
    """Let values of known columns that there cannot be count as missing.

    Args:
        table: The objects as read.
        ranges: What is known of columns.

    Returns:
        The table with what was found added to ``impossible``.
    """
    frame, impossible = table.frame.copy(deep=False), dict(table.impossible)
    for name in frame.columns:
        low, high = ranges(str(name))
        if not pd.api.types.is_float_dtype(frame[name]) or not (np.isfinite(low) or np.isfinite(high)):
            continue
        values = frame[name].to_numpy(dtype=np.float64)
        outside = (values < low) | (values > high)
        if outside.any():
            text = f"outside {low:g} to {high:g}, such as {values[outside][0]:.10g}"
            impossible[str(name)] = {**impossible.get(str(name), {}), text: int(outside.sum())}
            frame[name] = np.where(outside, np.nan, values)
    return replace(table, frame=frame, impossible=impossible)


def check_impossible(table: SourceTable, roles: Roles) -> None:
    """Say which numbers count as missing, and refuse a target of which little is left.

    Raises:
        DataError: More than half of the target's values cannot be.
    """
    if not table.impossible:
        return
    text = "; ".join(f"{name}: {describe(counts)}" for name, counts in table.impossible.items())
    _log.warning("%s: numbers that cannot be count as missing: %s", table.origin, text)
    of_target = {roles.target, *table.lineage.get(roles.target, frozenset())}
    counts = {k: v for name in of_target for k, v in table.impossible.get(name, {}).items()}
    n_bad, n_left = sum(counts.values()), int(table.frame[roles.target].notna().sum())
    if n_bad > _MOST_OF_TARGET * (n_bad + n_left):
        raise DataError(
            f"{table.origin}: {n_bad} values of the target {roles.target} cannot be: {describe(counts)}; "
            f"only {n_left} are left. Check the target's column and unit, and data.missing_values."
        )


def describe(counts: Mapping[str, int]) -> str:
    """Values and how often each is there, in words."""
    return ", ".join(f"{value} ({count} times)" for value, count in counts.items())
