"""What an ensemble is judged by: squared error, negative log-likelihood, CRPS.

All three are of a Gaussian about the prediction whose variance is the predicted one plus the square of the
catalogue's error, as in ``core.metrics``; smaller is better.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from astrosweep.core.errors import ConfigError
from astrosweep.core.types import FloatArray
from astrosweep.ensemble.problem import Problem

_Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Objective:
    """A loss of residual r and total variance v, elementwise.

    Attributes:
        name: ``mse``, ``nll`` or ``crps``.
        loss: From r and v to the loss.
        slopes: From r and v to the derivatives of the loss by r and by v.
    """

    name: str
    loss: Callable[[_Array, _Array], _Array]
    slopes: Callable[[_Array, _Array], tuple[_Array, _Array]]


def _squared(residual: _Array, _: _Array) -> _Array:
    return np.square(residual)


def _squared_slopes(residual: _Array, _: _Array) -> tuple[_Array, _Array]:
    return 2.0 * residual, np.zeros_like(residual)


def _nll(residual: _Array, variance: _Array) -> _Array:
    """Infinite where no uncertainty was claimed."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        loss = 0.5 * (np.square(residual) / variance + np.log(2.0 * math.pi * variance))
    return np.where(variance > 0.0, loss, np.inf)


def _nll_slopes(residual: _Array, variance: _Array) -> tuple[_Array, _Array]:
    z = residual / variance
    return z, 0.5 * (1.0 / variance - np.square(z))


def _crps(residual: _Array, variance: _Array) -> _Array:
    """The absolute residual where no uncertainty was claimed."""
    sigma = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = residual / sigma
        height = math.sqrt(2.0 / math.pi) * np.exp(-0.5 * np.square(z))
        loss = residual * erf(z / math.sqrt(2.0)) + sigma * (height - 1.0 / math.sqrt(math.pi))
    return np.where(sigma > 0.0, loss, np.abs(residual))


def _crps_slopes(residual: _Array, variance: _Array) -> tuple[_Array, _Array]:
    sigma = np.sqrt(variance)
    z = residual / sigma
    height = math.sqrt(2.0 / math.pi) * np.exp(-0.5 * np.square(z))
    return erf(z / math.sqrt(2.0)), (height - 1.0 / math.sqrt(math.pi)) / (2.0 * sigma)


OBJECTIVES = {
    "mse": Objective("mse", _squared, _squared_slopes),
    "nll": Objective("nll", _nll, _nll_slopes),
    "crps": Objective("crps", _crps, _crps_slopes),
}
"""Name to objective. CRPS: Gneiting et al. 2005, Mon. Weather Rev. 133, 1098, eq. 5."""


def objective_of(name: str) -> Objective:
    """Find an objective by name.

    Raises:
        ConfigError: There is none of this name.
    """
    if name not in OBJECTIVES:
        raise ConfigError(f"ensemble.objective={name!r} is unknown; allowed are {', '.join(OBJECTIVES)}")
    return OBJECTIVES[name]


def target_losses(objective: Objective, problem: Problem, mean: FloatArray, std: FloatArray) -> FloatArray:
    """Loss of each target, after residual and uncertainty are divided by the scale of its column.

    Args:
        objective: What to judge by.
        problem: Targets, errors and scales.
        mean: Predicted means, shape (N, T).
        std: Predicted 1-sigma uncertainties of the true value, shape (N, T).

    Returns:
        Shape (N, T); NaN where the target is not known, infinite where it is and nothing is predicted.
    """
    residual = (mean - problem.target) / problem.scale
    variance = (np.square(std) + np.square(problem.error)) / problem.scale**2
    loss = np.where(np.isnan(mean), np.inf, objective.loss(residual, variance))
    return np.where(problem.known, loss, np.nan)


def object_losses(objective: Objective, problem: Problem, mean: FloatArray, std: FloatArray) -> FloatArray:
    """Loss of each object, the mean over its known targets, shape (N,); NaN for an object without any.

    Takes what ``target_losses`` takes.
    """
    loss = np.where(problem.known, target_losses(objective, problem, mean, std), 0.0).sum(axis=1)
    return np.where(problem.known.any(axis=1), loss * problem.weight, np.nan)


def channel_scores(problem: Problem, mean: FloatArray, std: FloatArray) -> dict[str, dict[str, float]]:
    """Mean loss of each channel over its known targets, by channel and objective.

    Takes what ``target_losses`` takes; NaN for a channel that no object has.
    """
    scores: dict[str, dict[str, float]] = {channel: {} for channel in problem.channels}
    for name, objective in OBJECTIVES.items():
        loss = target_losses(objective, problem, mean, std)
        for channel in problem.channels:
            columns = problem.columns_of(channel)
            of_channel = loss[:, columns][problem.known[:, columns]]
            scores[channel][name] = float(of_channel.mean()) if of_channel.size else math.nan
    return scores
