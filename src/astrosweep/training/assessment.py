"""What the fits of a run are worth, for each kind of data."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from astrosweep.core.types import FloatArray
from astrosweep.data.sources import AnyDevelopment, AnyPreparedFold
from astrosweep.kinds.clusters.development import ClusterDevelopment
from astrosweep.kinds.clusters.prepared import PreparedClusters
from astrosweep.kinds.clusters.score import assess_clusters
from astrosweep.kinds.tables.prepare import PreparedFold
from astrosweep.kinds.tables.score import assess_stars
from astrosweep.training.fit import FitResult


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
