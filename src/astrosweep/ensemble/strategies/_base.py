"""What a strategy is."""

from typing import Protocol

import numpy as np

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.ensemble.evidence import Training
from astrosweep.ensemble.mixture import Mixture

SMALLEST_PART = 1e-6
"""Least part of the variance about the candidates' mean that is left to a mixture, against rounding."""


class Strategy(Protocol):
    """Weighs candidates by what the training folds say of them."""

    def fit(self, training: Training) -> Mixture:
        """Choose the weights; equal training gives equal weights."""
        ...


def weighted(n_candidates: int, members: IdArray, weights: FloatArray) -> FloatArray:
    """Weights of all candidates, shape (M,), from those of some, which need not sum to one."""
    every = np.zeros(n_candidates)
    every[members] = weights / weights.sum()
    return every
