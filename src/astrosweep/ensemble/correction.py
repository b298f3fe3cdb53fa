"""What the groups of one variable multiply the factors of a calibration by."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from astrosweep.core.conformal import conformal_quantile
from astrosweep.core.errors import FormatError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.ensemble.grouping import ROWS_OF_A_BIN, Grouping

LEVELS = (0.50, 0.6827, 0.90, 0.95)
SIGMA = LEVELS.index(0.6827)
"""The level of one standard deviation."""
Z = tuple(float(ndtri(0.5 + level / 2.0)) for level in LEVELS)
"""Two-sided Gaussian quantiles of the levels."""
SMALLEST = 1e-3
"""Least factor, relative to residuals over uncertainties, and least correction of a group."""


@dataclass(frozen=True)
class Correction:
    """What the groups of a variable multiply the factors by.

    Attributes:
        grouping: The groups.
        factors: Of each group, one for each level.
        counts: Residuals of each group.
    """

    grouping: Grouping
    factors: tuple[tuple[float, ...], ...]
    counts: tuple[int, ...]

    def of(self, values: NDArray[Any]) -> FloatArray:
        """Factors of some values, 1 where their group is unknown, shape (4, *values.shape)."""
        table = np.array([*self.factors, (1.0,) * len(LEVELS)])
        return np.moveaxis(table[self.grouping.place(values)], -1, 0)


def fit_correction(grouping: Grouping, place: IdArray, scores: FloatArray) -> Correction:
    """Fit the conformal quantile of each group's scores, shrunk in the logarithm where they are few.

    Args:
        grouping: The groups.
        place: The group of each score, -1 for none, shape (n,).
        scores: Over the factors so far, shape (4, n).
    """
    # Profiles have hundreds of groups and millions of scores: they are sorted once, not looked through again.
    order = np.argsort(place, kind="stable")
    n_groups = len(grouping.labels)
    edges = np.searchsorted(place[order], np.arange(n_groups + 1))
    factors, counts = [], []
    for i in range(n_groups):
        inside = order[edges[i] : edges[i + 1]]
        trust = min(1.0, len(inside) / ROWS_OF_A_BIN)
        own = [
            max(conformal_quantile(score[inside], level), SMALLEST) ** trust if len(inside) else 1.0
            for score, level in zip(scores, LEVELS, strict=True)
        ]
        factors.append(tuple(own))
        counts.append(len(inside))
    return Correction(grouping, tuple(factors), tuple(counts))


def expect_keys(value: Any, expected: set[str]) -> None:
    """Refuse anything but a mapping with these keys."""
    if not isinstance(value, dict) or set(value) != expected:
        found = sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
        raise FormatError(f"calibration: expected the keys {sorted(expected)}, found {found}")


def read_count(value: Any) -> int:
    """Refuse anything but a whole number from 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise FormatError(f"calibration: a count must be a whole number from 0, found {value!r:.80}")
    return value


def read_factors(value: Any) -> tuple[float, ...]:
    """Refuse anything but a positive number for each level."""
    if (
        not isinstance(value, list)
        or len(value) != len(LEVELS)
        or not all(isinstance(one, float) and np.isfinite(one) and one > 0.0 for one in value)
    ):
        raise FormatError(f"calibration: expected {len(LEVELS)} positive factors, found {value!r:.80}")
    return tuple(value)


def read_correction(value: Any) -> Correction:
    """Read the plain JSON values of a correction."""
    expect_keys(value, {"grouping", "factors", "counts"})
    grouping = Grouping.from_dict(value["grouping"])
    factors, counts = value["factors"], value["counts"]
    n = len(grouping.labels)
    if not (isinstance(factors, list) and isinstance(counts, list) and len(factors) == len(counts) == n):
        raise FormatError(f"calibration variable {grouping.name}: expected factors and counts of {n} groups")
    return Correction(grouping, tuple(map(read_factors, factors)), tuple(map(read_count, counts)))
