"""Metrics of predictions of any kind of data, each with a bootstrap interval over objects.

Shapes: N objects, T target columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.data.kind import Preparation
from astrosweep.ensemble.objectives import OBJECTIVES
from astrosweep.validation.resample import Estimate, estimates, totals_of_draws

METRICS = ("rmse", "mae", "bias", "r2", "mse")
"""Of scalar targets in their unit, of profiles in normalised units."""
LIKELIHOODS = ("nll", "crps")
"""Of the Gaussian of the calibrated 68.27 % uncertainty and the target's error, in the unit of learning."""


@dataclass(frozen=True, eq=False)
class Values:
    """Predictions beside targets.

    Attributes:
        target: Targets, NaN where unknown, shape (N, T).
        mean: Predicted targets, shape (N, T).
        scale: What residuals and targets are divided by, shape (T,).
        center: What is taken off targets before, shape (T,).
        variance: Predicted variance of the observed target; None where it is not known, shape (N, T).
    """

    target: FloatArray
    mean: FloatArray
    scale: FloatArray
    center: FloatArray
    variance: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.target)

    @property
    def residual(self) -> FloatArray:
        """Predicted minus observed in the unit of learning; NaN where either is unknown."""
        return self.mean - self.target

    def of_columns(self, columns: slice) -> "Values":
        """The same of some target columns."""
        variance = None if self.variance is None else self.variance[:, columns]
        return Values(
            self.target[:, columns],
            self.mean[:, columns],
            self.scale[columns],
            self.center[columns],
            variance,
        )

    def where(self, chosen: NDArray[np.bool_]) -> "Values":
        """The same with targets unknown but where chosen, shape (N, T); objects without any are left out."""
        rows = chosen.any(axis=1)
        variance = None if self.variance is None else self.variance[rows]
        target = np.where(chosen, self.target, np.nan)[rows]
        return replace(self, target=target, mean=self.mean[rows], variance=variance)


def normalisation(preparation: Preparation[Any, Any], has_profiles: bool) -> tuple[FloatArray, FloatArray]:
    """What is taken off targets and what they are divided by: nothing and 1 of a scalar target.

    Args:
        preparation: The preparation of what predicts.
        has_profiles: Whether targets are profiles, which are pooled in normalised units as in training.

    Returns:
        Center and scale, each of shape (T,).
    """
    n = preparation.layout.n_targets
    if not has_profiles:
        return np.zeros(n), np.ones(n)
    transform = preparation.transform
    return (np.broadcast_to(np.asarray(one, np.float64), (n,)) for one in (transform.loc, transform.width))  # type: ignore[return-value]


def sums_of(values: Values) -> FloatArray:
    """Sums over the known targets of each object, from which metrics are made, shape (N, 8).

    Number, squared residual, absolute residual, residual, target, squared target, NLL and CRPS.
    """
    known = np.isfinite(values.residual)
    residual = np.where(known, values.residual / values.scale, 0.0)
    target = np.where(known, (values.target - values.center) / values.scale, 0.0)
    n = known.sum()
    if n:
        target = np.where(known, target - target.sum() / n, 0.0)  # so that the variance keeps its digits
    columns = [known.astype(np.float64), residual**2, np.abs(residual), residual, target, target**2]
    if values.variance is not None:
        usable = known & (values.variance > 0.0)
        r, variance = np.where(usable, values.residual, 0.0), np.where(usable, values.variance, 1.0)
        none_lacks = bool((usable == known).all())
        for name in LIKELIHOODS:
            loss = np.where(usable, OBJECTIVES[name].loss(r, variance), 0.0)
            columns.append(loss if none_lacks else np.full_like(loss, np.nan))
    else:
        columns += [np.full(known.shape, np.nan)] * len(LIKELIHOODS)
    return np.stack([column.sum(axis=1) for column in columns], axis=1)


def metrics_of(totals: FloatArray) -> dict[str, FloatArray]:
    """Metrics of totals, shape (..., 8); NaN where they are not determined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        n, squared, absolute, residual, target, target_squared, nll, crps = np.moveaxis(totals, -1, 0)
        mse = squared / n
        variance = target_squared / n - (target / n) ** 2
        # A variance of rounding errors is none.
        r2 = np.where(variance > 1e-12 * (target_squared / n + 1e-300), 1.0 - mse / variance, np.nan)
        return {
            "rmse": np.sqrt(mse),
            "mae": absolute / n,
            "bias": residual / n,
            "r2": r2,
            "mse": mse,
            "nll": nll / n,
            "crps": crps / n,
        }


def scores(values: Values, draws: int, seed: int) -> dict[str, Estimate]:
    """All metrics with their intervals; those of likelihoods are left out where no variance is known."""
    sums = sums_of(values)
    found = {name: float(value) for name, value in metrics_of(sums.sum(axis=0)).items()}
    if values.variance is None:
        found = {name: value for name, value in found.items() if name not in LIKELIHOODS}
    return estimates(found, metrics_of(totals_of_draws(sums, draws, seed)))


def change(before: Values, after: Values, draws: int, seed: int) -> dict[str, Estimate]:
    """Metrics after minus before, of the same objects in every draw."""
    sums = [sums_of(before), sums_of(after)]
    value = [metrics_of(one.sum(axis=0)) for one in sums]
    drawn = [metrics_of(totals_of_draws(one, draws, seed)) for one in sums]
    return estimates(
        {name: float(value[1][name] - value[0][name]) for name in METRICS},
        {name: drawn[1][name] - drawn[0][name] for name in METRICS},
    )


def channels_of(preparation: Preparation[Any, Any]) -> Mapping[str, slice]:
    """Columns of each channel of the target; all under an empty name, and nothing else where there is one."""
    layout = preparation.layout
    every = {"": slice(0, layout.n_targets)}
    if len(layout.channels) == 1:
        return every
    own = {
        name: slice(i * layout.n_points, (i + 1) * layout.n_points) for i, name in enumerate(layout.channels)
    }
    return {**every, **own}
