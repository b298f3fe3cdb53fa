"""All figures of one run on clusters as files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.kinds.clusters.figures.errors import errors_against_radius, intervals_against_radius
from astrosweep.kinds.clusters.figures.profiles import single_clusters
from astrosweep.kinds.clusters.figures.sample import cluster_sample_figure
from astrosweep.kinds.clusters.figures.shape import shape_kept
from astrosweep.kinds.clusters.prepared import PreparedClusters
from astrosweep.kinds.clusters.sample import TARGETS
from astrosweep.report.canvas import save_figures
from astrosweep.report.curves import learning_curves


def write_cluster_figures(
    folder: Path,
    predictions: pd.DataFrame,
    curves: Mapping[str, Sequence[float]],
    prepared: PreparedClusters,
    title: str,
) -> list[Path]:
    """Write the figures of one run on clusters as PNG files, over older ones of the same names.

    Args:
        folder: Where to write; made if missing.
        predictions: One row per cluster, target and point, as ``training.clusters.profile_table`` makes it.
        curves: ``[fold_<k>/][<split>/]<metric>`` to one value an epoch; empty leaves out the learning curves.
        prepared: The first fold, for the check that preparation keeps the shape of profiles.
        title: Title of the figures, usually the name of the run.

    Returns:
        The files written.

    Raises:
        DataError: There are no validation clusters.
    """
    figures = {
        "single_clusters": single_clusters(predictions, title),
        "errors_against_radius": errors_against_radius(predictions, title),
        "intervals_against_radius": intervals_against_radius(predictions, title),
        "shape_kept": shape_kept(prepared, title),
    }
    sample = prepared.train
    if set(sample.targets) == set(TARGETS) and np.isfinite([sample.redshift, sample.r500_kpc]).all():
        figures["training_sample"] = cluster_sample_figure(sample)
    if curves:
        figures["learning_curves"] = learning_curves(curves, title)
    return save_figures(folder, figures)
