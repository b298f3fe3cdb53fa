"""Small-scale structure on top of smooth true profiles: cool fronts, shocks, edges, clumps.

A network learns its prior from the clusters it is trained on. Real profiles are less smooth than those of
either generator, so that training on rougher ones makes a network that trusts its data more.

Shapes: N clusters, G nodes.
"""

from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.grid import NODES
from astrosweep.kinds.clusters.forward.truths import TrueClusters

PRESSURE_SHARE = 1.0
SMOOTH_SHARE = 0.53
LENGTHS = np.geomspace(0.12, 2.0, 8)
"""Correlation lengths in ln r, one of them for each cluster and quantity."""


def roughen(clusters: TrueClusters, scale: float, rng: Generator) -> tuple[TrueClusters, NDArray[np.bool_]]:
    """Multiply density and pressure by independent log-normal random functions of the radius.

    An approximation: the pressure varies by ``PRESSURE_SHARE`` of what the density does, as much as it,
    though real structure is thought to be nearer to isobaric. With less, a network's intervals of the
    pressure of measured clusters are too narrow.

    Args:
        clusters: The smooth clusters.
        scale: Amplitudes (natural logarithm of the density) are drawn from a half-normal of this width, but
            for a share of ``SMOOTH_SHARE`` of the clusters, which stay as they are.
        rng: Source of the functions.

    Returns:
        The same clusters, less smooth, and which of them changed, shape (N,).
    """
    n = len(clusters)
    amplitude = scale * np.abs(rng.standard_normal((n, 1))) * (rng.random((n, 1)) > SMOOTH_SHARE)
    of_density = amplitude * _random_functions(n, rng)
    of_pressure = PRESSURE_SHARE * amplitude * _random_functions(n, rng)
    rough = TrueClusters(
        clusters.redshift,
        clusters.r500_kpc,
        clusters.density * np.exp(of_density),
        clusters.pressure * np.exp(of_pressure),
    )
    return rough, amplitude[:, 0] > 0.0


def _random_functions(n: int, rng: Generator) -> FloatArray:
    """Draw Gaussian random functions of ln r of unit variance, shape (n, G), a length for each."""
    length = rng.integers(0, len(LENGTHS), n)
    normal = rng.standard_normal((n, NODES.size))
    return np.asarray(np.einsum("ng,ngh->nh", normal, _roots()[length]))


@cache
def _roots() -> FloatArray:
    """Symmetric roots of squared-exponential covariances, one for each length, shape (8, G, G)."""
    distance = np.log(NODES)[:, None] - np.log(NODES)[None, :]
    roots = []
    for length in LENGTHS:
        values, vectors = np.linalg.eigh(np.exp(-0.5 * (distance / length) ** 2))
        roots.append((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
    return np.stack(roots)
