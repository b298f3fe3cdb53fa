"""Metrics of a scalar target with catalogue errors and predicted uncertainties.

All arrays have shape (N,) and the target's unit. ``observed`` is the catalogue's value, ``target_error``
its 1-sigma error (0 where unknown), ``predicted`` the predicted mean and ``std`` the predicted 1-sigma
uncertainty of the true value. Residuals are predicted - observed throughout. The catalogue's error and the
predicted uncertainty are independent, so an observation scatters about its prediction with
``sigma_total = sqrt(std^2 + target_error^2)``.

A metric that the objects do not determine is NaN, never left out. Unusable input is a ``ValueError``: no
objects, unequal or other than one-dimensional shapes, values that are not finite, negative errors.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from astrosweep.core.types import FloatArray

REGRESSION = ("mse", "mae", "rmse", "r2", "bias", "n")
"""Names of ``regression_metrics``."""
UNCERTAINTY = ("reduced_chi2", "coverage_68", "coverage_95", "nll", "crps")
"""Names of ``uncertainty_metrics``."""
MIN_OBJECTS_PER_BIN = 5
"""Below this many objects a bin reports their number alone."""

Scorer = Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], dict[str, float]]
"""Metrics of observed values, their errors, predicted means and uncertainties."""


def score(
    observed: ArrayLike, target_error: ArrayLike, predicted: ArrayLike, std: ArrayLike
) -> dict[str, float]:
    """Return the metrics of ``regression_metrics`` and ``uncertainty_metrics`` of one set of objects.

    Args:
        observed: Catalogue values, shape (N,).
        target_error: Their 1-sigma errors, 0 where unknown, shape (N,).
        predicted: Predicted means, shape (N,).
        std: Predicted 1-sigma uncertainties of the true value, shape (N,).

    Raises:
        ValueError: If there are no objects, or the arrays do not fit together or hold unusable values.
    """
    return {
        **regression_metrics(observed, predicted),
        **uncertainty_metrics(observed, target_error, predicted, std),
    }


def score_by_bin(
    scorer: Scorer,
    bins: Mapping[str, NDArray[np.bool_]],
    observed: FloatArray,
    target_error: FloatArray,
    predicted: FloatArray,
    std: FloatArray,
) -> dict[str, float]:
    """Return the same metrics of the objects in each bin.

    Bins of a noisy observation select on its noise: the lowest bin holds objects whose value came out too
    small, the highest those where it came out too large, so even true values show a positive bias there and a
    negative one here. Compare runs within a bin, not bins with each other.

    Args:
        scorer: Gives the metrics of one set of objects.
        bins: Name of a bin to whether each object is in it, shape (N,).
        observed: Catalogue values, shape (N,).
        target_error: Their 1-sigma errors, 0 where unknown, shape (N,).
        predicted: Predicted means, shape (N,).
        std: Predicted 1-sigma uncertainties of the true value, shape (N,).

    Returns:
        ``<metric>_<bin>``. Every bin has its ``n``; only those with at least ``MIN_OBJECTS_PER_BIN`` objects
        have more.
    """
    metrics: dict[str, float] = {}
    for bin_, inside in bins.items():
        of_bin = {"n": float(inside.sum())}
        if of_bin["n"] >= MIN_OBJECTS_PER_BIN:
            of_bin = scorer(observed[inside], target_error[inside], predicted[inside], std[inside])
        metrics |= {f"{name}_{bin_}": value for name, value in of_bin.items()}
    return metrics


def regression_metrics(observed: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return how far the predictions are from the observations.

    Args:
        observed: Catalogue values, shape (N,).
        predicted: Predicted means, shape (N,).

    Returns:
        ``mse`` (squared unit), ``mae``, ``rmse`` and ``bias`` (mean residual), ``r2`` (coefficient of
        determination; NaN where the observations do not vary, so that there is nothing to explain) and ``n``.

    Raises:
        ValueError: If there are no objects, or the arrays do not fit together or hold unusable values.
    """
    observed, predicted = checked(observed=observed, predicted=predicted)
    residual = predicted - observed
    mse = float(np.mean(residual**2))
    # The rounded mean of equal numbers can differ from them and give them a variance.
    variance = float(np.var(observed)) if observed.min() < observed.max() else 0.0
    return {
        "mse": mse,
        "mae": float(np.mean(np.abs(residual))),
        "rmse": math.sqrt(mse),
        "r2": 1.0 - mse / variance if variance > 0.0 else math.nan,
        "bias": float(np.mean(residual)),
        "n": float(len(observed)),
    }


