"""Predicted profiles as the columns of one table that goes out, in physical units.

A column has one unit and one meaning, so that each quantity has columns of its own and a row is an output
radius of a cluster. Shapes: N clusters, P output points; columns have N times P values.
"""

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.data.field import Field
from astrosweep.data.incoming import Column, Outgoing
from astrosweep.kinds.clusters.derived_columns import derived_columns
from astrosweep.kinds.clusters.flags import Flags, flag_columns
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.propagate import can_derive, derive

UNITS = {"pressure": "keV cm-3", "density": "cm-3", "temperature": "keV"}
UCDS = {
    "pressure": "phys.pressure;phys.electron",
    "density": "phys.density;phys.electron",
    "temperature": "phys.temperature;phys.electron",
}
_CALLED = {"pressure": "electron pressure", "density": "electron density", "temperature": "temperature"}
LEVELS = {"68": 1, "95": 3}
"""Interval in per cent to its place among ``Outgoing.widths``."""


def profile_columns(preparation: ProfilePreparation, outgoing: Outgoing) -> list[Column]:
    """Predicted profiles with their intervals, uncertainties and flags, cluster by cluster.

    Intervals are those of the logarithm carried to physical units, so that they are not symmetric.
    Uncertainties are in the unit of their value too: of a quantity learned as its logarithm, the value times
    the 1-sigma uncertainty of the logarithm. Values that no training cluster taught are NaN and flagged.

    Args:
        preparation: What the network was trained with.
        outgoing: The predictions.

    Returns:
        ``radius_kpc``, ``radius_r500`` (NaN where R500 is unknown); by quantity its value,
        ``_lower_68``, ``_upper_68``, ``_lower_95``, ``_upper_95``, ``_uncertainty``, ``_aleatoric`` and
        ``_epistemic``; the columns of ``derived_columns``; ``point_flag`` and ``point_reason``. Where
        radii are learned too, each quantity has ``<quantity>_radius_kpc`` and ``<quantity>_radius_r500``.
    """
    clusters, n_points = outgoing.judged.objects, len(preparation.output_radii)
    columns: list[Column] = []
    flags = Flags(preparation, clusters)
    found = np.zeros((len(clusters), n_points), dtype=np.int16)
    common = preparation.config.output == "values"
    for quantity in preparation.quantities:
        radius = radii_of(preparation, outgoing, quantity)
        if not common or quantity == preparation.quantities[0]:
            columns += _radii(radius, clusters.r500_kpc, "" if common else f"{quantity}_")
        columns += _quantity(preparation, outgoing, quantity)
        found |= flags.of_points(radius, preparation.learned[preparation.columns_of(quantity)])
    if can_derive(preparation):
        columns += derived_columns(derive(preparation, outgoing))
    return [*columns, *flag_columns(flags, found)]


def radii_of(preparation: ProfilePreparation, outgoing: Outgoing, quantity: str) -> FloatArray:
    """Radii of the output points, shape (N, P), kpc; as predicted where they are learned."""
    if preparation.config.output == "values":
        return preparation.target_radii(outgoing.judged.objects, None, quantity)
    predicted = outgoing.judged.predicted.mean[:, preparation.columns_of_radii(quantity)]
    return np.asarray(preparation.expand_target(predicted))


def _radii(radius: FloatArray, r500_kpc: FloatArray, prefix: str) -> list[Column]:
    kpc = Field(f"{prefix}radius_kpc", float, "kpc", "phys.size.radius", "Distance from the centre")
    scaled = Field(
        f"{prefix}radius_r500",
        float,
        "",
        "phys.size.radius;arith.ratio",
        "Distance from the centre over R500",
    )
    return [(kpc, radius.ravel()), (scaled, (radius / r500_kpc[:, None]).ravel())]


def _quantity(preparation: ProfilePreparation, outgoing: Outgoing, quantity: str) -> list[Column]:
    place = preparation.columns_of(quantity)
    learned = preparation.learned[place]
    mean = np.where(learned, outgoing.judged.predicted.mean[:, place], np.nan)
    value = preparation.expand_target(mean)
    unit, ucd, called = UNITS[quantity], UCDS[quantity], _CALLED[quantity]

    def column(end: str, values: FloatArray, ucd: str, description: str) -> Column:
        flat: NDArray[np.float64] = np.asarray(values, dtype=np.float64).ravel()
        return Field(f"{quantity}{end}", float, unit, ucd, description), flat

    columns = [column("", value, ucd, f"Predicted {called}, the median of what it may be")]
    for level, at in LEVELS.items():
        width = outgoing.widths[at][:, place]
        for end, word, bound in (("lower", "min", mean - width), ("upper", "max", mean + width)):
            told = f"{end.capitalize()} end of the {level} % interval of the true {called}"
            columns.append(
                column(
                    f"_{end}_{level}", preparation.expand_target(bound), f"stat.error;stat.{word};{ucd}", told
                )
            )
    size = value if preparation.config.logarithm else np.ones_like(value)
    for end, std, told in (
        ("_uncertainty", outgoing.judged.predicted.std, "1-sigma uncertainty"),
        ("_aleatoric", outgoing.aleatoric, "Part of the uncertainty that the data leave open"),
        ("_epistemic", outgoing.epistemic, "Part of the uncertainty that the networks disagree about"),
    ):
        columns.append(column(end, size * std[:, place], f"stat.error;{ucd}", f"{told}, {called}"))
    return columns
