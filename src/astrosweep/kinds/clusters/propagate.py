"""Derived quantities of predicted clusters with their intervals, from draws of their profiles.

Shapes: N clusters, P output points.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from astrosweep.core.types import FloatArray
from astrosweep.data.incoming import Outgoing
from astrosweep.kinds.clusters.derived import (
    compton_parameter,
    entropy,
    gas_mass,
    hydrostatic_mass,
    ideal_gas_deviation,
    r2500_over_r500,
)
from astrosweep.kinds.clusters.draws import draw_errors
from astrosweep.kinds.clusters.preparation import ProfilePreparation

N_DRAWS = 500
PERCENTILES = {"lower_95": 2.5, "lower_68": 15.865, "": 50.0, "upper_68": 84.135, "upper_95": 97.5}
"""Column's end to its percentile of the draws; the median is the value."""
_ROUNDING = 1e-9
_OF_ALL = frozenset({"pressure", "density", "temperature"})
_NEEDED = {
    "entropy": _OF_ALL,
    "hydrostatic_mass": _OF_ALL,
    "gas_mass_r500": {"density"},
    "gas_mass_r2500": {"density"},
    "y500": {"pressure"},
    "hydrostatic_mass_r500": _OF_ALL,
}
"""Derived quantity to the predicted ones that it needs."""
PROFILES = ("entropy", "hydrostatic_mass")


@dataclass(frozen=True, eq=False)
class Derived:
    """Derived quantities of N clusters.

    Attributes:
        profiles: Quantity to a key of ``PERCENTILES`` to its profile, shape (N, P).
        scalars: Quantity to a key of ``PERCENTILES`` to one value for each cluster, shape (N,).
        deviation: P / (n_e k T) - 1 of the predictions, shape (N, P); None unless all three are predicted.
        deviation_sigma: Its logarithm over the 1-sigma uncertainty of the pressure's, of the same shape.
    """

    profiles: Mapping[str, Mapping[str, FloatArray]]
    scalars: Mapping[str, Mapping[str, FloatArray]]
    deviation: FloatArray | None
    deviation_sigma: FloatArray | None


def can_derive(preparation: ProfilePreparation) -> bool:
    """Whether logarithms are learned on common radii, of which draws are made."""
    return preparation.config.logarithm and preparation.config.output == "values"


def derive(preparation: ProfilePreparation, outgoing: Outgoing, n_draws: int = N_DRAWS) -> Derived:
    """Derive what the predicted quantities allow.

    Draws of a cluster go by its identifier, whichever other clusters are predicted with it.

    Args:
        preparation: What the network was trained with; ``can_derive`` holds.
        outgoing: The predictions.
        n_draws: Draws of each cluster.

    Returns:
        ``entropy`` (keV cm^2) and ``hydrostatic_mass`` (solar masses) as profiles; ``gas_mass_r500``,
        ``gas_mass_r2500``, ``hydrostatic_mass_r500`` (solar masses) and ``y500`` (Mpc^2) of each cluster;
        those whose profiles are predicted. NaN where no training cluster taught a profile, where R500 is
        unknown, or where profiles end before it.
    """
    clusters = outgoing.judged.objects
    radius = preparation.target_radii(clusters, None, preparation.quantities[0])
    names = [name for name, of in _NEEDED.items() if of <= set(preparation.quantities)]
    found: dict[str, list[FloatArray]] = {name: [] for name in names}
    wanted = list(PERCENTILES.values())
    for row in range(len(clusters)):
        drawn = _drawn(preparation, outgoing, row, radius[row], n_draws)
        profiles = _profiles(radius[row], drawn)
        own = profiles | _scalars(radius[row], drawn, profiles, float(clusters.r500_kpc[row]))
        for name in names:
            found[name].append(np.percentile(own[name], wanted, axis=0))
    deviation, sigma = _deviation(preparation, outgoing)
    ends = {name: _by_end(own, radius.shape[1:] if name in PROFILES else ()) for name, own in found.items()}
    return Derived(
        {name: own for name, own in ends.items() if name in PROFILES},
        {name: own for name, own in ends.items() if name not in PROFILES},
        deviation,
        sigma,
    )


