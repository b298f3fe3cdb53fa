"""What profiles are told apart by: target and radius of each point, and the ranges of what was observed."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.data.ranges import range_of_numbers
from astrosweep.data.space import fit_space
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
        ``radius_kpc``, and of its values ``at`` some scaled radii; a cluster not measured there is missing;
        ``space``: of the columns of ``observed_numbers``, see ``Space``; None where there are too few.
    """
    by = "r500" if (clusters.r500_kpc > 0).all() else "outermost"
    values = _at_radii(clusters, radius_scale(clusters, by))
    observables = {}
    for name, profiles in clusters.observed.items():
        observables[name] = {
            "radius_kpc": range_of_numbers(profiles.radius[np.isfinite(profiles.radius)]),
            "at": {f"{radius:g}": range_of_numbers(values[name][:, i]) for i, radius in enumerate(AT)},
        }
    space = fit_space(observed_numbers(clusters, SCALES[by]))
    return {
        "redshift": range_of_numbers(clusters.redshift),
        "r500_kpc": range_of_numbers(clusters.r500_kpc),
        "radius_scaled_by": SCALES[by],
        "observables": observables,
        "space": space.as_dict() if space else None,
    }


def observed_numbers(clusters: Clusters, scaled_by: str) -> pd.DataFrame:
    """What was observed of N clusters in few numbers, NaN where it is not known.

    Args:
        clusters: The clusters.
        scaled_by: What radii are divided by, one of the words of ``SCALES``.

    Returns:
        ``redshift``, ``r500_kpc``, and each observable at some scaled radii, as ``sb at 0.1 R500``.
    """
    unit = scaled_by.removeprefix("the ")
    if scaled_by == SCALES["r500"]:
        scale = np.where(clusters.r500_kpc > 0.0, clusters.r500_kpc, np.nan)
    else:
        scale = radius_scale(clusters, "outermost")
    found = {"redshift": clusters.redshift, "r500_kpc": clusters.r500_kpc}
    for name, values in _at_radii(clusters, scale).items():
        found |= {f"{name} at {radius:g} {unit}": values[:, i] for i, radius in enumerate(AT)}
    return pd.DataFrame(found)


def _at_radii(clusters: Clusters, scale: FloatArray) -> dict[str, FloatArray]:
    """Each observable at the scaled radii ``AT``, (N, 4); NaN where a cluster was not measured."""
    found = {}
    for name, profiles in clusters.observed.items():
        measured = np.isfinite(profiles.value) & np.isfinite(profiles.radius / scale[:, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.log(profiles.radius / scale[:, None])
        resampling = Resampling.between(own, measured, np.log(AT))
        found[name] = np.where(resampling.inside, resampling.forward(profiles.value), np.nan)
    return found
