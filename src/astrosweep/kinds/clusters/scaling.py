"""What values and radii are divided by before a network sees them: known physics, exactly invertible."""

import numpy as np

from astrosweep.config.kinds.clusters import ProfilePreparationConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.profiles.faults import few
from astrosweep.kinds.clusters.sample import Clusters


def radius_scale(clusters: Clusters, radius: str) -> FloatArray:
    """What the radii of each cluster are divided by, shape (N,), kpc.

    Args:
        clusters: The clusters.
        radius: ``r500`` or ``outermost``: the largest radius of the observed profiles.

    Raises:
        DataError: R500 of a cluster is not known.
    """
    if radius == "outermost":
        outermost = [
            np.nanmax(np.where(np.isnan(p.radius), 0.0, p.radius), axis=1) for p in clusters.observed.values()
        ]
        return np.asarray(np.max(outermost, axis=0))
    unknown = np.flatnonzero(~(clusters.r500_kpc > 0))
    if unknown.size:
        raise DataError(
            f"{clusters.origin}: R500 of {unknown.size} of {len(clusters)} clusters is unknown, first of "
            f"{clusters.names[unknown[0]]}. Give r500_kpc in the properties file, or say "
            "data.preparation.radius=outermost."
        )
    return clusters.r500_kpc


SCALES = {"r500": "R500", "outermost": "the outermost radius"}
"""What radii are divided by, in words."""


def line_of_sight(clusters: Clusters, observable: str, redshift: FloatArray) -> FloatArray:
    """How an observable of a cluster of given density and temperature depends on its distance and size.

    Surface brightness is an integral of n_e^2 along the line of sight, dimmed by (1 + z)^-4 (Tolman 1930);
    the Compton parameter is an integral of the pressure. Lengths along the line of sight go with R500.

    Args:
        clusters: The clusters.
        observable: One of ``OBSERVABLES``.
        redshift: Redshifts, shape (N,).

    Returns:
        Shape (N,).
    """
    if observable == "sb":
        return (1.0 + redshift) ** -4 * clusters.r500_kpc
    return clusters.r500_kpc if observable.startswith("y") else np.ones(len(clusters))


def resolve(config: ProfilePreparationConfig, clusters: Clusters) -> ProfilePreparationConfig:
    """Replace ``auto`` by what the clusters allow, and refuse what they do not.

    Raises:
        DataError: Something asked for needs redshifts or R500 that are not known; or with ``auto`` they are
            known for some clusters only, so that a few would decide how all are scaled.
    """
    if config.radius == "auto":
        _known_for_all_or_none(clusters, "r500_kpc", "data.preparation.radius=outermost")
    if config.line_of_sight == "auto":
        _known_for_all_or_none(clusters, "redshift", "data.preparation.line_of_sight=off")
    has_r500 = bool((clusters.r500_kpc > 0).all())
    has_both = has_r500 and bool((clusters.redshift > 0).all())
    update: dict[str, object] = {}
    if config.radius == "auto":
        update["radius"] = "r500" if has_r500 else "outermost"
    if config.line_of_sight == "auto":
        update["line_of_sight"] = "on" if has_both else "off"
    needs_z = config.line_of_sight == "on" or "redshift" in config.context
    needs_r500 = config.line_of_sight == "on" or "r500" in config.context
    if (needs_z and not (clusters.redshift > 0).all()) or (needs_r500 and not has_r500):
        raise DataError(
            f"{clusters.origin}: data.preparation.line_of_sight=on and data.preparation.context need "
            "redshift and r500_kpc of all clusters; give them in the properties file"
        )
    return config.model_copy(update=update)


def _known_for_all_or_none(clusters: Clusters, name: str, remedy: str) -> None:
    known = getattr(clusters, name) > 0
    if known.any() and not known.all():
        unknown = few([str(cluster) for cluster in clusters.names[~known]])
        raise DataError(
            f"{clusters.origin}: {name} of {int((~known).sum())} of {len(clusters)} clusters is unknown: "
            f"{unknown}. Give it in the properties file (are the names the same?), take these clusters out, "
            f"or say {remedy}."
        )
