"""The best candidates, each object weighing them by the inverse of the variances that they predict for it."""

from dataclasses import dataclass, replace

from astrosweep.ensemble.evidence import Training
from astrosweep.ensemble.mixture import Mixture
from astrosweep.ensemble.strategies.top_k import TopK


@dataclass(frozen=True)
class InverseVariance:
    """Weights by precision, object by object.

    Attributes:
        k: So many candidates, or all if there are fewer.
    """

    k: int = 20

    def fit(self, training: Training) -> Mixture:
        """Choose the best."""
        return replace(TopK(self.k).fit(training), by_precision=True)
