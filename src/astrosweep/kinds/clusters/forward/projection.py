"""From three dimensions to the sky: exact shell and annulus volumes, as matrices in scaled radii.

A quantity per volume is known at the nodes of ``grid``. Times x^3 it is nearly flat, so a cubic spline in
ln x gives its mean in each of many thin shells, whose volumes within each annulus are exact. All steps are
linear and do not depend on the cluster: one matrix product projects many clusters.

Shapes: N clusters, G nodes, C cells, A annuli.
"""

from functools import cache

import numpy as np
from scipy.interpolate import PchipInterpolator

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.kinds.clusters.forward.grid import ANNULUS_EDGES, EDGES, NODES, spline_matrix

SIGMA_T_OVER_MC2 = 1.30185e-27
"""Thomson cross section over the electron's rest energy, cm^2/keV."""
ELECTRONS_PER_PROTON = 1.17
"""Of hydrogen and helium with few metals."""

_LAMBDA_KEV = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0)
_LAMBDA = (8.6e-24, 5.5e-24, 5.3e-24, 5.18e-24, 4.92e-24, 4.76e-24)
_COOLING = PchipInterpolator(np.log(_LAMBDA_KEV), np.log(_LAMBDA))
METALLICITY = 0.3
"""Of the table, over that of the Sun."""
_LINES = (0.45, 0.2, 0.1, 0.04, 0.02, 0.015)
"""Share of the table's emission that is of metals, at its temperatures; rough values of thermal plasmas."""
_LINE_SHARE = PchipInterpolator(np.log(_LAMBDA_KEV), _LINES)


def cooling(temperature: FloatArray, metallicity: float = METALLICITY) -> FloatArray:
    """Return the cooling function of the soft X-ray band in erg cm^3/s.

    Between the tabulated temperatures (1 to 10 keV) its logarithm is interpolated in ln T, smoothly and
    monotonically; outside, where little gas is seen, it stays at the end values.

    Args:
        temperature: keV, any shape.
        metallicity: Over that of the Sun; emission by metals goes with it.
    """
    ln_kev = np.log(np.clip(temperature, _LAMBDA_KEV[0], _LAMBDA_KEV[-1]))
    table = np.exp(_COOLING(ln_kev))
    if metallicity == METALLICITY:
        return np.asarray(table)
    return np.asarray(table * (1.0 + (metallicity / METALLICITY - 1.0) * _LINE_SHARE(ln_kev)))


def spectroscopic_weight(density: FloatArray, temperature: FloatArray) -> FloatArray:
    """Return the weight n_e^2 T^-0.75 of a spectroscopic-like temperature (Mazzotta et al. 2004)."""
    return density**2 * temperature**-0.75


def intersections(edges: FloatArray) -> FloatArray:
    """Return the volumes that shells and annuli share.

    McLaughlin 1999 (AJ 117, 2398, eq. A1) and elsewhere: four volumes of spheres outside of cylinders.

    Args:
        edges: Of the annuli, scaled radii, shape (B + 1,).

    Returns:
        Shape (C, B), in R500^3.
    """
    outside = np.maximum(EDGES[:, None] ** 2 - edges[None, :] ** 2, 0.0) ** 1.5
    volumes = outside[1:, :-1] - outside[:-1, :-1] - outside[1:, 1:] + outside[:-1, 1:]
    return 4.0 * np.pi / 3.0 * volumes


@cache
def shell_means() -> FloatArray:
    """Return the matrix from values at the nodes to the means in the shells, shape (G, C).

    The value times x^3 is a spline; its mean over a shell is by Gauss-Legendre quadrature of order 3 in ln x,
    where dV = 4 pi x^3 dln x. The core is taken as uniform.
    """
    points, weights = np.polynomial.legendre.leggauss(3)
    low, high = np.log(EDGES[1:-1]), np.log(EDGES[2:])
    ln_x = 0.5 * (low + high) + 0.5 * (high - low) * points[:, None]
    cubed = spline_matrix(np.exp(ln_x.ravel())).reshape(NODES.size, 3, -1)
    integral = np.einsum("gqc,q->gc", cubed, 0.5 * weights) * (high - low)
    means = np.zeros((NODES.size, EDGES.size - 1))
    means[:, 1:] = NODES[:, None] ** 3 * integral / (np.diff(EDGES[1:] ** 3) / 3.0)
    means[0, 0] = 1.0
    return means


@cache
def to_cells() -> FloatArray:
    """Return the matrix from values at the nodes to their integrals over the sky's cells, (G, C), R500^3."""
    return shell_means() @ intersections(EDGES)


@cache
def to_cell_means() -> FloatArray:
    """Return the matrix from values at the nodes to mean line-of-sight integrals in cells, (G, C), R500."""
    return to_cells() / (np.pi * np.diff(EDGES**2))


@cache
def to_annuli() -> FloatArray:
    """Return the matrix from values at the nodes to mean line-of-sight integrals in annuli, (G, A), R500."""
    return shell_means() @ intersections(ANNULUS_EDGES) / (np.pi * np.diff(ANNULUS_EDGES**2))


def spectroscopic_temperature(density: FloatArray, temperature: FloatArray, bounds: IdArray) -> FloatArray:
    """Return the spectroscopic-like temperature of annuli of each cluster's own.

    Args:
        density: Electrons per volume at the nodes, any unit, shape (N, G).
        temperature: keV, shape (N, G).
        bounds: Positions in ``grid.EDGES`` of each annulus's edges, shape (N, K + 1); equal neighbours make
            an empty annulus.

    Returns:
        keV, shape (N, K); NaN where an annulus is empty.
    """
    weight = spectroscopic_weight(density, temperature)
    sums = []
    for values in (weight * temperature, weight):
        inside = np.zeros((len(values), EDGES.size))
        np.cumsum(values @ to_cells(), axis=1, out=inside[:, 1:])
        sums.append(np.diff(np.take_along_axis(inside, bounds, axis=1), axis=1))
    empty = np.diff(bounds, axis=1) == 0
    return np.asarray(np.where(empty, np.nan, sums[0] / np.where(empty, 1.0, sums[1])))
