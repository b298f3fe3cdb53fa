"""Calibration of predicted uncertainties by factors, set so that 68.27 % of held-out objects are covered.

With residual ``r``, catalogue error ``e`` and predicted standard deviation ``s``, an object is covered by
its 1-sigma interval when ``r^2 <= (k s)^2 + e^2`` (``core.conformal``). A point loss predicts the same ``s``
for every object on the network's scale, so that ``k s`` is then its intrinsic scatter.
"""

import numpy as np

from astrosweep.core.conformal import conformal_quantile, conformal_scores
from astrosweep.core.types import FloatArray, IdArray

ONE_SIGMA = 0.6827
_SMALLEST_FACTOR = 1e-3
_RESIDUALS_PER_FACTOR = 200
"""A factor is fitted on at least so many residuals, of neighbouring points of a profile where need be."""


def calibrate(
    residual: FloatArray, error: FloatArray, std: FloatArray, group: IdArray, n_points: int
) -> tuple[FloatArray, FloatArray]:
    """Fit a factor for each target column, from its own residuals and, where objects are few, neighbours'.

    A scalar target is one channel of one point, and has one factor.

    Args:
        residual: Observed minus predicted, shape (N, T); NaN where nothing is known.
        error: Catalogue error of the target, shape (N, T), 0 where unknown.
        std: Predicted standard deviation, shape (N, T), positive.
        group: Group of each object, shape (N,); a group's factors are fitted on all other groups.
        n_points: Points of each channel of the target.

    Returns:
        The factors of each object, which did not see its own residuals, shape (N, T); and those fitted on all
        objects, for unseen ones, shape (T,). A column of which nothing is known has the factor 1.
    """
    n, n_columns = residual.shape
    window = min(max(-(-_RESIDUALS_PER_FACTOR // n), 1), n_points)
    own, overall = np.ones((n, n_columns)), np.ones(n_columns)
    for first in range(0, n_columns, n_points):
        for i in range(first, first + n_points, window):
            columns = slice(i, min(i + window, first + n_points))
            known = np.isfinite(residual[:, columns])
            if not known.any():
                continue
            groups = np.broadcast_to(group[:, None], known.shape)
            factors, overall[columns] = cross_fit_factors(
                residual[:, columns][known], error[:, columns][known], std[:, columns][known], groups[known]
            )
            block = np.full(known.shape, overall[columns][0])
            block[known] = factors
            own[:, columns] = block
    return own, overall


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
    factor = conformal_quantile(conformal_scores(residual, error, std), ONE_SIGMA)
    floor = _SMALLEST_FACTOR * np.sqrt(np.mean(residual**2) / np.mean(std**2))
    return float(max(factor, floor, np.finfo(np.float64).tiny))


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
