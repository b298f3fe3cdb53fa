"""The candidate with the smallest loss, alone."""

from dataclasses import dataclass

import numpy as np

from astrosweep.ensemble.evidence import Training
from astrosweep.ensemble.mixture import Mixture
from astrosweep.ensemble.strategies._base import weighted


@dataclass(frozen=True)
class Best:
    """The best single candidate."""

    def fit(self, training: Training) -> Mixture:
        """Choose it."""
        return Mixture(weighted(len(training.losses), training.best_first[:1], np.ones(1)))
