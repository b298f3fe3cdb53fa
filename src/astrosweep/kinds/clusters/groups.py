"""What profiles are told apart by: target and radius of each point, and the ranges of what was observed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.data.ranges import range_of_numbers
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.resample import Resampling
from astrosweep.kinds.clusters.sample import Clusters
from astrosweep.kinds.clusters.scaling import SCALES, radius_scale

TARGET_AND_RADIUS = "target and radius"
AT = (0.03, 0.1, 0.3, 1.0)
"""Scaled radii at which ranges of observables are told."""


def profile_variables(preparation: ProfilePreparation) -> dict[str, NDArray[Any]]:
    """See ``Kind.variables``: what each target column is, such as ``density at 0.12 R500``, shape (1, T).

    Where radii are learned too, points have no common radius and go by their number from 1.
    """
    if preparation.config.output == "values":
        unit = SCALES[preparation.config.radius]
        points = [f"at {radius} {unit}" for radius in _short(preparation.output_radii.tolist())]
    else:
        points = [f"at point {i}" for i in range(1, len(preparation.output_radii) + 1)]
    names = [f"{name.replace('_', ' ')} {point}" for name in preparation.target_names for point in points]
    return {TARGET_AND_RADIUS: np.array(names, dtype=object)[None, :]}


def _short(numbers: list[float]) -> list[str]:
    """Numbers with as few digits as tell them apart."""
    for digits in range(2, 17):
        found = [f"{number:.{digits}g}" for number in numbers]
        if len(set(found)) == len(found):
            return found
    return [repr(number) for number in numbers]


def cluster_ranges(clusters: Clusters) -> dict[str, Any]:
    """See ``Kind.ranges``.

    Returns:
        ``redshift`` and ``r500_kpc`` to what ``range_of_numbers`` gives; ``radius_scaled_by``: ``R500``, or
        what stands in where it is not known for all; ``observables``: each to the ranges of its
        ``radius_kpc``, and of its values ``at`` some scaled radii; a cluster not measured there is missing.
    """
    by = "r500" if (clusters.r500_kpc > 0).all() else "outermost"
    scale = radius_scale(clusters, by)[:, None]
    observables = {}
    for name, profiles in clusters.observed.items():
        measured = np.isfinite(profiles.value) & np.isfinite(profiles.radius)
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.log(profiles.radius / scale)
        resampling = Resampling.between(own, measured, np.log(AT))
        values = np.where(resampling.inside, resampling.forward(profiles.value), np.nan)
        observables[name] = {
            "radius_kpc": range_of_numbers(profiles.radius[np.isfinite(profiles.radius)]),
            "at": {f"{radius:g}": range_of_numbers(values[:, i]) for i, radius in enumerate(AT)},
        }
    return {
        "redshift": range_of_numbers(clusters.redshift),
        "r500_kpc": range_of_numbers(clusters.r500_kpc),
        "radius_scaled_by": SCALES[by],
        "observables": observables,
    }
