"""Radii of a cluster's tables in kpc, and whether its profiles cover the same part of it."""

import statistics
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from astrosweep.kinds.clusters.forward.cosmology import theta500_of
from astrosweep.kinds.clusters.profiles.profile_file import TabulatedProfile
from astrosweep.kinds.clusters.profiles.properties import Properties

_LARGEST_RATIO = 30.0
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
        factors = {**_KPC, "arcmin": angular.get(cluster, np.nan), "r500": properties[cluster].r500_kpc}
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


def _kpc_per_arcmin(profiles: _Read, properties: Mapping[str, Properties]) -> dict[str, float]:
    wanted = [
        cluster
        for cluster, own in profiles.items()
        if any(profile.radius_unit == "arcmin" for profile in own.values())
        and not np.isnan(properties[cluster].redshift)
    ]
    if not wanted:
        return {}
    redshift = np.array([properties[name].redshift for name in wanted])
    arcmin_per_kpc = theta500_of(np.ones(len(wanted)), redshift)
    return dict(zip(wanted, (1.0 / arcmin_per_kpc).tolist(), strict=True))


def check_scales(profiles: _Read, files: _Files, properties: Mapping[str, Properties]) -> list[str]:
    """Find profiles whose radii cannot be those of the cluster's others, for example for a wrong unit.

    Args:
        profiles: Cluster and kind to its profile, radii in kpc.
        files: Cluster and kind to its file, for messages.
        properties: Cluster to its properties, as far as known.

    Returns:
        One fault for each such profile.
    """
    faults = []
    for cluster, own in profiles.items():
        r500 = properties.get(cluster, Properties()).r500_kpc
        for kind, profile in own.items():
            others = [other.radius for name, other in own.items() if name != kind]
            first, last = profile.radius[0], profile.radius[-1]
            reason = ""
            if others:
                typical = statistics.median(float(radii[-1]) for radii in others)
                lowest, highest = min(radii[0] for radii in others), max(radii[-1] for radii in others)
                if not 1 / _LARGEST_RATIO <= last / typical <= _LARGEST_RATIO:
                    reason = f"where {cluster}'s other profiles end at {typical:.6g} kpc"
                elif first > highest or last < lowest:
                    reason = f"where {cluster}'s other profiles lie from {lowest:.6g} to {highest:.6g} kpc"
            if not reason and not np.isnan(r500) and not 1 / _LARGEST_RATIO <= last / r500 <= _LARGEST_RATIO:
                reason = f"where the R500 of {cluster} is {r500:.6g} kpc"
            if reason:
                faults.append(
                    f"{files[cluster][kind]}: the radii go from {first:.6g} to {last:.6g} kpc, {reason}; "
                    f"allowed: radii that overlap, and a last one within a factor of {_LARGEST_RATIO:g}; "
                    "check the unit (data.tables.radius_unit)"
                )
    return faults
