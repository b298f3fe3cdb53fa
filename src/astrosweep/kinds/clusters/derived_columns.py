"""Derived quantities as columns that go out: profiles beside the predicted ones, and one row a cluster.

Shapes: N clusters, P output points.
"""

from collections.abc import Mapping

import numpy as np

from astrosweep.core.types import FloatArray
from astrosweep.data.field import Field
from astrosweep.data.incoming import Column, Outgoing
from astrosweep.kinds.clusters.flags import Flags, flag_columns
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.propagate import PERCENTILES, Derived, can_derive, derive

_WHAT = {
    "entropy": ("keV cm2", "phys.entropy", "Entropy k T n_e^(-2/3)"),
    "hydrostatic_mass": ("Msun", "phys.mass", "Mass inside this radius in hydrostatic equilibrium"),
    "gas_mass_r500": ("Msun", "phys.mass", "Mass of the gas inside R500"),
    "gas_mass_r2500": ("Msun", "phys.mass", "Mass of the gas inside R2500, 0.445 R500"),
    "y500": ("Mpc2", "phys.pressure;phys.area", "Spherical Compton parameter inside R500"),
    "hydrostatic_mass_r500": ("Msun", "phys.mass", "Mass inside R500 in hydrostatic equilibrium"),
}
"""Derived quantity to its unit, descriptor and description."""


def derived_columns(derived: Derived) -> list[Column]:
    """Derived profiles with their intervals, and how far predictions are from the ideal gas, (N P,)."""
    columns = _with_intervals(derived.profiles)
    if derived.deviation is not None and derived.deviation_sigma is not None:
        what = "P / (n_e k T) - 1 of the predicted profiles"
        for name, values, told in (
            ("ideal_gas_deviation", derived.deviation, what),
            ("ideal_gas_deviation_sigma", derived.deviation_sigma, f"ln of 1 + {what}, in 1-sigma of ln P"),
        ):
            columns.append((Field(name, float, "", "phys.pressure;arith.ratio", told), values.ravel()))
    return columns


def cluster_columns(preparation: ProfilePreparation, outgoing: Outgoing) -> list[Column]:
    """One row for each cluster: what was derived within R500 and R2500.

    Args:
        preparation: What the network was trained with.
        outgoing: The predictions.

    Returns:
        ``redshift``, ``r500_kpc``; the scalars of ``derive``, each with ``_lower_68``, ``_upper_68``,
        ``_lower_95`` and ``_upper_95``; ``point_flag`` and ``point_reason``: those of all points inside R500
        (of all points where that is unknown).
    """
    clusters = outgoing.judged.objects
    identity: list[Column] = [
        (Field("redshift", float, "", "src.redshift", "Redshift as given"), clusters.redshift),
        (Field("r500_kpc", float, "kpc", "phys.size.radius", "R500 as given"), clusters.r500_kpc),
    ]
    if not can_derive(preparation):
        return identity
    scalars = _with_intervals(derive(preparation, outgoing).scalars)
    radius = preparation.target_radii(clusters, None, preparation.quantities[0])
    learned = preparation.learned.reshape(len(preparation.target_names), -1).all(axis=0)
    flags = Flags(preparation, clusters)
    found = flags.of_points(radius, np.asarray(learned))
    within = np.where(clusters.r500_kpc > 0.0, clusters.r500_kpc, np.inf)[:, None] * (1.0 + 1e-9)
    of_cluster = np.bitwise_or.reduce(np.where(radius <= within, found, 0), axis=1)
    return [*identity, *scalars, *flag_columns(flags, of_cluster[:, None].astype(np.int16))]


def _with_intervals(found: Mapping[str, Mapping[str, FloatArray]]) -> list[Column]:
    columns: list[Column] = []
    for name, ends in found.items():
        unit, ucd, what = _WHAT[name]
        for end in sorted(PERCENTILES):
            field = Field(name, float, unit, ucd, f"{what}, the median of what it may be")
            if end:
                bound, level = end.split("_")
                word = {"lower": "min", "upper": "max"}[bound]
                told = f"{bound.capitalize()} end of the {level} % interval: {what}"
                field = Field(f"{name}_{end}", float, unit, f"stat.error;stat.{word};{ucd}", told)
            columns.append((field, ends[end].ravel()))
    return columns