def _by_end(found: list[FloatArray], shape: tuple[int, ...]) -> dict[str, FloatArray]:
    """Percentiles of clusters, each (percentiles, *shape), by the end of their column, (N, *shape)."""
    every = np.array(found).reshape(len(found), len(PERCENTILES), *shape)
    return dict(zip(PERCENTILES, np.moveaxis(every, 1, 0), strict=True))


def _drawn(
    preparation: ProfilePreparation, outgoing: Outgoing, row: int, radius: FloatArray, n_draws: int
) -> dict[str, FloatArray]:
    """Draws of the profiles of one cluster, each (D, P); NaN where nothing was learned."""
    std, means = {}, {}
    for name in preparation.quantities:
        place = preparation.columns_of(name)
        std[name] = outgoing.judged.predicted.std[row, place]
        mean = outgoing.judged.predicted.mean[row, place]
        means[name] = np.where(preparation.learned[place], mean, np.nan)
    rng = np.random.default_rng(int(outgoing.judged.objects.ids[row]))
    errors = draw_errors(np.log(radius), std, n_draws, rng)
    return {name: np.exp(means[name] + errors[name]) for name in preparation.quantities}


def _profiles(radius: FloatArray, drawn: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Draws of derived profiles, each (D, P)."""
    if not set(drawn) >= _OF_ALL:
        return {}
    density, temperature, pressure = drawn["density"], drawn["temperature"], drawn["pressure"]
    known = np.isfinite(temperature[0]) & np.isfinite(pressure[0])
    mass = np.full_like(temperature, np.nan)
    mass[:, known] = hydrostatic_mass(radius[known], temperature[:, known], pressure[:, known])
    return {"entropy": entropy(density, temperature), "hydrostatic_mass": mass}


def _scalars(
    radius: FloatArray, drawn: Mapping[str, FloatArray], profiles: Mapping[str, FloatArray], r500: float
) -> dict[str, FloatArray]:
    """Draws of what a cluster has one of, each (D,)."""
    within, found = np.array([r500, r2500_over_r500() * r500]), {}
    if "density" in drawn:
        masses = gas_mass(*_known(radius, drawn["density"]), within)
        found = {"gas_mass_r500": masses[:, 0], "gas_mass_r2500": masses[:, 1]}
    if "pressure" in drawn:
        found["y500"] = compton_parameter(*_known(radius, drawn["pressure"]), within)[:, 0]
    if "hydrostatic_mass" in profiles:
        found["hydrostatic_mass_r500"] = _at(r500, radius, profiles["hydrostatic_mass"])
    return found


def _at(place: float, radius: FloatArray, profiles: FloatArray) -> FloatArray:
    """Values of profiles (D, P) at one radius, linear in its logarithm; NaN beyond the ends."""
    right = int(np.searchsorted(radius, place * (1.0 - _ROUNDING)))
    if not (np.isfinite(place) and radius[0] <= place and right < len(radius)):
        return np.full(len(profiles), np.nan)
    left = max(right - 1, 0)
    share = np.log(place / radius[left]) / np.log(radius[left + 1] / radius[left])
    return np.asarray((1.0 - share) * profiles[:, left] + share * profiles[:, left + 1])


def _known(radius: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = np.isfinite(values[0])
    return radius[known], values[:, known]


def _deviation(
    preparation: ProfilePreparation, outgoing: Outgoing
) -> tuple[FloatArray | None, FloatArray | None]:
    if not set(preparation.quantities) >= _OF_ALL:
        return None, None
    value = {}
    for name in _OF_ALL:
        place = preparation.columns_of(name)
        mean = outgoing.judged.predicted.mean[:, place]
        value[name] = np.exp(np.where(preparation.learned[place], mean, np.nan))
    deviation = ideal_gas_deviation(value["pressure"], value["density"], value["temperature"])
    std = outgoing.judged.predicted.std[:, preparation.columns_of("pressure")]
    return deviation, np.asarray(np.log1p(deviation) / std)
