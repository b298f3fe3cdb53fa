"""Onion peeling: shells are subtracted from the outermost inwards (Fabian et al. 1981, ApJ 248, 47).

One shell under each annulus, so that the projection is an upper triangular matrix of exact volumes (Kriss et
al. 1983, ApJ 272, 439); edges are moved to the next ones of ``grid.EDGES``, on which the simulated annuli
lie. The gas beyond the last annulus goes on as a power law with the slope of the outer surface brightness
(McLaughlin 1999, AJ 117, 2398). The projected temperature is taken for the true one.
"""

import numpy as np
from scipy.linalg import solve_triangular

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.grid import EDGES
from astrosweep.kinds.clusters.forward.projection import intersections

from .observation import Annuli, Observation, density, interpolate

_CELL_CENTRES = np.sqrt(EDGES[1:-1] * EDGES[2:])
"""Of the cells of ``grid.EDGES`` except for the innermost, a sphere."""


def peel(annuli: Annuli, brightness: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the centres of the shells and their emissivities, shape (A,) each; noise can make some negative.

    Args:
        annuli: The cluster's annuli. A shell reaches outwards to the next annulus with a value.
        brightness: Their values, shape (A,): the measured ones or a draw of them.
    """
    positions = 1 + np.abs(np.log(annuli.edges[:, None] / EDGES[1:])).argmin(axis=1)
    edges, first = EDGES[positions], positions[:-1][annuli.known]
    shell_edges = EDGES[np.append(first, positions[-1])]
    centres = np.sqrt(shell_edges[1:] * shell_edges[:-1])
    area = np.pi * np.diff(edges**2)
    to_annuli = (intersections(edges) / area)[:, annuli.known]
    outer = annuli.centres >= annuli.centres[-1] / 2
    # An emissivity r^-s projects to the brightness R^(1 - s); below s = 2 the cluster would be infinite.
    slope = max(1 - np.polyfit(np.log(annuli.centres[outer]), np.log(brightness[outer]), 1)[0], 2.0)
    beyond = slice(positions[-1], None)
    profile = np.ones(len(to_annuli))
    profile[beyond] = (_CELL_CENTRES[positions[-1] - 1 :] / centres[-1]) ** -slope
    projection = np.add.reduceat(profile[:, None] * to_annuli, first, axis=0)
    return centres, np.asarray(solve_triangular(projection.T, brightness))


def deproject_onion(
    data: Observation, radii_x: FloatArray, brightness: FloatArray, temperature: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Deproject one cluster.

    Args:
        data: The cluster's annuli.
        radii_x: Radii of the answer, shape (R,).
        brightness: Values of ``data.brightness``, or a draw of them.
        temperature: Values of ``data.temperature``, or a draw of them.

    Returns:
        Electron density in cm^-3 and temperature in keV, shape (R,) each, interpolated in logarithms between
        the shells of positive emissivity.
    """
    shells, emissivity = peel(data.brightness, brightness)
    lit = emissivity > 0
    t = interpolate(radii_x, data.temperature.centres, temperature)
    return density(interpolate(radii_x, shells[lit], emissivity[lit]), t), t
