"""Radii of a cluster's tables in kpc, and whether its profiles cover the same part of it."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.cosmology import theta500_of
from astrosweep.kinds.clusters.profiles.profile_file import TabulatedProfile
from astrosweep.kinds.clusters.profiles.properties import Properties

_LARGEST_RATIO = 30.0
_ENDS_KPC = (10.0, 30_000.0)
"""Where a profile of a cluster can end, and hence what its last radius can be."""
_TYPICAL_END_KPC = 1000.0
_NEAR = 10.0
"""A unit is likely in which the last radius is within this factor of what is expected."""
_KPC = {"kpc": 1.0, "Mpc": 1000.0}
_Read = dict[str, dict[str, TabulatedProfile]]
_Files = Mapping[str, Mapping[str, Path]]


def to_kpc(profiles: _Read, files: _Files, properties: Mapping[str, Properties]) -> tuple[_Read, list[str]]:
    """Bring all radii to kpc.

    Args:
        profiles: Cluster and kind to its profile.
        files: Cluster and kind to its file, for messages.
        properties: Cluster to its properties; redshifts give the size of an arcmin.

    Returns:
        The profiles, and a fault for each whose cluster lacks the redshift or R500 that it needs.
    """
    angular = _kpc_per_arcmin(profiles, properties)
    converted: _Read = {}
    faults = []
    for cluster, own in profiles.items():
        factors = _kpc_per(cluster, properties[cluster], angular)
        converted[cluster] = {}
        for kind, profile in own.items():
            factor = factors[profile.radius_unit]
            if np.isnan(factor):
                needed = "redshift" if profile.radius_unit == "arcmin" else "r500_kpc"
                faults.append(
                    f"{files[cluster][kind]}: the radii are in {profile.radius_unit}, which needs the "
                    f"{needed} of {cluster}, and that is unknown; give it in clusters.csv "
                    "(data.tables.properties)"
                )
            converted[cluster][kind] = replace(profile, radius=profile.radius * factor, radius_unit="kpc")
    return converted, faults


def _kpc_per(cluster: str, known: Properties, angular: Mapping[str, float]) -> dict[str, float]:
    """The size of each unit in which radii are given, NaN where it is unknown."""
    return {**_KPC, "arcmin": angular.get(cluster, np.nan), "r500": known.r500_kpc}


def _kpc_per_arcmin(clusters: Iterable[str], properties: Mapping[str, Properties]) -> dict[str, float]:
    wanted = [name for name in clusters if not np.isnan(properties.get(name, Properties()).redshift)]
    if not wanted:
        return {}
    redshift = np.array([properties[name].redshift for name in wanted])
    arcmin_per_kpc = theta500_of(np.ones(len(wanted)), redshift)
    return dict(zip(wanted, (1.0 / arcmin_per_kpc).tolist(), strict=True))


def check_scales(
    profiles: _Read, stated: _Read, files: _Files, properties: Mapping[str, Properties]
) -> list[str]:
    """Find profiles whose radii cannot be those of the cluster, for example for a wrong unit.

    Args:
        profiles: Cluster and kind to its profile, radii in kpc.
        stated: The same, radii as the files have them.
        files: Cluster and kind to its file, for messages.
        properties: Cluster to its properties, as far as known.

    Returns:
        One fault for each such profile, with the unit that is likely.
    """
    faults = []
    for cluster, own in profiles.items():
        for kind, profile in own.items():
            known = properties.get(cluster, Properties())
            others = [other.radius for name, other in own.items() if name != kind]
            reason, expected = _what_is_wrong(profile.radius, cluster, others, known.r500_kpc)
            if not reason:
                continue
            first, last = profile.radius[0], profile.radius[-1]
            sizes = _kpc_per(cluster, known, _kpc_per_arcmin([cluster], properties))
            likely = _likely(stated[cluster][kind], sizes, expected)
            remedy = (
                f"they would end at {likely[1]:.6g} kpc if they are in {likely[0]}: correct the unit in the "
                f"file, or where it states none say data.tables.radius_unit={likely[0]}"
                if likely
                else "check the unit (data.tables.radius_unit)"
            )
            faults.append(
                f"{files[cluster][kind]}: the radii go from {first:.6g} to {last:.6g} kpc, {reason}; {remedy}"
            )
    return faults


def _what_is_wrong(
    radius: FloatArray, cluster: str, others: Sequence[FloatArray], r500: float
) -> tuple[str, float]:
    """Return why radii in kpc cannot be, empty if they can, and where they are expected to end."""
    first, last = radius[0], radius[-1]
    if others:
        typical = statistics.median(float(radii[-1]) for radii in others)
        lowest, highest = min(radii[0] for radii in others), max(radii[-1] for radii in others)
        if not 1 / _LARGEST_RATIO <= last / typical <= _LARGEST_RATIO:
            factor = f"allowed: a last one within a factor of {_LARGEST_RATIO:g}"
            return f"where {cluster}'s other profiles end at {typical:.6g} kpc; {factor}", typical
        if first > highest or last < lowest:
            allowed = f"lie from {lowest:.6g} to {highest:.6g} kpc; allowed: radii that overlap"
            return f"where {cluster}'s other profiles {allowed}", typical
    if not np.isnan(r500) and not 1 / _LARGEST_RATIO <= last / r500 <= _LARGEST_RATIO:
        factor = f"allowed: a last one within a factor of {_LARGEST_RATIO:g}"
        return f"where the R500 of {cluster} is {r500:.6g} kpc; {factor}", r500
    if not _ENDS_KPC[0] <= last <= _ENDS_KPC[1]:
        low, high = _ENDS_KPC
        return (
            f"which are those of no cluster; allowed: a last one from {low:g} to {high:g}",
            _TYPICAL_END_KPC,
        )
    return "", _TYPICAL_END_KPC


def _likely(
    profile: TabulatedProfile, sizes: Mapping[str, float], expected: float
) -> tuple[str, float] | None:
    """Return the unit in which radii would end where they should, and where they would end."""
    ends = {unit: float(profile.radius[-1]) * size for unit, size in sizes.items()}
    off = {unit: abs(math.log(end / expected)) for unit, end in ends.items() if np.isfinite(end)}
    off.pop(profile.radius_unit, None)
    unit = min(off, key=off.__getitem__, default=None)
    return (unit, ends[unit]) if unit is not None and off[unit] <= math.log(_NEAR) else None
