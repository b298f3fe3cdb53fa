"""The best candidates, each with the more weight the smaller its loss."""

from dataclasses import dataclass

import numpy as np

from astrosweep.ensemble.evidence import Training
from astrosweep.ensemble.mixture import Mixture
from astrosweep.ensemble.strategies._base import weighted


@dataclass(frozen=True)
class Performance:
    """Weights by inverse loss; by the likelihood of a typical object where losses are log-likelihoods.

    Attributes:
        k: So many candidates, or all if there are fewer.
    """

    k: int = 20

    def fit(self, training: Training) -> Mixture:
        """Weigh the best."""
        members = training.best_first[: self.k]
        losses = training.losses[members]
        if training.objective.name == "nll":
            # A difference of log-likelihoods has no natural zero that an inverse could use.
            weights = np.exp(losses[0] - losses)
        else:
            tiny = np.finfo(np.float64).tiny
            weights = max(losses[0], tiny) / np.maximum(losses, tiny)
        return Mixture(weighted(len(training.losses), members, weights))
