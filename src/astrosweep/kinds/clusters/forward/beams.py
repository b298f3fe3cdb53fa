"""Blurring of axisymmetric maps by Gaussian beams, as matrices that depend on the scaled beam only.

In scaled radii a beam is s = sigma / theta500. Its matrices are computed on a lattice in ln s and
interpolated by cubic polynomials, which are exact to better than 1e-4.

Shapes: N clusters, G nodes, C cells, A annuli.
"""

from functools import cache

import numpy as np
from scipy.special import ive

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.grid import ANNULI, ANNULUS_EDGES, EDGES
from astrosweep.kinds.clusters.forward.projection import to_cell_means

BANDS = ("y100GHz", "y143GHz", "y217GHz", "y353GHz", "y545GHz", "y857GHz")
FWHM_ARCMIN = (9.68, 7.30, 5.02, 4.94, 4.83, 4.64)
"""Of the Planck HFI beams (Planck 2015 results VIII, A&A 594, A8, table 6)."""
SIGMA_ARCMIN = np.array(FWHM_ARCMIN) / np.sqrt(8.0 * np.log(2.0))

LATTICE = 0.1
"""Distance in ln s of the beams whose matrices are computed."""
SMALLEST = 0.02
"""Scaled beam below which the cells no longer resolve it; smaller ones blur nothing that annuli show."""
_MIDDLES = np.sqrt(0.5 * (EDGES[1:] ** 2 + EDGES[:-1] ** 2))
_AREAS = np.pi * np.diff(EDGES**2)
_POINTS = np.array([0.5 - np.sqrt(1.0 / 12.0), 0.5 + np.sqrt(1.0 / 12.0)])
SAMPLED = np.sqrt(ANNULUS_EDGES[:-1, None] ** 2 + np.diff(ANNULUS_EDGES**2)[:, None] * _POINTS).ravel()
"""Two radii in each annulus, shape (2 A,), whose mean is the annulus's (Gauss-Legendre in R^2)."""


def kernel(radius: FloatArray, other: FloatArray, scaled_beam: float) -> FloatArray:
    """Return the share of a ring's flux per area that a Gaussian beam carries to a radius.

    The average of a two-dimensional Gaussian over the ring: exp(-(R^2 + R'^2) / 2 s^2) I0(R R' / s^2)
    / (2 pi s^2).

    Args:
        radius: Where it goes, shape (M,).
        other: Radii of the rings, shape (K,).
        scaled_beam: s, in the same unit.

    Returns:
        Shape (K, M).
    """
    apart = (radius[None, :] - other[:, None]) / scaled_beam
    bessel = ive(0, radius[None, :] * other[:, None] / scaled_beam**2)
    return np.asarray(np.exp(-0.5 * apart**2) * bessel / (2.0 * np.pi * scaled_beam**2))


def annulus_means(sampled: FloatArray) -> FloatArray:
    """Average values at the ``SAMPLED`` radii of each annulus, shape (..., 2 A) to (..., A)."""
    return np.asarray(sampled.reshape(*sampled.shape[:-1], ANNULI.size, 2).mean(axis=-1))


def blur_matrix(scaled_beam: float) -> FloatArray:
    """Return the matrix from means in all cells to blurred means in the annuli, shape (C, A)."""
    return annulus_means(kernel(SAMPLED, _MIDDLES, scaled_beam) * _AREAS[:, None])


@cache
def _seen_matrix(position: int) -> FloatArray:
    """Return the matrix from values at the nodes to blurred line-of-sight integrals in annuli, (G, A)."""
    return to_cell_means() @ blur_matrix(float(np.exp(LATTICE * position)))


def blurred(values: FloatArray, scaled_beams: FloatArray) -> FloatArray:
    """Project along the line of sight and blur.

    Args:
        values: Per volume at the nodes, shape (N, G).
        scaled_beams: s of each cluster and band, shape (N, B).

    Returns:
        Mean line-of-sight integrals in the annuli, shape (N, B, A), in units of the values times R500.
    """
    place = np.log(np.maximum(scaled_beams, SMALLEST)) / LATTICE
    below = np.floor(place).astype(np.int64)
    first = int(below.min()) - 1
    positions = range(first, int(below.max()) + 3)
    matrices = np.concatenate([_seen_matrix(position) for position in positions], axis=1)
    seen = (values @ matrices).reshape(len(values), len(positions), -1)
    rest = place - below
    # Lagrange polynomials through the lattice at -1, 0, 1 and 2.
    weights = (
        -rest * (rest - 1.0) * (rest - 2.0) / 6.0,
        (rest + 1.0) * (rest - 1.0) * (rest - 2.0) / 2.0,
        -(rest + 1.0) * rest * (rest - 2.0) / 2.0,
        (rest + 1.0) * rest * (rest - 1.0) / 6.0,
    )
    rows = np.arange(len(values))[:, None]
    return sum(
        (weight[..., None] * seen[rows, below - first + shift] for shift, weight in enumerate(weights, -1)),
        np.zeros((*scaled_beams.shape, ANNULI.size)),
    )
