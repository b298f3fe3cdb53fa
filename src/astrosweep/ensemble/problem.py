"""What an ensemble is chosen from: out-of-fold predictions of candidates beside the targets.

Shapes: M candidates, N objects, T target columns, S pairs of an object and a target column.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.core.types import Float32Array, FloatArray, IdArray

_VALUES_OF_A_BLOCK = 4_000_000


@dataclass(frozen=True, eq=False)
class Problem:
    """Out-of-fold predictions of M candidates of N objects.

    Attributes:
        names: Name of each candidate.
        mean: Predicted means, shape (M, N, T), in the unit in which the target is learned; NaN where a
            candidate did not learn a target column.
        std: Predicted 1-sigma uncertainty of the true value, calibrated for each candidate, shape (M, N, T).
        target: Shape (N, T), NaN where unknown.
        error: 1-sigma error of the target, 0 where unknown, shape (N, T).
        group: Outer fold of each object in the nested cross-validation, shape (N,).
        scale: What residuals of each column are divided by before they are pooled, shape (T,); ones for a
            scalar target.
        channels: Names of the target's channels.
        n_points: Points of each channel.

    Raises:
        DataError: Shapes do not fit together, values are not usable, there is something to score in fewer
            than two outer folds.
    """

    names: tuple[str, ...]
    mean: Float32Array
    std: Float32Array
    target: FloatArray
    error: FloatArray
    group: IdArray
    scale: FloatArray
    channels: tuple[str, ...]
    n_points: int = 1

    def __post_init__(self) -> None:
        n, t = self.target.shape
        expected = {
            "mean": (len(self.names), n, t),
            "std": (len(self.names), n, t),
            "error": (n, t),
            "group": (n,),
            "scale": (len(self.channels) * self.n_points,),
        }
        for key, shape in expected.items():
            if getattr(self, key).shape != shape:
                raise DataError(f"ensemble: {key} has the shape {getattr(self, key).shape}; expected {shape}")
        if self.scale.shape != (t,):
            raise DataError(f"ensemble: {t} target columns; the channels have {self.scale.shape[0]}")
        if not self.names:
            raise DataError("ensemble: no candidates")
        if not (np.isfinite(self.scale).all() and (self.scale > 0.0).all()):
            raise DataError(f"ensemble: scale {self.scale} must be positive")
        known_error = self.error[np.isfinite(self.target)]
        if not (np.isfinite(known_error).all() and (known_error >= 0.0).all()):
            raise DataError("ensemble: errors of known targets must be finite and not negative")
        for name, mean, std in zip(self.names, self.mean, self.std, strict=True):
            bad = int(np.sum(np.isfinite(mean) & ~(np.isfinite(std) & (std >= 0.0))))
            if bad or np.isinf(mean).any():
                raise DataError(
                    f"ensemble: candidate {name} has {bad} uncertainties that are negative or not finite, "
                    f"and {int(np.isinf(mean).sum())} infinite predictions"
                )
        n_scored = len(np.unique(self.group[self.known.any(axis=1)]))
        if n_scored < 2:
            raise DataError(
                f"ensemble: {n_scored} outer folds have objects with a known target and a prediction; "
                "a nested score needs at least 2"
            )

    @property
    def n_candidates(self) -> int:
        """Candidates, M."""
        return len(self.names)

    @cached_property
    def groups(self) -> IdArray:
        """The outer folds, sorted."""
        return np.unique(self.group)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Where the target is known and some candidate predicts it, shape (N, T): what is scored."""
        predicted = np.zeros(self.target.shape, dtype=bool)
        for mean in self.mean:
            predicted |= np.isfinite(mean)
        return np.isfinite(self.target) & predicted

    @cached_property
    def weight(self) -> FloatArray:
        """Weight of each known target in the loss of its object, one over their number, shape (N,)."""
        weight: FloatArray = 1.0 / np.maximum(self.known.sum(axis=1), 1)
        return weight

    def columns_of(self, channel: str) -> slice:
        """The target columns of a channel."""
        first = self.channels.index(channel) * self.n_points
        return slice(first, first + self.n_points)

    def residuals(self, rows: IdArray, columns: IdArray) -> FloatArray:
        """Residuals of all candidates for some objects' targets, as in ``Pairs``, shape (M, S).

        Args:
            rows: Objects, shape (S,).
            columns: Target columns, shape (S,); the targets are known.
        """
        mean = self._of(self.mean, rows, columns)
        absent = np.isnan(mean)
        if absent.any():
            mean = np.where(absent, np.nanmean(mean, axis=0), mean)
        residual: FloatArray = mean - self.target[rows, columns]
        residual /= self.scale[columns]
        return residual

    def pairs(self, rows: IdArray, columns: IdArray) -> "Pairs":
        """Take all that candidates predict for some objects' targets; takes what ``residuals`` takes."""
        scale = self.scale[columns]
        std = self._of(self.std, rows, columns)
        absent = np.isnan(self._of(self.mean, rows, columns))
        if absent.any():
            std = np.where(absent, np.sqrt(np.nanmean(np.where(absent, np.nan, std) ** 2, axis=0)), std)
        return Pairs(
            residual=self.residuals(rows, columns),
            variance=np.square(std / scale),
            error_variance=np.square(self.error[rows, columns] / scale),
            weight=self.weight[rows],
        )

    def _of(self, predicted: Float32Array, rows: IdArray, columns: IdArray) -> Float32Array:
        if not predicted.flags.c_contiguous:
            return predicted[:, rows, columns]
        flat = predicted.reshape(self.n_candidates, -1)  # one index for each pair takes a quarter of the time
        found: Float32Array = np.take(flat, rows * self.target.shape[1] + columns, axis=1)
        return found

    def blocks(self, group: int) -> list[tuple[IdArray, IdArray]]:
        """Rows and columns of the known targets of an outer fold, in blocks of moderate size."""
        rows, columns = np.nonzero(self.known & (self.group == group)[:, None])
        n_blocks = max(1, -(-len(rows) * self.n_candidates // _VALUES_OF_A_BLOCK))
        return list(zip(np.array_split(rows, n_blocks), np.array_split(columns, n_blocks), strict=True))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Known targets and what the candidates say of them, divided by the scale of their columns.

    For a target that a candidate did not learn stands the mean of those that did, so that nobody gains by
    leaving out a hard one.

    Attributes:
        residual: Predicted minus observed, shape (M, S).
        variance: Predicted variance of the true value, shape (M, S).
        error_variance: Variance of the catalogue's error, shape (S,).
        weight: One over the known targets of the object, shape (S,).
    """

    residual: FloatArray
    variance: FloatArray
    error_variance: FloatArray
    weight: FloatArray

    def about_the_mean(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Split residuals so that a mixture's variance is no small difference of large numbers.

        Returns:
            The mean residual of the candidates, shape (S,); each one's deviation from it, shape (M, S); and
            each one's variance about it, shape (M, S). A mixture of weights w has the residual mean + w @
            deviation and the variance w @ second - (w @ deviation)^2.
        """
        mean: FloatArray = self.residual.mean(axis=0)
        deviation = self.residual - mean
        return mean, deviation, self.variance + np.square(deviation)

    def of(self, candidates: IdArray) -> "Pairs":
        """The same targets as some of the candidates see them."""
        return Pairs(self.residual[candidates], self.variance[candidates], self.error_variance, self.weight)
