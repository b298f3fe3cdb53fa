"""Numbers that cannot be: what programs write where they know nothing, and values outside of what there is.

A filler such as -99 or 99.9999 is a number to a program and no measurement. It is recognised where it stands
apart from the other values of its column; a column whose own values reach that far keeps it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray

Mask = NDArray[np.bool_]

_NINES = re.compile(r"9{2,}(\.9+)?|9\.9{2,}")
_POWER = re.compile(r"1e[+-]\d+")
_LARGEST_FLOAT = 3.3e38
_HUGE = 1e19
_TINY = 1e-29
_DIGITS = (10, 7)
"""Digits in which a filler is written; catalogues pass through 32-bit numbers."""
_EXACT = 2**53
_FEWEST = 5
"""Of fewer other values only what is far from all of them stands apart: a long filler, or a negative one
among others that are not."""
_LONG, _FAR = 9999.0, 10.0


@dataclass(frozen=True)
class Impossible:
    """Which numbers of a column cannot be.

    Attributes:
        mask: Shape (N,).
        counts: Each such number, as text, or a description of several, to how often it is there.
    """

    mask: Mask
    counts: Mapping[str, int] = field(default_factory=dict)


def without_fillers(
    frame: pd.DataFrame, declared: Iterable[float] = (), identifiers: Iterable[str] = ()
) -> tuple[pd.DataFrame, dict[str, dict[str, int]]]:
    """Let fillers of the columns of a table as read be missing, before anything is computed from them.

    Args:
        frame: Columns of any type; only numbers are looked at, and whole ones too large for 64-bit floats,
            which are identifiers, are not.
        declared: Numbers that are said to stand for a missing value.
        identifiers: Columns of identifiers, of which what looks like a filler may be one: there only what is
            declared is missing.

    Returns:
        The table, and for each column that had any the fillers and how often each was there.
    """
    declared, identifiers, kept, counts = list(declared), set(identifiers), {}, {}
    for name in frame.columns:
        values = frame[name]
        kept[name] = values
        if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
            continue
        numbers = np.asarray(values.astype("Float64").to_numpy(np.float64, na_value=np.nan), np.float64)
        if pd.api.types.is_integer_dtype(values.dtype) and np.nanmax(np.abs(numbers), initial=0.0) > _EXACT:
            continue
        found = find_impossible(numbers, declared=declared, recognise=name not in identifiers)
        if found.counts:
            kept[name], counts[str(name)] = values.mask(found.mask), dict(found.counts)
    return pd.DataFrame(kept, index=frame.index), counts


def find_impossible(
    values: FloatArray,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    declared: Iterable[float] = (),
    recognise: bool = True,
) -> Impossible:
    """Find the numbers of a column that are no measurements.

    Args:
        values: Shape (N,), NaN where missing.
        low: Lowest value that there can be.
        high: Highest value that there can be.
        declared: Numbers that are said to stand for a missing value.
        recognise: Whether to look for fillers that nobody declared.

    Returns:
        Declared numbers, fillers that stand apart from the column's other values, and what is out of range.
    """
    known = np.isfinite(values)
    outside = known & ((values < low) | (values > high))
    bad = known & np.isin(values, list(declared))
    suspects = values[known & ~bad & _may_be_fillers(values)] if recognise else values[:0]
    candidates = {value for value in np.unique(suspects).tolist() if is_filler(value)}
    if candidates:
        suspected = np.isin(values, list(candidates))
        core = values[known & ~bad & ~suspected & ~outside]
        for value in candidates:
            if _stands_apart(value, core):
                bad |= values == value
    counts = {f"{value:.10g}": int((values == value).sum()) for value in np.unique(values[bad]).tolist()}
    if rest := int((outside & ~bad).sum()):
        counts[_range_text(values[outside & ~bad], low, high)] = rest
    return Impossible(bad | outside, counts)


def is_filler(value: float) -> bool:
    """Whether a number is one that programs write for nothing: nines, or a huge power of ten."""
    size = abs(value)
    if size >= _HUGE or 0.0 < size <= _TINY:
        return _POWER.fullmatch(f"{size:.7g}") is not None or size >= _LARGEST_FLOAT
    return any(_NINES.fullmatch(f"{size:.{digits}g}") for digits in _DIGITS)


def _may_be_fillers(values: FloatArray) -> Mask:
    """Where ``is_filler`` has to be asked, which takes a microsecond a number: all fillers are there."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        size = np.abs(values)
        nines = (size >= 9.9) & (size >= 0.9899 * 10.0 ** np.ceil(np.log10(size)))
    huge_or_tiny = (size >= _HUGE) | ((size > 0.0) & (size <= _TINY))
    return np.asarray(nines | huge_or_tiny, dtype=np.bool_)


def _stands_apart(value: float, core: FloatArray) -> bool:
    """Whether a number lies further from the others than they do from each other."""
    if not len(core):
        return abs(value) >= _HUGE
    if len(core) < _FEWEST:
        is_sure = abs(value) >= _LONG or (value < 0.0 and bool((core >= 0.0).all()))
        return is_sure and abs(value) >= _FAR * float(np.abs(core).max())
    low, high = float(core.min()), float(core.max())
    inner, outer = np.percentile(core, (10, 90))
    reach = max(0.5 * (high - low), float(outer - inner))
    return value < low - reach or value > high + reach


def _range_text(values: FloatArray, low: float, high: float) -> str:
    if np.isinf(low):
        allowed = f"above {high:g}"
    else:
        lowest = "0 or less, or above" if 0.0 < low < _TINY else f"outside {low:g} to"
        allowed = f"below {low:g}" if np.isinf(high) else f"{lowest} {high:g}"
    return f"{allowed} (such as {values[0]:g})"
