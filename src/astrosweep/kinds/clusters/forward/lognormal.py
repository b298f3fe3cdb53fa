"""True profiles as Gaussian random functions of ln x about the REXCESS medians.

ln n_e and ln T deviate from their medians by smooth random functions with the tabulated scatters. At each
radius the part of ln T that follows ln n_e gives the tabulated anticorrelation, and so the small scatter of
the pressure around 0.5 R500.

Shapes: N clusters, G nodes.
"""

from functools import cache

import numpy as np
from numpy.random import Generator
from scipy.integrate import cumulative_trapezoid
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.grid import NODES, NODES_PER_ANNULUS, STEP
from astrosweep.kinds.clusters.forward.truths import (
    DENSITY_SCATTER,
    RADII,
    TEMPERATURE_SCATTER,
    consistent_medians,
    ideal_gas,
)

DENSITY_LENGTHS, TEMPERATURE_LENGTHS = (2.2, 1.0), (1.2, 1.0)
"""Correlation lengths in ln x (squared exponential) up to 0.1 and from 1 R500 on. Among the REXCESS clusters
ln n_e at 0.03 and 0.1 R500 correlates by 0.89, at 0.03 and 0.5 by 0.36, at 0.5 and 1 by 0.13."""
CORRELATION = np.array([-0.62, -0.60, -0.52, -0.60, -0.82, -0.94, -0.60, -0.40])
"""Of ln n_e and ln T at ``RADII``, after the REXCESS clusters."""
INNER_SLOPES = (-0.35, 0.0)
OUTER_SLOPES = (-3.0, -1.0)
"""Logarithmic slopes of n_e and T towards which the medians turn at 0.001 and 5 R500: a core, and about what
a generalised NFW pressure with an outer slope near 4.6 leaves."""
BLEND = 0.15
"""Width in ln x over which tabulated scatters and correlations pass into each other, against kinks."""
SMOOTHED = 1e-10
"""Eigenvalues of the correlation below this share of the largest are rounding noise."""


def draw_lognormal(n: int, rng: Generator) -> tuple[FloatArray, FloatArray]:
    """Draw ``n`` scaled profiles.

    Returns:
        ln of n_e / E^2 (cm^-3) and ln of P / P500 at the nodes, each of shape (N, G).
    """
    ln_density, ln_temperature = _medians()
    density_root, temperature_root = _root(DENSITY_LENGTHS), _root(TEMPERATURE_LENGTHS)
    common = rng.normal(size=(n, len(density_root))) @ density_root
    own = rng.normal(size=(n, len(temperature_root))) @ temperature_root
    correlation = _along(CORRELATION)
    ln_density = ln_density + _along(DENSITY_SCATTER) * common
    warmth = correlation * common + np.sqrt(1.0 - correlation**2) * own
    ln_temperature = ln_temperature + _along(TEMPERATURE_SCATTER) * warmth
    return ln_density, ln_density + ln_temperature + np.log(ideal_gas())


@cache
def _medians() -> tuple[FloatArray, FloatArray]:
    """Return ln of n_e / E^2 and of T / T500 at the nodes: splines that bend to the end slopes."""
    density, pressure = consistent_medians()
    temperature = pressure - density - np.log(ideal_gas())
    pairs = zip((density, temperature), INNER_SLOPES, OUTER_SLOPES, strict=True)
    first, second = (_bent(values, inner, outer) for values, inner, outer in pairs)
    return first, second


def _bent(values: FloatArray, inner: float, outer: float) -> FloatArray:
    """Return a smooth curve through tabulated values, outside with slopes that go over to given ones."""
    ln_x, ends = np.log(RADII), np.log(NODES[[0, -1]])
    slopes = np.gradient(values, ln_x)
    inner_value = values[0] + 0.5 * (slopes[0] + inner) * (ends[0] - ln_x[0])
    outer_value = values[-1] + 0.5 * (slopes[-1] + outer) * (ends[1] - ln_x[-1])
    spline = CubicSpline(
        np.concatenate([ends[:1], ln_x, ends[1:]]),
        np.concatenate([[inner_value], values, [outer_value]]),
        bc_type=((1, inner), (1, outer)),
    )
    return np.asarray(spline(np.log(NODES)))


def _along(values: FloatArray) -> FloatArray:
    """Bring tabulated values to the nodes by a smooth curve in ln x; they stay as they are outside."""
    curve = np.interp(np.log(NODES), np.log(RADII), values)
    return np.asarray(gaussian_filter1d(curve, BLEND * NODES_PER_ANNULUS / STEP, mode="nearest"))


@cache
def _root(lengths: tuple[float, float]) -> FloatArray:
    """Return a root of the correlation between the nodes, shape (modes, G).

    Squared exponential in a coordinate in which the correlation length is 1 everywhere.
    """
    ln_x = np.log(NODES)
    length = np.interp(ln_x, np.log([0.1, 1.0]), lengths)
    stretched = cumulative_trapezoid(1.0 / length, ln_x, initial=0.0)
    values, vectors = np.linalg.eigh(np.exp(-0.5 * (stretched[:, None] - stretched) ** 2))
    kept = values > SMOOTHED * values[-1]
    return np.asarray(np.sqrt(values[kept])[:, None] * vectors[:, kept].T)
