"""Metrics of parallaxes: those of any scalar target, distances, and bins of parallax."""

import itertools
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from astrosweep.config.kinds.stars import PARALLAX_BINS
from astrosweep.core import metrics
from astrosweep.core.metrics import checked
from astrosweep.core.types import FloatArray

EDGES_MAS = (-math.inf, 0.1, 0.2, 0.5, 1.0, 2.0, math.inf)
"""Edges of ``PARALLAX_BINS``; a bin holds its lower edge and not its upper one."""

_MAD_TO_SIGMA = 1.4826
"""Standard deviation of a Gaussian in units of its median absolute deviation, 1 / Phi^-1(3/4)."""


def score(
    observed: ArrayLike, target_error: ArrayLike, predicted: ArrayLike, std: ArrayLike
) -> dict[str, float]:
    """Return ``core.metrics.score`` and ``distance_metrics`` of one set of stars; arguments in mas."""
    return {
        **metrics.score(observed, target_error, predicted, std),
        **distance_metrics(observed, predicted),
    }


def parallax_bins(observed: FloatArray) -> dict[str, NDArray[np.bool_]]:
    """Return which stars are in each bin of observed parallax (mas)."""
    return {
        name: (observed >= low) & (observed < high)
        for name, (low, high) in zip(PARALLAX_BINS, itertools.pairwise(EDGES_MAS), strict=True)
    }


def distance_metrics(observed: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return how far the distances 1 / parallax are from each other, in dex.

    A distance needs a positive parallax, observed and predicted, so these metrics see only a part of the
    stars, and of the faint ones preferably those that noise made bright: read them with their share, and
    where the parallax is many errors long.

    Args:
        observed: Catalogue values, shape (N,), mas.
        predicted: Predicted means, shape (N,), mas.

    Returns:
        ``log_distance_bias`` (median of ``log10(d_predicted / d_observed)``) and ``log_distance_scatter``
        (1.4826 times the median absolute deviation from it), both NaN without any such star, and
        ``log_distance_share`` (share of the stars with both parallaxes positive).

    Raises:
        ValueError: If there are no stars, or the arrays do not fit together or hold unusable values.
    """
    observed, predicted = checked(observed=observed, predicted=predicted)
    usable = (observed > 0.0) & (predicted > 0.0)
    residual = np.log10(observed[usable]) - np.log10(predicted[usable])
    bias = float(np.median(residual)) if usable.any() else math.nan
    scatter = _MAD_TO_SIGMA * float(np.median(np.abs(residual - bias))) if usable.any() else math.nan
    return {
        "log_distance_bias": bias,
        "log_distance_scatter": scatter,
        "log_distance_share": float(np.mean(usable)),
    }
