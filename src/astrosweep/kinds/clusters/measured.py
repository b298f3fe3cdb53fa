"""How much of a cluster was measured, against the clusters that a network was trained on.

Shapes: N clusters, L input points, P output points.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.preparation import CommonRadii, ProfilePreparation
from astrosweep.kinds.clusters.sample import Clusters, Profiles
from astrosweep.kinds.clusters.scaling import SCALES

Bools = NDArray[np.bool_]
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of N clusters.

    Attributes:
        inside: Observable to where the common input radii lie within its measured range, shape (N, L).
        preparation: What the network was trained with.
    """

    inside: Mapping[str, Bools]
    preparation: ProfilePreparation

    @property
    def any(self) -> Bools:
        """Whether a cluster has any observable at an input radius, shape (N,)."""
        return np.asarray(np.logical_or.reduce([own.any(axis=1) for own in self.inside.values()]))

    def lacking(self, observable: str) -> Bools:
        """Whether a cluster lacks an observable altogether, shape (N,)."""
        return ~np.asarray(self.inside[observable].any(axis=1))

    def untrained(self, observable: str) -> Bools:
        """Input points that a cluster lacks and every training cluster had, shape (N, L).

        Of a preparation that was saved without shares, none are known to be.
        """
        share = self.preparation.channels[observable].measured
        missing = ~self.inside[observable]
        return missing & (share == 1.0) if share is not None else np.zeros_like(missing)

    def at(self, radii: FloatArray) -> Bools:
        """Whether any observable was measured about scaled radii, shape (N, P), of the same shape."""
        grid = self.preparation.coordinate(self.preparation.input_radii)
        place = self.preparation.coordinate(radii)
        nearest = np.abs(place[..., None] - grid).argmin(axis=-1)
        anything = np.logical_or.reduce(list(self.inside.values()))
        within = (place >= grid[0] - _ROUNDING) & (place <= grid[-1] + _ROUNDING)
        return np.asarray(np.take_along_axis(anything, nearest, axis=1) & within)


def measured(preparation: ProfilePreparation, clusters: Clusters) -> Measured:
    """See what was measured of clusters that have every channel of a preparation, if only as gaps.

    Raises:
        DataError: R500 of a cluster is needed and not known.
    """
    maps = CommonRadii(preparation, clusters).resampling
    return Measured({name: own.inside for name, own in maps.items()}, preparation)


def with_all_channels(preparation: ProfilePreparation, clusters: Clusters) -> dict[str, Profiles]:
    """The observables that a network takes, those that no cluster has as gaps."""
    nothing = np.full((len(clusters), 2), np.nan)
    gaps = Profiles(nothing, nothing, nothing)
    return {name: clusters.observed.get(name, gaps) for name in preparation.channels}


def why_not(own: Measured) -> dict[int, str]:
    """Clusters that a network cannot predict for what was not measured, by position, and why.

    With a mask an observable may end early or be missing if training clusters showed the network what that
    looks like. Without one it may be missing only where training clusters lacked it too.
    """
    reasons: dict[int, list[str]] = {}
    for name in own.preparation.channels:
        refused, why = _refused(own, name)
        for row in np.flatnonzero(own.any & refused).tolist():
            reasons.setdefault(row, []).append(f"{name} {_gap(own, name, row)}, and {why}")
    low, high = own.preparation.input_radii[[0, -1]]
    every = ", ".join(own.preparation.channels)
    scale = SCALES[own.preparation.config.radius]
    told = f"none of {every} was measured at any radius from {low:g} to {high:g} {scale}"
    nothing = np.flatnonzero(~own.any).tolist()
    return {row: "; ".join(why) for row, why in reasons.items()} | dict.fromkeys(nothing, told)


def _refused(own: Measured, name: str) -> tuple[Bools, str]:
    preparation, lacking = own.preparation, own.lacking(name)
    share = preparation.channels[name].measured
    if name not in preparation.masked:
        if share is None and preparation.config.masks != "off":  # so that no training cluster lacked any
            short = ~own.inside[name].all(axis=1)
        else:
            short = own.untrained(name).any(axis=1)
        return lacking | short, "the network has no mask that would tell it so"
    if share is None:
        return np.zeros_like(lacking), ""
    why = "it was in every cluster that the network was trained on"
    if (share == 1.0).all():
        return ~np.asarray(own.inside[name].all(axis=1)), why
    return lacking if (share == 1.0).any() else np.zeros_like(lacking), why


def _gap(own: Measured, name: str, row: int) -> str:
    if own.lacking(name)[row]:
        return "was not measured"
    missing = own.untrained(name)[row]
    radii = own.preparation.input_radii[missing if missing.any() else ~own.inside[name][row]]
    scale = SCALES[own.preparation.config.radius]
    return f"was not measured at {len(radii)} radii from {radii[0]:.3g} to {radii[-1]:.3g} {scale}"
