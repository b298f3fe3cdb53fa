"""The check, run with every training, that preparation and back leaves every profile as it was."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.clusters.preparation import TARGET_KEYS, ProfilePreparation, Rows, measured_points
from astrosweep.kinds.clusters.sample import ClusterSample, Profiles
from astrosweep.kinds.clusters.scaling import line_of_sight, radius_scale

_SAME = 1e-9
"""Radii closer than this, relative, are the same: they are scaled and back, which rounds."""


def there_and_back(
    preparation: ProfilePreparation, transform: TargetTransform, sample: ClusterSample
) -> dict[str, FloatArray]:
    """Carry every profile through the preparation and back.

    Args:
        preparation: The fitted preparation.
        transform: The map of the targets.
        sample: Clusters; targets are left out where the sample has none.

    Returns:
        Profile name (``sb``, ..., ``ne3d``) to values on the cluster's own radii, shape (N, points), NaN
        where nothing was measured.
    """
    rows = Rows(preparation, sample)
    result = {}
    for name, channel in preparation.channels.items():
        common = rows.common(name, sample.observed[name].value, sample.redshift)
        common = (common - channel.loc) / channel.width * channel.width + channel.loc
        values = channel.expand(rows.resampling[name].back(common))
        if preparation.config.line_of_sight == "on":
            values = values * line_of_sight(sample, name, sample.redshift)[:, None]
        result[name] = values
    if not sample.targets:
        return result
    target, _ = preparation.target(sample)
    target = transform.inverse(transform.forward(target))
    n_points = len(preparation.output_radii)
    for i, name in enumerate(preparation.target_names):
        if name not in TARGET_KEYS:
            continue
        column = target[:, i * n_points : (i + 1) * n_points]
        resampling = preparation.target_resampling(sample, name)
        result[TARGET_KEYS[name]] = preparation.expand_target(resampling.back(column))
    return result


def check_shape(
    preparation: ProfilePreparation, transform: TargetTransform, sample: ClusterSample
) -> pd.DataFrame:
    """Measure how much preparation and back changes each profile.

    Args:
        preparation: The fitted preparation.
        transform: The map of the targets.
        sample: Clusters.

    Returns:
        One row for each kind of profile: ``profile``, ``n_clusters``, ``n_points``,
        ``largest_relative_change`` and the ``cluster`` that has it.

    Raises:
        DataError: A profile changes by more than ``tolerance`` inside its measured and common range.
    """
    back = there_and_back(preparation, transform, sample)
    table: list[dict[str, Any]] = []
    for name, values in back.items():
        original = sample.observed[name] if name in sample.observed else sample.targets[name]
        compared = _compared(preparation, name, original, sample)
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
                "cluster": str(sample.names[worst]),
            }
        )
    faults = [row for row in table if row["largest_relative_change"] > preparation.config.tolerance]
    if faults:
        lines = "\n".join(
            f"  {row['profile']} of {row['cluster']}: {row['largest_relative_change']:.3g}" for row in faults
        )
        raise DataError(
            f"{sample.origin}: preparation and back changes profiles by more than data.preparation.tolerance="
            f"{preparation.config.tolerance:g} (largest relative change):\n{lines}\n"
            "The common radii are too sparse for these profiles: use more points (data.preparation.n_input, "
            "n_output), another spacing or range, output=radii_and_values, or a larger tolerance."
        )
    return pd.DataFrame(table)


def _compared(
    preparation: ProfilePreparation, name: str, original: Profiles, sample: ClusterSample
) -> NDArray[np.bool_]:
    """Points that must come back: measured, and in the common range; the data report counts the others."""
    if name in preparation.channels:
        measured, common = measured_points(preparation, name, original), preparation.input_radii
    else:
        measured, common = np.isfinite(original.value), preparation.output_radii
        if preparation.config.output != "values":
            return measured
    scaled = original.radius / radius_scale(sample, preparation.config.radius)[:, None]
    return np.asarray(
        measured & (scaled >= common[0] * (1.0 - _SAME)) & (scaled <= common[-1] * (1.0 + _SAME))
    )
