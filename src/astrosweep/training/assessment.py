"""What the fits of a run are worth, for each kind of data."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from astrosweep.core.types import FloatArray
from astrosweep.data.clusters.development import ClusterDevelopment
from astrosweep.data.clusters.prepared import PreparedClusters
from astrosweep.data.prepare import PreparedFold
from astrosweep.data.sources import AnyDevelopment, AnyPreparedFold
from astrosweep.training.clusters import assess_clusters
from astrosweep.training.fit import FitResult
from astrosweep.training.stars import assess_stars


@dataclass(frozen=True, eq=False)
class Assessment:
    """Calibrated predictions and their metrics.

    Attributes:
        predictions: See ``assess_stars`` and ``assess_clusters``.
        metrics: ``<split>/<metric>`` to value.
        uncertainty_factor: Calibration factor for unseen objects: a number, or one for each of the T targets.
    """

    predictions: pd.DataFrame
    metrics: dict[str, float]
    uncertainty_factor: float | FloatArray


def assess(
    development: AnyDevelopment, prepared: Sequence[AnyPreparedFold], fits: Sequence[FitResult]
) -> Assessment:
    """Gather the predictions of all folds, calibrate their uncertainties and score the validation objects."""
    if isinstance(development, ClusterDevelopment):
        clusters = [fold for fold in prepared if isinstance(fold, PreparedClusters)]
        return Assessment(*assess_clusters(clusters, fits))
    stars = [fold for fold in prepared if isinstance(fold, PreparedFold)]
    return Assessment(*assess_stars(development, stars, fits))
