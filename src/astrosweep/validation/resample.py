"""Bootstrap of objects: all values of an object are drawn together, since they are not independent.

Percentile intervals of Efron 1979, Ann. Stat. 7, 1, of statistics that are functions of sums over objects, so
that a draw is one product of how often each object was drawn with its sums.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from astrosweep.core.types import FloatArray

LEVEL = 0.95
"""Level of every interval of this package."""
_VALUES_OF_A_BLOCK = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval.

    Attributes:
        value: The number.
        low: Lower end of the interval; NaN where none is known.
        high: Upper end.
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def has_interval(self) -> bool:
        """Whether an interval is known."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def totals_of_draws(sums: FloatArray, draws: int, seed: int) -> FloatArray:
    """Sums over objects that are drawn with replacement.

    Args:
        sums: Of each object, shape (N, K).
        draws: Number of draws, D.
        seed: Equal seeds draw equal objects, so that two sets of sums of the same objects are paired.

    Returns:
        Shape (D, K).
    """
    return np.concatenate([counts @ sums for counts in _counts(len(sums), draws, seed)])


def _counts(n: int, draws: int, seed: int) -> Iterator[FloatArray]:
    generator = np.random.default_rng(seed)
    size = max(1, _VALUES_OF_A_BLOCK // max(n, 1))
    for start in range(0, draws, size):
        block = min(size, draws - start)
        drawn = generator.integers(0, n, (block, n)) + n * np.arange(block)[:, None]
        yield np.bincount(drawn.ravel(), minlength=block * n).reshape(block, n).astype(np.float64)


def estimates(values: Mapping[str, float], drawn: Mapping[str, FloatArray]) -> dict[str, Estimate]:
    """Numbers with the percentile intervals of their draws.

    Args:
        values: Name to number.
        drawn: Name to its draws, shape (D,); draws that are not finite are left out.
    """
    found = {}
    for name, value in values.items():
        known = drawn[name][np.isfinite(drawn[name])] if name in drawn else np.empty(0)
        if len(known) < 2 or not math.isfinite(value):
            found[name] = Estimate(value)
            continue
        low, high = np.quantile(known, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
        found[name] = Estimate(value, float(low), float(high))
    return found
