"""Scores and order statistics of split conformal prediction of a true value whose label has an error.

With residual ``r``, catalogue error ``e`` and predicted standard deviation ``s``, an object is covered at a
level by the factor ``f`` when ``r^2 <= (f s)^2 + (z e)^2``, ``z`` being the two-sided Gaussian quantile of
the level; its score is the smallest factor that covers it, and the factor of the level is an order statistic
of the scores (Angelopoulos and Bates 2023, Found. Trends Mach. Learn. 16, 494).
"""

import math

import numpy as np

from astrosweep.core.types import FloatArray

_ROUNDING = 1e-9


def conformal_scores(residual: FloatArray, error: FloatArray, std: FloatArray, z: float = 1.0) -> FloatArray:
    """Return the smallest factor that covers each object.

    Args:
        residual: Observed minus predicted.
        error: Catalogue error of the target, 0 where unknown, same shape.
        std: Predicted standard deviation, positive, same shape.
        z: Two-sided Gaussian quantile of the level.
    """
    scores: FloatArray = np.sqrt(np.maximum(residual**2 - (z * error) ** 2, 0.0)) / std
    return scores


def conformal_quantile(scores: FloatArray, level: float) -> float:
    """Return the ``ceil((n + 1) level)``-th smallest of n scores, or the largest where n is too small.

    Args:
        scores: Shape (n,), at least one.
        level: Between 0 and 1.
    """
    rank = min(math.ceil((len(scores) + 1) * level - _ROUNDING), len(scores))
    return float(np.partition(scores, rank - 1)[rank - 1])
