"""Metrics of predicted profiles.

Shapes: N clusters, T target columns (channels times points), P points of a profile.
"""

import numpy as np

from astrosweep.config.kinds.clusters import IDEAL_GAS, PROFILE_TARGETS
from astrosweep.core.types import FloatArray
from astrosweep.data.kind import Judged
from astrosweep.kinds.clusters.metrics import INNER, OUTER, differences, interval_metrics, relative_errors
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.sample import Clusters, TrueProfiles
from astrosweep.kinds.clusters.scaling import radius_scale


def score_profiles(
    preparation: ProfilePreparation, judged: Judged[Clusters, TrueProfiles]
) -> dict[str, float]:
    """Return the metrics of some clusters, by name, for each target and over all of them.

    Args:
        preparation: The fitted preparation, whose map gives the normalised units.
        judged: The clusters.

    Returns:
        ``<target>/<metric>``, and ``<metric>`` over all targets in normalised units.
    """
    true, mean, std = judged.target, judged.predicted.mean, judged.predicted.std
    transform = preparation.transform
    normal_true, normal_mean = transform.forward(true), transform.forward(mean)
    scale = radius_scale(judged.objects, preparation.config.radius)[:, None]
    metrics: dict[str, float] = {}
    for name in preparation.quantities:
        radius = preparation.target_radii(judged.objects, judged.truth, name) / scale
        columns = preparation.columns_of(name)
        of_values = differences(normal_true[:, columns], normal_mean[:, columns])
        of_target = {
            **relative_errors(
                radius,
                preparation.expand_target(true[:, columns]),
                preparation.expand_target(mean[:, columns]),
            ),
            **interval_metrics(radius, (mean - true)[:, columns], judged.error[:, columns], std[:, columns]),
            **{f"{key}_values": value for key, value in of_values.items()},
        }
        if preparation.config.output != "values":
            columns = preparation.columns_of_radii(name)
            of_radii = differences(normal_true[:, columns], normal_mean[:, columns])
            of_target |= {f"{key}_radii": value for key, value in of_radii.items()}
        metrics |= {f"{name}/{key}": value for key, value in of_target.items()}
    if set(preparation.quantities) == set(PROFILE_TARGETS) and preparation.config.output == "values":
        metrics[IDEAL_GAS] = _ideal_gas_deviation(preparation, mean)
    overall = differences(normal_true, normal_mean)
    known = np.isfinite(normal_true) & np.isfinite(normal_mean)
    variance = float(np.var(normal_true[known])) if known.any() else 0.0
    every = np.full_like(true, 0.5)
    return {
        **metrics,
        "mse": overall["mse"],
        "rmse": overall["rmse"],
        "mae": overall["mean_absolute_difference"],
        "bias": -overall["mean_difference"],
        "r2": 1.0 - overall["mse"] / variance if variance > 0.0 else float("nan"),
        **interval_metrics(every, mean - true, judged.error, std),
        "n": float(len(judged)),
    }


def _ideal_gas_deviation(preparation: ProfilePreparation, mean: FloatArray) -> float:
    """Median of |P / (n_e T) - 1| of predicted profiles between 0.03 and 1: whether they agree."""
    inside = (preparation.output_radii >= INNER) & (preparation.output_radii <= OUTER)
    pressure, density, temperature = (
        preparation.expand_target(mean[:, preparation.columns_of(name)])[:, inside]
        for name in PROFILE_TARGETS
    )
    return float(np.nanmedian(np.abs(pressure / (density * temperature) - 1.0)))
