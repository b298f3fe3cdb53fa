"""Metrics of profiles: relative errors in physical units, intervals, and the cluster study's own measures.

Shapes: N clusters, P points of a profile. A point that was not measured is NaN and counts nowhere.
"""

import math

import numpy as np

from astrosweep.config.kinds.clusters import DIFFERENCES, INTERVALS, RELATIVE_ERRORS
from astrosweep.core.types import FloatArray

INNER, OUTER = 0.03, 1.0
"""Range of scaled radii, r / R500, over which relative errors are summed up."""
Z_95 = 1.959964


def relative_errors(scaled_radius: FloatArray, true: FloatArray, predicted: FloatArray) -> dict[str, float]:
    """Return how far predicted profiles are from the true ones, relative to the true ones.

    Args:
        scaled_radius: r / R500 of each point, shape (N, P).
        true: True values, shape (N, P), not zero.
        predicted: Predicted values, shape (N, P).

    Returns:
        Over the points with ``INNER <= r / R500 <= OUTER``: ``median_relative_error`` and
        ``p90_relative_error``, the median and 90th percentile over clusters of each cluster's median
        absolute relative error over radius; ``pooled_median_relative_error`` and
        ``pooled_p90_relative_error`` over all points of all clusters; ``relative_bias``, the median of
        (predicted - true) / true over them.
        All NaN if no point is there.
    """
    inside = (scaled_radius >= INNER * (1 - 1e-9)) & (scaled_radius <= OUTER * (1 + 1e-9))
    inside &= np.isfinite(true) & np.isfinite(predicted)
    has_any = inside.any(axis=1)
    if not has_any.any():
        return dict.fromkeys(RELATIVE_ERRORS, math.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(inside, predicted / true - 1.0, np.nan)
    by_cluster = np.nanmedian(np.abs(error[has_any]), axis=1)
    pooled = error[inside]
    return {
        "median_relative_error": float(np.median(by_cluster)),
        "p90_relative_error": float(np.percentile(by_cluster, 90)),
        "pooled_median_relative_error": float(np.median(np.abs(pooled))),
        "pooled_p90_relative_error": float(np.percentile(np.abs(pooled), 90)),
        "relative_bias": float(np.median(pooled)),
    }


def interval_metrics(
    scaled_radius: FloatArray, residual: FloatArray, error: FloatArray, std: FloatArray
) -> dict[str, float]:
    """Return whether the stated intervals hold what they should.

    Args:
        scaled_radius: r / R500 of each point, shape (N, P).
        residual: Predicted - true in the unit in which the network learns, shape (N, P).
        error: 1-sigma error of the true values, 0 where unknown, same unit, shape (N, P).
        std: Predicted 1-sigma uncertainty, same unit, shape (N, P).

    Returns:
        ``coverage_68`` and ``coverage_95``, nominally 0.6827 and 0.95, and ``reduced_chi2``, nominally 1,
        over the points with ``INNER <= r / R500 <= OUTER``; NaN if no point is there.
    """
    inside = (scaled_radius >= INNER * (1 - 1e-9)) & (scaled_radius <= OUTER * (1 + 1e-9))
    inside &= np.isfinite(residual) & (std > 0.0)
    if not inside.any():
        return dict.fromkeys(INTERVALS, math.nan)
    z = np.abs(residual[inside]) / np.hypot(std[inside], error[inside])
    return {
        "coverage_68": float(np.mean(z <= 1.0)),
        "coverage_95": float(np.mean(z <= Z_95)),
        "reduced_chi2": float(np.mean(z**2)),
    }


def differences(true: FloatArray, predicted: FloatArray) -> dict[str, float]:
    """Return the cluster study's measures, which it took in normalised units.

    Args:
        true: True values, shape (N, P).
        predicted: Predicted values, shape (N, P).

    Returns:
        ``mean_difference`` (true - predicted, as the study has it), ``mean_absolute_difference``, ``mse`` and
        ``rmse``; NaN if no point is known.
    """
    difference = (true - predicted)[np.isfinite(true) & np.isfinite(predicted)]
    if difference.size == 0:
        return dict.fromkeys(DIFFERENCES, math.nan)
    mse = float(np.mean(difference**2))
    return {
        "mean_difference": float(np.mean(difference)),
        "mean_absolute_difference": float(np.mean(np.abs(difference))),
        "mse": mse,
        "rmse": math.sqrt(mse),
    }
