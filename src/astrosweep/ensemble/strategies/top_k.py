"""The plain mean of the best candidates."""

from dataclasses import dataclass

import numpy as np

from astrosweep.ensemble.evidence import Training
from astrosweep.ensemble.mixture import Mixture
from astrosweep.ensemble.strategies._base import weighted


@dataclass(frozen=True)
class TopK:
    """Equal weights.

    Attributes:
        k: So many candidates, or all if there are fewer.
    """

    k: int = 20

    def fit(self, training: Training) -> Mixture:
        """Choose the best."""
        members = training.best_first[: self.k]
        return Mixture(weighted(len(training.losses), members, np.ones(len(members))))
