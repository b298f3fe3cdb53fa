"""Prepare one fold of clusters."""

import numpy as np

from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import Dataset, Unlabelled
from astrosweep.data.fold import Fold
from astrosweep.data.kind import PreparedFold
from astrosweep.kinds.clusters.development import ClusterDevelopment
from astrosweep.kinds.clusters.fit_preparation import fit_preparation
from astrosweep.kinds.clusters.preparation import CommonRadii, ProfilePreparation
from astrosweep.kinds.clusters.sample import Clusters, TrueProfiles
from astrosweep.kinds.clusters.shape_check import check_shape
from astrosweep.kinds.clusters.variation import variation_of

PreparedClusters = PreparedFold[Clusters, TrueProfiles, ProfilePreparation]

SHAPE = "shape_check"
"""Name of the check that says how much preparation and back changes each profile."""


def prepare_clusters(
    development: ClusterDevelopment, k: int, data: ClusterDataConfig, targets: tuple[str, ...]
) -> PreparedClusters:
    """Fit the preparation on the training clusters of fold ``k``, apply it to every part and check it.

    Args:
        development: The labelled and the sealed clusters.
        k: Index of the fold that validates.
        data: Observables and preparation.
        targets: What is learned: ``pressure``, ``density``, ``temperature``.

    Returns:
        The prepared fold.

    Raises:
        DataError: Preparation and back changes a profile, or the settings need what the sample has not.
    """
    train, val = development.parts(k)
    for part, clusters in (("training", train), ("validation", val)):
        if len(clusters) == 0:
            raise DataError(f"{train.objects.origin}: fold {k} has no {part} clusters")
    preparation = fit_preparation(train, data.preparation, data.observables, targets)
    shape = check_shape(preparation, development.labelled)
    target, error = preparation.targets(train)
    vary = variation_of(preparation, train, target, data.preparation.augmentation)
    val_target, val_error = preparation.targets(val)
    gridded = {
        name: CommonRadii(preparation, part.objects) for name, part in (("train", train), ("val", val))
    }
    return PreparedFold(
        fold=Fold(
            train=Dataset(train.objects.ids, gridded["train"].features(), target, error, vary),
            val=Dataset(val.objects.ids, gridded["val"].features(), val_target, val_error),
            test=Unlabelled(development.sealed.ids, preparation.features(development.sealed)),
            layout=preparation.layout,
            transform=preparation.transform,
        ),
        preparation=preparation,
        train=train,
        val=val,
        test=development.sealed,
        checks={SHAPE: shape},
        facts={
            "fold": k,
            "train_rows": len(train),
            "val_rows": len(val),
            "inputs": list(preparation.feature_names),
            "line_of_sight": preparation.config.line_of_sight,
            "radii_scaled_by": preparation.config.radius,
            "largest_change_by_preparation_and_back": float(shape["largest_relative_change"].max()),
            # Outside the measured range the nearest measured value stands in: said here, never silent.
            "share_of_input_points_outside_measured_range": {
                part: {
                    name: round(float(1.0 - resampling.inside.mean()), 4)
                    for name, resampling in of_part.resampling.items()
                }
                for part, of_part in gridded.items()
            },
            "share_of_target_points_not_measured": round(float(np.isnan(target).mean()), 4),
        },
    )
