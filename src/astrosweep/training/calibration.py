"""Calibration of predicted uncertainties by one factor, set so that 68.27 % of held-out objects are covered.

With residual ``r``, catalogue error ``e`` and predicted standard deviation ``s``, an object is covered by
its 1-sigma interval when ``r^2 <= (k s)^2 + e^2``; the smallest factor that covers it is its score, and the
factor is a quantile of the scores: split conformal prediction (Angelopoulos and Bates 2023, Found. Trends
Mach. Learn. 16, 494). A point loss predicts the same ``s`` for every object on the network's scale, so that
``k s`` is then its intrinsic scatter.
"""

import math

import numpy as np

from astrosweep.core.types import FloatArray, IdArray

ONE_SIGMA = 0.6827
_SMALLEST_FACTOR = 1e-3


def fit_factor(residual: FloatArray, error: FloatArray, std: FloatArray) -> float:
    """Fit the factor.

    Args:
        residual: Observed minus predicted, shape (N,).
        error: Catalogue error of the target, shape (N,), 0 where unknown.
        std: Predicted standard deviation, shape (N,), positive.

    Returns:
        The factor k. Where the catalogue errors alone cover enough objects it is a small positive number
        (the typical residual over the typical ``s``, times 0.001).
    """
    scores = np.sqrt(np.maximum(residual**2 - error**2, 0.0)) / std
    rank = min(math.ceil((len(scores) + 1) * ONE_SIGMA), len(scores))
    floor = _SMALLEST_FACTOR * np.sqrt(np.mean(residual**2) / np.mean(std**2))
    return float(max(np.sort(scores)[rank - 1], floor, np.finfo(np.float64).tiny))


def cross_fit_factors(
    residual: FloatArray, error: FloatArray, std: FloatArray, group: IdArray
) -> tuple[FloatArray, float]:
    """Fit the factor so that no object is judged by a factor that saw its own residual.

    Args:
        residual: Shape (N,).
        error: Shape (N,).
        std: Shape (N,).
        group: Group of each object, shape (N,); a group's factor is fitted on all other groups.

    Returns:
        The factor of each object, shape (N,), and the factor fitted on all of them, for unseen objects.
    """
    overall = fit_factor(residual, error, std)
    factors = np.full(len(residual), overall)
    for label in np.unique(group):
        own = group == label
        if (~own).any():
            factors[own] = fit_factor(residual[~own], error[~own], std[~own])
    return factors, overall
