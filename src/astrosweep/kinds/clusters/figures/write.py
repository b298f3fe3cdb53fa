"""All figures of one run on clusters as files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.clusters import TARGETS
from astrosweep.kinds.clusters.figures.errors import errors_against_radius, intervals_against_radius
from astrosweep.kinds.clusters.figures.profiles import single_clusters
from astrosweep.kinds.clusters.figures.sample import cluster_sample_figure
from astrosweep.kinds.clusters.figures.shape import shape_kept
from astrosweep.kinds.clusters.prepare import PreparedClusters
from astrosweep.kinds.clusters.scaling import SCALES
from astrosweep.report.canvas import save_figures
from astrosweep.report.curves import learning_curves


def write_figures(
    folder: Path,
    predictions: pd.DataFrame,
    curves: Mapping[str, Sequence[float]],
    prepared: PreparedClusters,
    title: str,
) -> list[Path]:
    """Write the figures of one run on clusters as PNG files, over older ones of the same names.

    Args:
        folder: Where to write; made if missing.
        predictions: One row per cluster, target and point, as ``ProfilePreparation.table`` makes it.
        curves: ``[fold_<k>/][<split>/]<metric>`` to one value an epoch; empty leaves out the learning curves.
        prepared: The first fold, for the check that preparation keeps the shape of profiles.
        title: Title of the figures, usually the name of the run.

    Returns:
        The files written.

    Raises:
        DataError: There are no validation clusters.
    """
    scale = SCALES[prepared.preparation.config.radius].removeprefix("the ")
    figures = {
        "single_clusters": single_clusters(predictions, title, scale),
        "errors_against_radius": errors_against_radius(predictions, title, scale),
        "intervals_against_radius": intervals_against_radius(predictions, title, scale),
        "shape_kept": shape_kept(prepared, title),
    }
    sample, clusters = prepared.train, prepared.train.objects
    has_all = set(sample.truth.profiles) == set(TARGETS)
    if has_all and np.isfinite([clusters.redshift, clusters.r500_kpc]).all():
        figures["training_sample"] = cluster_sample_figure(sample)
    if curves:
        figures["learning_curves"] = learning_curves(curves, title)
    return save_figures(folder, figures)
