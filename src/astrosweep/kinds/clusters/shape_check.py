"""The check, run with every training, that preparation and back leaves every profile as it was."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.config.kinds.clusters import TARGET_KEYS
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.preparation import CommonRadii, ProfilePreparation, measured_points
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, Profiles
from astrosweep.kinds.clusters.scaling import line_of_sight, radius_scale

_SAME = 1e-9
"""Radii closer than this, relative, are the same: they are scaled and back, which rounds."""


def there_and_back(preparation: ProfilePreparation, sample: ClusterSample) -> dict[str, FloatArray]:
    """Carry every profile through the preparation and back.

    Args:
        preparation: The fitted preparation.
        sample: Clusters; targets are left out where the sample has none.

    Returns:
        Profile name (``sb``, ..., ``ne3d``) to values on the cluster's own radii, shape (N, points), NaN
        where nothing was measured.
    """
    clusters = sample.objects
    gridded = CommonRadii(preparation, clusters)
    result = {}
    for name, channel in preparation.channels.items():
        common = gridded.common(name, clusters.observed[name].value, clusters.redshift)
        common = (common - channel.loc) / channel.width * channel.width + channel.loc
        values = channel.expand(gridded.resampling[name].back(common))
        if preparation.config.line_of_sight == "on":
            values = values * line_of_sight(clusters, name, clusters.redshift)[:, None]
        result[name] = values
    if not sample.truth.profiles:
        return result
    target, _ = preparation.targets(sample)
    target = preparation.transform.inverse(preparation.transform.forward(target))
    n_points = len(preparation.output_radii)
    for i, name in enumerate(preparation.target_names):
        if name not in TARGET_KEYS:
            continue
        column = target[:, i * n_points : (i + 1) * n_points]
        _, _, resampling = preparation.targets_of(name, sample)
        result[TARGET_KEYS[name]] = preparation.expand_target(resampling.back(column))
    return result


def check_shape(preparation: ProfilePreparation, sample: ClusterSample) -> pd.DataFrame:
    """Measure how much preparation and back changes each profile.

    Args:
        preparation: The fitted preparation.
        sample: Clusters.

    Returns:
        One row for each kind of profile: ``profile``, ``n_clusters``, ``n_points``,
        ``largest_relative_change`` and the ``cluster`` that has it.

    Raises:
        DataError: A profile changes by more than ``tolerance`` inside its measured and common range.
    """
    clusters, back = sample.objects, there_and_back(preparation, sample)
    table: list[dict[str, Any]] = []
    for name, values in back.items():
        original = clusters.observed[name] if name in clusters.observed else sample.truth.profiles[name]
        compared = _compared(preparation, name, original, clusters)
        with np.errstate(invalid="ignore", divide="ignore"):
            change = np.abs(values / original.value - 1.0)
        change = np.where(compared, np.where(np.isfinite(change), change, np.inf), 0.0)
        worst = int(change.max(axis=1).argmax())
        table.append(
            {
                "profile": name,
                "n_clusters": int(compared.any(axis=1).sum()),
                "n_points": int(compared.sum()),
                "largest_relative_change": float(change[worst].max()),
                "cluster": str(clusters.names[worst]),
            }
        )
    faults = [row for row in table if row["largest_relative_change"] > preparation.config.tolerance]
    if faults:
        lines = "\n".join(
            f"  {row['profile']} of {row['cluster']}: {row['largest_relative_change']:.3g}" for row in faults
        )
        raise DataError(
            f"{clusters.origin}: preparation and back changes profiles by more than "
            f"data.preparation.tolerance={preparation.config.tolerance:g} (largest relative change):\n"
            f"{lines}\n"
            "The common radii are too sparse for these profiles: use more points (data.preparation.n_input, "
            "n_output), another spacing or range, output=radii_and_values, or a larger tolerance."
        )
    return pd.DataFrame(table)


def _compared(
    preparation: ProfilePreparation, name: str, original: Profiles, clusters: Clusters
) -> NDArray[np.bool_]:
    """Points that must come back: measured, and in the common range; the data report counts the others."""
    if name in preparation.channels:
        measured, common = measured_points(preparation, name, original), preparation.input_radii
    else:
        measured, common = np.isfinite(original.value), preparation.output_radii
        if preparation.config.output != "values":
            return measured
    scaled = original.radius / radius_scale(clusters, preparation.config.radius)[:, None]
    return np.asarray(
        measured & (scaled >= common[0] * (1.0 - _SAME)) & (scaled <= common[-1] * (1.0 + _SAME))
    )
