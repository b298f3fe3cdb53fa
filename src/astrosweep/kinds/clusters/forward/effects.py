"""Departures from smooth, spherical, cool gas, all off by default.

Shapes: N clusters, G nodes, B bands.
"""

import numpy as np
from numpy.random import Generator

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.grid import NODES
from astrosweep.kinds.clusters.forward.truths import draw_log_uniform

CLUMPING_INSIDE, CLUMPING_R200 = 1.05, 1.3
"""Approximations; Eckert et al. 2015 (MNRAS 447, 2198) find a square root below 1.1 inside R500."""
X200 = 1.5
"""R200 over R500 for typical concentrations; an approximation."""
ELONGATION = (0.6, 1.6)
"""Along the line of sight over what it would be in a sphere; an approximation."""

ELECTRON_KEV = 511.0
BAND_X = np.array([100.0, 143.0, 217.0, 353.0, 545.0, 857.0]) / 56.78
"""h nu / k T_CMB of each band."""
BAND_RESPONSE = np.array([-4.031, -2.785, 0.187, 6.205, 14.455, 26.335]) / 2.7255
"""Temperature change in units of T_CMB for y = 1, averaged over each bandpass (Planck 2015 results XXII, A&A
594, A22, table 1); for a narrow band x coth(x/2) - 4."""


def clumping(x: FloatArray) -> FloatArray:
    """Return <n_e^2> / <n_e>^2: 1.05 inside R500, rising evenly in ln x to 1.3 at R200, where it stays."""
    return np.asarray(np.interp(np.log(x), [0.0, np.log(X200)], [CLUMPING_INSIDE, CLUMPING_R200]))


CLUMPING = clumping(NODES)


def draw_elongations(n: int, rng: Generator) -> FloatArray:
    """Draw factors on line-of-sight integrals, shape (n,), uniform in their logarithm."""
    return draw_log_uniform(ELONGATION, (n,), rng)


def relativistic_term(x: FloatArray) -> FloatArray:
    """Return Y1 of Itoh, Kohyama & Nozawa 1998 (ApJ 502, 7, eq. 2.26): 17/5 for small x = h nu / k T_CMB."""
    wide = x / np.tanh(0.5 * x)
    s2 = (x / np.sinh(0.5 * x)) ** 2
    polynomial = -10.0 + 23.5 * wide - 8.4 * wide**2 + 0.7 * wide**3
    return np.asarray(polynomial + s2 * (-4.2 + 1.4 * wide))


def relativistic_slopes() -> FloatArray:
    """Return the change of y per k T_e / m_e c^2 of each band, shape (B,), to first order.

    Y1 / Y0 of Itoh et al. 1998, with the bandpass average for Y0, which at 217 GHz is all but zero: there the
    correction is large, and negative y is possible. It lowers y up to 353 GHz and raises it above, where
    higher orders matter for hot clusters.
    """
    return relativistic_term(BAND_X) / BAND_RESPONSE