def normalised_residuals(
    observed: ArrayLike, target_error: ArrayLike, predicted: ArrayLike, std: ArrayLike
) -> FloatArray:
    """Return ``(predicted - observed) / sigma_total``, standard normal for honest uncertainties.

    Args:
        observed: Catalogue values, shape (N,).
        target_error: Their 1-sigma errors, 0 where unknown, shape (N,).
        predicted: Predicted means, shape (N,).
        std: Predicted 1-sigma uncertainties of the true value, shape (N,).

    Returns:
        Shape (N,), no unit; NaN where ``sigma_total`` is zero, since no uncertainty was claimed there.

    Raises:
        ValueError: If there are no objects, or the arrays do not fit together or hold unusable values.
    """
    residual, sigma = _residual_and_sigma(observed, target_error, predicted, std)
    return residual / np.where(sigma > 0.0, sigma, np.nan)


def uncertainty_metrics(
    observed: ArrayLike, target_error: ArrayLike, predicted: ArrayLike, std: ArrayLike
) -> dict[str, float]:
    """Return whether the stated uncertainties describe the residuals.

    The negative log-likelihood and the continuous ranked probability score (CRPS) are those of the Gaussian
    of width ``sigma_total`` about the prediction; both are proper scores, smaller is better. With
    ``z = (observed - predicted) / sigma_total``, the CRPS is
    ``sigma_total * (z * (2 * Phi(z) - 1) + 2 * phi(z) - 1 / sqrt(pi))``: Gneiting & Raftery 2007,
    J. Am. Stat. Assoc. 102, 359, eq. 21 with the sign of Gneiting et al. 2005, Mon. Weather Rev. 133, 1098.

    Args:
        observed: Catalogue values, shape (N,).
        target_error: Their 1-sigma errors, 0 where unknown, shape (N,).
        predicted: Predicted means, shape (N,).
        std: Predicted 1-sigma uncertainties of the true value, shape (N,).

    Returns:
        ``reduced_chi2`` (mean squared normalised residual, nominally 1), ``coverage_68`` and ``coverage_95``
        (shares within 1 and 1.96 ``sigma_total``, nominally 0.6827 and 0.95), ``nll`` (nat per object, of a
        density in the inverse unit) and ``crps`` (the unit). All NaN if ``sigma_total`` of any object is
        zero: a mean over the others would hide objects.

    Raises:
        ValueError: If there are no objects, or the arrays do not fit together or hold unusable values.
    """
    residual, sigma = _residual_and_sigma(observed, target_error, predicted, std)
    if np.any(sigma == 0.0):
        return dict.fromkeys(("reduced_chi2", "coverage_68", "coverage_95", "nll", "crps"), math.nan)
    z = residual / sigma
    two_sided = np.fromiter((math.erf(value / math.sqrt(2.0)) for value in z), float, len(z))  # 2 Phi(z) - 1
    density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    crps = sigma * (z * two_sided + 2.0 * density - 1.0 / math.sqrt(math.pi))
    return {
        "reduced_chi2": float(np.mean(z**2)),
        "coverage_68": float(np.mean(np.abs(z) <= 1.0)),
        "coverage_95": float(np.mean(np.abs(z) <= 1.96)),
        "nll": float(np.mean(0.5 * z**2 + np.log(sigma) + 0.5 * math.log(2.0 * math.pi))),
        "crps": float(np.mean(crps)),
    }


def _residual_and_sigma(
    observed: ArrayLike, target_error: ArrayLike, predicted: ArrayLike, std: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    observed, target_error, predicted, std = checked(
        observed=observed, target_error=target_error, predicted=predicted, std=std
    )
    # hypot, since the squares of small errors underflow to zero.
    return predicted - observed, np.hypot(std, target_error)


def checked(**arrays: ArrayLike) -> tuple[FloatArray, ...]:
    """Return the named arrays as float64, or say by name what is wrong with them."""
    checked = {name: np.asarray(values, dtype=np.float64) for name, values in arrays.items()}
    shapes = {name: values.shape for name, values in checked.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"arrays must be one-dimensional and equally long: {listed}")
    for name, values in checked.items():
        if len(values) == 0:
            raise ValueError("no objects to measure: the arrays are empty")
        n_bad = int(np.sum(~np.isfinite(values)))
        if n_bad:
            raise ValueError(f"{name} has {n_bad} of {len(values)} values that are NaN or infinite")
        if name in ("target_error", "std") and np.any(values < 0.0):
            raise ValueError(f"{name} has {int(np.sum(values < 0.0))} of {len(values)} values below zero")
    return tuple(checked.values())
