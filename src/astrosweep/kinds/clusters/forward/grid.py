"""The scaled radii x = r / R500 of the forward model, the same for all clusters.

Everything lies on one logarithmic lattice through the edges of the observed annuli, so that true profiles,
shells and annuli fit together without interpolation in two dimensions.

Shapes: G nodes of a true profile (167), C cells (shells of space as well as annuli of the sky), A = 50
observed annuli, L = 100 radii of the targets.
"""

import numpy as np
from scipy.interpolate import CubicSpline

from astrosweep.core.types import FloatArray

ANNULI = np.geomspace(0.01, 1.5, 50)
"""Middle (geometric mean of the edges) of each observed annulus, shape (A,)."""
TARGET_RADII = np.geomspace(0.01, 1.5, 100)
"""Radii of the true profiles that are handed out, shape (L,)."""

STEP = float(np.log(150.0) / 49.0)
"""Width of an annulus in ln x."""
NODES_PER_ANNULUS, CELLS_PER_NODE = 2, 4
CELLS_PER_ANNULUS = NODES_PER_ANNULUS * CELLS_PER_NODE
_INWARD, _OUTWARD = 44, 123
"""Node intervals inside and outside of the inner edge of the first annulus: from 0.001 to 5.1."""

_FIRST_EDGE = float(np.log(0.01) - 0.5 * STEP)
NODES = np.exp(_FIRST_EDGE + STEP / NODES_PER_ANNULUS * np.arange(-_INWARD, _OUTWARD + 1))
"""Where true profiles are given, shape (G,)."""
EDGES = np.concatenate(
    [
        [0.0],
        np.exp(
            _FIRST_EDGE
            + STEP / CELLS_PER_ANNULUS * np.arange(-_INWARD * CELLS_PER_NODE, _OUTWARD * CELLS_PER_NODE + 1)
        ),
    ]
)
"""Edges of the cells, shape (C + 1,); the first cell is the core inside of the first node."""
FIRST_ANNULUS_CELL = 1 + _INWARD * CELLS_PER_NODE
"""Cell with which the first annulus begins."""
ANNULUS_EDGES = EDGES[FIRST_ANNULUS_CELL::CELLS_PER_ANNULUS][: ANNULI.size + 1]
"""Shape (A + 1,)."""


def spline_matrix(x: FloatArray) -> FloatArray:
    """Return the matrix that interpolates a function from the nodes by a natural cubic spline in ln x.

    Args:
        x: Scaled radii within the nodes, shape (M,).

    Returns:
        Shape (G, M): values at the nodes times it are values at ``x``.
    """
    spline = CubicSpline(np.log(NODES), np.eye(NODES.size), bc_type="natural")
    return np.asarray(spline(np.log(x)).T)
