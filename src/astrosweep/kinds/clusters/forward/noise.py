"""What keeps an observer from seeing the true profile: noise, and effects that are off by default.

Shapes: N clusters, A annuli, B bands.
"""

from functools import cache

import numpy as np
from numpy.random import Generator

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.beams import SAMPLED, SIGMA_ARCMIN, SMALLEST, annulus_means, kernel
from astrosweep.kinds.clusters.forward.grid import ANNULI

Y_NOISE = {
    "separated": tuple(np.linspace(2e-6, 4e-6, 6).tolist()),
    "raw": (2.5e-6, 2.2e-6, 6.4e-5, 6.3e-6, 1.6e-5, 2.3e-4),
}
"""1-sigma noise of y in a beam, for each band; approximations. After component separation it rises evenly
from the largest beam to the smallest; ``raw`` is about twice the white noise of the whole mission (Planck
2015 results VIII, A&A 594, A8, table 6)."""
LATTICE = 0.05
"""Beams differ by this in ln s between tabulated noise: what is drawn is that of a beam within 2.5 %."""


def sb_error(x: FloatArray) -> FloatArray:
    """Return the relative 1-sigma error of the surface brightness at x = R / R500; an approximation."""
    return 0.02 + 0.10 * x**1.5


def temperature_error(x: FloatArray) -> FloatArray:
    """Return the relative 1-sigma error of a spectroscopic temperature at x = R / R500; an approximation."""
    return 0.03 + 0.07 * x


def draw_y_noise(scaled_beams: FloatArray, rng: Generator) -> tuple[FloatArray, FloatArray]:
    """Draw what white noise, seen through a beam, leaves in the means of annuli.

    In a map of white noise blurred by a Gaussian beam of width s, points at a distance d correlate as
    exp(-d^2 / 4 s^2): annuli finer than the beam share their noise, and large ones average it down.

    Args:
        scaled_beams: sigma / theta500, shape (N, B).
        rng: Source of the noise.

    Returns:
        Noise and its standard deviation in units of the noise in a beam, shape (N, B, A).
    """
    positions = np.rint(np.log(np.maximum(scaled_beams, SMALLEST)) / LATTICE).astype(np.int64)
    present, place = np.unique(positions, return_inverse=True)
    roots = np.stack([_root(int(position)) for position in present])[place.reshape(positions.shape)]
    normal = rng.normal(size=(*scaled_beams.shape, ANNULI.size))
    noise = np.matmul(roots, normal[..., None])[..., 0]
    return noise, np.sqrt(np.einsum("...ij,...ij->...i", roots, roots))


@cache
def _root(position: int) -> FloatArray:
    """Return the symmetric root of the covariance of the annuli's noise, shape (A, A)."""
    # Two points of the map correlate as a kernel of the width sqrt(2) s that is 1 at its centre.
    width = np.sqrt(2.0) * float(np.exp(LATTICE * position))
    cells = 2.0 * np.pi * width**2 * kernel(SAMPLED, SAMPLED, width)
    covariance = annulus_means(annulus_means(cells).T)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def scaled_beams(theta500_arcmin: FloatArray) -> FloatArray:
    """Return sigma / theta500 of each cluster and band, shape (N, B)."""
    return np.asarray(SIGMA_ARCMIN / theta500_arcmin[:, None])
