"""The weighted mixture of candidates' predictions, with its variance in two parts.

The variance of a mixture is the weighted mean of its members' variances plus the weighted spread of their
means (the law of total variance): what the members say the data leave open (aleatoric), and what they
disagree about (epistemic).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray

_VALUES_OF_A_BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class Combined:
    """Predictions of a mixture, each of shape (N, T); NaN where none of its members predicts.

    Attributes:
        mean: Weighted mean of the members' means.
        aleatoric: Root of the weighted mean of the members' variances.
        epistemic: Root of the weighted spread of the members' means.
    """

    mean: FloatArray
    aleatoric: FloatArray
    epistemic: FloatArray

    @property
    def std(self) -> FloatArray:
        """1-sigma uncertainty of the true value: both parts together."""
        return np.hypot(self.aleatoric, self.epistemic)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights of candidates.

    Attributes:
        weights: Not negative, with the sum one, shape (M,).
        by_precision: Each object's targets weigh a member by its weight over its predicted variance there.

    Raises:
        DataError: The weights are negative, not finite, or do not sum to one.
    """

    weights: FloatArray
    by_precision: bool = False

    def __post_init__(self) -> None:
        total = float(np.sum(self.weights))
        if not (np.isfinite(self.weights).all() and (self.weights >= 0.0).all() and abs(total - 1.0) < 1e-9):
            raise DataError(f"weights of a mixture must not be negative and sum to one; their sum is {total}")

    @property
    def members(self) -> NDArray[np.int64]:
        """Candidates whose weight is not zero."""
        return np.flatnonzero(self.weights)

    def combine(self, mean: NDArray[np.floating[Any]], std: NDArray[np.floating[Any]]) -> Combined:
        """Combine the candidates' predictions, in blocks of objects.

        Args:
            mean: Predicted means, shape (M, N, T); a member that is NaN somewhere is left out there, and the
                others' weights are those among themselves.
            std: Predicted 1-sigma uncertainties, shape (M, N, T).
        """
        members = self.members
        _, n, t = mean.shape
        parts = np.empty((3, n, t))
        size = max(1, _VALUES_OF_A_BLOCK // max(1, len(members) * t))
        for start in range(0, n, size):
            rows = slice(start, start + size)
            parts[:, rows] = self._combine(
                mean[members, rows].astype(np.float64), std[members, rows].astype(np.float64)
            )
        return Combined(*parts)

    def _combine(self, mean: FloatArray, std: FloatArray) -> FloatArray:
        present = np.isfinite(mean) & np.isfinite(std)
        weights = np.where(present, self.weights[self.members, None, None], 0.0)
        if self.by_precision:
            # Relative to the smallest one, so that no square of it overflows and a zero takes all.
            smallest = np.where(present, std, np.inf).min(axis=0)
            positive = present & (std > smallest)
            weights = weights * np.square(np.divide(smallest, std, out=np.ones_like(std), where=positive))
        total = weights.sum(axis=0)
        weights = weights / np.where(total > 0.0, total, np.nan)
        mean, std = np.where(present, mean, 0.0), np.where(present, std, 0.0)
        center = np.sum(weights * mean, axis=0)
        return np.stack(
            [
                center,
                np.sqrt(np.sum(weights * np.square(std), axis=0)),
                np.sqrt(np.sum(weights * np.square(mean - center), axis=0)),
            ]
        )
