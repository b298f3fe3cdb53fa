"""One fold of clusters ready for a fit."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.core.files import write_json
from astrosweep.core.types import Dataset, Fold, Unlabelled
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.clusters.development import ClusterDevelopment
from astrosweep.kinds.clusters.fit_preparation import fit_preparation
from astrosweep.kinds.clusters.preparation import ProfilePreparation, Rows
from astrosweep.kinds.clusters.sample import ClusterSample
from astrosweep.kinds.clusters.shape_check import check_shape
from astrosweep.kinds.clusters.variation import Variation


@dataclass(frozen=True, eq=False)
class PreparedClusters:
    """One fold ready for a fit, and how it was prepared.

    Attributes:
        fold: Labelled training and validation clusters, unlabelled test clusters.
        target_transform: The fitted map of the target.
        preparation: The fitted preparation.
        train: The training clusters as read.
        val: The validation clusters as read.
        test: The sealed clusters, without targets.
        learned: Which of the T target columns any training cluster has, shape (T,).
        shape: How much preparation and back changes each profile; see ``check_shape``.
        facts: Counts for the data report.
    """

    fold: Fold
    target_transform: TargetTransform
    preparation: ProfilePreparation
    train: ClusterSample
    val: ClusterSample
    test: ClusterSample
    learned: NDArray[np.bool_]
    shape: pd.DataFrame
    facts: dict[str, Any]

    def describe(self) -> dict[str, Any]:
        """What else a reader of the weights needs, as plain values."""
        return {"n_points": self.fold.n_points}

    def save(self, folder: Path) -> None:
        """Write the fitted preparation as JSON, which runs no code when it is read.

        Raises:
            OSError: The file cannot be written.
        """
        write_json(folder / "preparation.json", _plain(self.preparation))
        self.shape.to_csv(folder / "shape_check.csv", index=False)


def prepare_clusters(development: ClusterDevelopment, k: int) -> PreparedClusters:
    """Fit the preparation on the training clusters of fold ``k``, apply it to every part and check it.

    Args:
        development: The labelled and the sealed clusters.
        k: Index of the fold that validates.

    Returns:
        The prepared fold.

    Raises:
        DataError: Preparation and back changes a profile, or the settings need what the sample has not.
    """
    data = development.data
    train = development.sample.take(np.flatnonzero(development.fold != k))
    val = development.sample.take(np.flatnonzero(development.fold == k))
    for part, clusters in (("training", train), ("validation", val)):
        if len(clusters) == 0:
            raise DataError(f"{train.origin}: fold {k} has no {part} clusters")
    preparation = fit_preparation(train, data.preparation, data.observables, development.targets)
    target, error = preparation.target(train)
    transform = TargetTransform.fit_columns(target, standardise=preparation.config.standardise)
    shape = check_shape(preparation, transform, development.sample)
    augmentation = data.preparation.augmentation
    varies = augmentation.noise or augmentation.amplitude > 0.0 or augmentation.redshift > 0.0
    vary = Variation(preparation, train, target, augmentation) if varies else None
    val_target, val_error = preparation.target(val)
    rows = {"train": Rows(preparation, train), "val": Rows(preparation, val)}
    fold = Fold(
        train=Dataset(train.ids, rows["train"].features(), target, error, vary),
        val=Dataset(val.ids, rows["val"].features(), val_target, val_error),
        test=Unlabelled(development.sealed.ids, preparation.features(development.sealed)),
        feature_names=preparation.feature_names,
        target_names=preparation.target_names,
        n_points=preparation.config.n_output,
    )
    return PreparedClusters(
        fold=fold,
        target_transform=transform,
        preparation=preparation,
        train=train,
        val=val,
        test=development.sealed,
        learned=np.asarray(np.isfinite(target).any(axis=0)),
        shape=shape,
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
                for part, of_part in rows.items()
            },
            "share_of_target_points_not_measured": round(float(np.isnan(target).mean()), 4),
        },
    )


def _plain(preparation: ProfilePreparation) -> dict[str, Any]:
    """Plain values for JSON."""
    return {
        "config": preparation.config.model_dump(mode="json"),
        "targets": preparation.targets,
        "channels": {
            name: {
                key: value.tolist() if isinstance(value, np.ndarray) else value
                for key, value in asdict(channel).items()
            }
            for name, channel in preparation.channels.items()
        },
        **{
            name: getattr(preparation, name).tolist()
            for name in (
                "input_radii",
                "output_radii",
                "radius_loc",
                "radius_width",
                "context_loc",
                "context_width",
            )
        },
        "masked": preparation.masked,
    }
