"""How far the inputs of fresh objects are from those of the training, one input at a time.

Numbers: the Kolmogorov-Smirnov statistic, the largest difference of the two cumulative distributions
(Kolmogorov 1933; Smirnov 1948, Ann. Math. Stat. 19, 279). A model keeps the training distribution at some
points only, so that the largest difference at those is told: never more than the true one. Classes: half the
sum of the absolute differences of their shares (total variation), and the chi-squared test of the counts.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2_contingency, ks_2samp, kstwobign

from astrosweep.core.types import FloatArray
from astrosweep.data.examined import Remembered


@dataclass(frozen=True)
class Shift:
    """How one input moved.

    Attributes:
        name: The input.
        measure: ``KS``, or ``total variation`` for classes.
        value: From 0, the same, to 1.
        p: Probability of at least so much between two samples of one distribution.
        points: At how many numbers the training distribution is known; 0 for classes, and where it is whole.
        median: Of the fresh objects; NaN for classes.
        median_then: Of the training objects; NaN where it is not known.
        missing: Share of fresh objects without a value.
        missing_then: Share of training objects without one; NaN where it is not known.
    """

    name: str
    measure: str
    value: float
    p: float
    points: int
    median: float
    median_then: float
    missing: float
    missing_then: float


def shift_of(one: Remembered, n_training: int) -> Shift:
    """Measure the shift of one input.

    Args:
        one: Fresh values, and what is known of training ones.
        n_training: How many training objects there were.
    """
    missing_then = math.nan if one.missing is None else float(one.missing)
    if one.counts or one.values.dtype.kind == "O":
        return _of_classes(one, missing_then)
    known = one.values[np.isfinite(one.values)]
    missing = 1.0 - len(known) / max(1, len(one.values))
    median = float(np.median(known)) if len(known) else math.nan
    then = float(np.interp(0.5, one.share, one.at)) if len(one.at) else math.nan
    n_known = round(n_training * (1.0 - (0.0 if one.missing is None else one.missing)))
    value, p = _largest_difference(known, one.at, one.share, n_known)
    return Shift(one.name, "KS", value, p, len(one.at), median, then, missing, missing_then)


def shift_of_samples(name: str, fresh: FloatArray, training: FloatArray) -> Shift:
    """Measure the shift of numbers that a model keeps one by one, such as its targets."""
    now, then = fresh[np.isfinite(fresh)], training[np.isfinite(training)]
    if not (len(now) and len(then)):
        return Shift(name, "KS", math.nan, math.nan, 0, math.nan, math.nan, math.nan, math.nan)
    found = ks_2samp(now, then, method="asymp")
    medians = float(np.median(now)), float(np.median(then))
    missing = 1.0 - len(now) / len(fresh), 1.0 - len(then) / len(training)
    return Shift(name, "KS", float(found.statistic), float(found.pvalue), 0, *medians, *missing)


def _largest_difference(
    known: FloatArray, at: FloatArray, share: FloatArray, n_training: int
) -> tuple[float, float]:
    if not (len(known) and len(at)):
        return math.nan, math.nan
    ordered = np.sort(known)
    # Where fresh objects have just that number, theirs is a step, and the nearer end of it is taken.
    below, up_to = (np.searchsorted(ordered, at, side=side) / len(ordered) for side in ("left", "right"))
    differences = np.maximum(np.maximum(below - share, share - up_to), 0.0)
    value = float(differences.max())
    effective = len(ordered) * n_training / max(1, len(ordered) + n_training)
    return value, float(kstwobign.sf(math.sqrt(effective) * value))


def _of_classes(one: Remembered, missing_then: float) -> Shift:
    names = [value for value in one.values if isinstance(value, str)]
    missing = 1.0 - len(names) / max(1, len(one.values))
    every = sorted({*names, *one.counts})
    now = np.array([names.count(name) for name in every], dtype=np.float64)
    then = np.array([one.counts.get(name, 0) for name in every], dtype=np.float64)
    if not (now.sum() and then.sum()):
        nan = math.nan
        return Shift(one.name, "total variation", nan, nan, 0, nan, nan, missing, missing_then)
    value = 0.5 * float(np.abs(now / now.sum() - then / then.sum()).sum())
    p = float(chi2_contingency(np.stack([now, then]), correction=False).pvalue) if len(every) > 1 else 1.0
    return Shift(one.name, "total variation", value, p, 0, math.nan, math.nan, missing, missing_then)


def is_notable(one: Shift, least: float = 0.1, chance: float = 1e-3) -> bool:
    """Whether a shift is both large and no chance."""
    return bool(one.value > least and one.p < chance)
