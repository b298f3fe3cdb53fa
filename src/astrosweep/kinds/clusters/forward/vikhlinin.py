"""True profiles in parametric form: Vikhlinin densities and generalised NFW pressures.

How real clusters deviate from their medians, in n_e and P together, is drawn first, at eight radii and as a
sum of few common modes: so cool cores are dense and n_e and T are anticorrelated. Then the parameters nearest
to typical ones are found whose profiles pass there, which fixes the profile at all radii.

Shapes: N clusters, G nodes, K = 8 radii, D parameters.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.grid import NODES
from astrosweep.kinds.clusters.forward.truths import RADII, consistent_medians, draw_log_uniform

MODES = np.array(
    [
        [0.663, 0.584, 0.420, 0.270, 0.193, 0.078, -0.006, -0.067,
         0.549, 0.481, 0.369, 0.225, 0.126, -0.003, -0.071, -0.117],
        [0.006, -0.027, -0.049, -0.098, -0.127, -0.142, -0.155, -0.153,
         0.122, 0.088, 0.045, 0.003, -0.025, -0.075, -0.120, -0.157],
        [0.347, 0.221, 0.081, -0.026, -0.060, -0.019, 0.005, 0.000,
         0.196, 0.123, 0.019, -0.065, -0.080, -0.029, 0.058, 0.187],
        [0.006, -0.023, -0.026, -0.020, -0.004, 0.002, 0.045, 0.102,
         0.051, 0.041, 0.025, 0.002, -0.014, -0.030, -0.034, -0.051],
        [0.073, 0.006, -0.033, -0.056, -0.039, -0.014, 0.001, 0.016,
         0.094, 0.048, 0.008, 0.004, 0.014, 0.022, 0.007, -0.024],
    ]
)  # fmt: skip
"""Principal components, times their standard deviations, of ln n_e / E^2 (first 8 columns) and ln P / P500 at
``truths.RADII`` over the 31 REXCESS clusters, each standardised; they hold 98 per cent of the variance.
Our analysis of the densities of Croston et al. 2008 and the pressure fits of Arnaud et al. 2010."""

OUTER_SLOPE = (4.6, 0.5)
"""Mean and scatter of the outer slope b of the pressure."""
FITTED_TO = 0.03
"""How closely (natural logarithm) a profile is held to the drawn values, against the spread of parameters."""
DENSITY_TYPICAL = np.array([-5.3, np.log(0.12), np.log(0.7), np.log(0.6), np.log(0.8), 0.5])
DENSITY_SPREAD = np.array([2.0, 0.6, 0.5, 0.2, 0.3, 0.5])
"""Of ln n0 (cm^-3), ln rc, ln alpha, ln beta, ln rs and logit(eps / 5); radii in R500."""
PRESSURE_TYPICAL = np.array([np.log(8.4), np.log(1.3), np.log(0.35), np.log(1.2)])
PRESSURE_SPREAD = np.array([0.8, 0.35, 0.5, 0.3])
"""Of ln P0, ln c500, ln gamma and ln alpha."""
ITERATIONS = 8
STEEPEST = 5.0
"""Largest eps: steeper density profiles than this are unrealistic (Vikhlinin et al. 2006)."""

SECOND_SHARE = 0.5
SECOND_CORE, SECOND_STRENGTH, SECOND_BETA = (0.008, 0.02), (0.03, 0.3), 1.0
"""Of the second, small component of the density: share of the clusters, ranges of its core radius in R500 and
of its emissivity over that of the first at 0.01 R500."""

Curve = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


def draw_vikhlinin(n: int, rng: Generator) -> tuple[FloatArray, FloatArray]:
    """Draw ``n`` scaled profiles.

    Returns:
        ln of n_e / E^2 (cm^-3) and ln of P / P500 at the nodes, each of shape (N, G).
    """
    ln_density, ln_pressure = consistent_medians()
    deviation = rng.normal(size=(n, len(MODES))) @ MODES
    outer = np.maximum(rng.normal(*OUTER_SLOPE, n), 3.0)[:, None]

    typical = DENSITY_TYPICAL + 0.5 * DENSITY_SPREAD * rng.normal(size=(n, len(DENSITY_TYPICAL)))
    wanted = ln_density + deviation[:, : RADII.size]
    parameters = _nearest(log_density, wanted, typical, DENSITY_SPREAD)
    density = log_density(parameters, NODES)[0]

    def curve(p: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        return log_pressure(p, outer, x)

    typical = PRESSURE_TYPICAL + 0.5 * PRESSURE_SPREAD * rng.normal(size=(n, len(PRESSURE_TYPICAL)))
    wanted = ln_pressure + deviation[:, RADII.size :]
    parameters = _nearest(curve, wanted, typical, PRESSURE_SPREAD)
    return density + _second_component(density, rng), curve(parameters, NODES)[0]


def log_density(parameters: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """First component of Vikhlinin et al. 2006 (ApJ 640, 691, eq. 3), n_p n_e being proportional to n_e^2.

    n_e^2 = n0^2 (x/rc)^-alpha / (1 + x^2/rc^2)^(3 beta - alpha/2) / (1 + x^3/rs^3)^(eps/3).

    Args:
        parameters: ln n0, ln rc, ln alpha, ln beta, ln rs, logit(eps / 5), shape (N, 6).
        x: Scaled radii, shape (K,).

    Returns:
        ln n_e, shape (N, K), and its derivatives by the parameters, shape (N, K, 6).
    """
    ln_n0, ln_rc, ln_alpha, ln_beta, ln_rs, steep = (column[:, None] for column in parameters.T)
    alpha, beta = np.exp(ln_alpha), np.exp(ln_beta)
    share = 1.0 / (1.0 + np.exp(-steep))
    eps = STEEPEST * share
    ln_u = np.log(x) - ln_rc
    u2, v3 = np.exp(2.0 * ln_u), np.exp(3.0 * (np.log(x) - ln_rs))
    core, far = np.log1p(u2), np.log1p(v3)
    slope = 1.5 * beta - 0.25 * alpha
    value = ln_n0 - 0.5 * alpha * ln_u - slope * core - eps / 6.0 * far
    derivatives = (
        np.ones_like(value),
        0.5 * alpha + 2.0 * slope * u2 / (1.0 + u2),
        alpha * (0.25 * core - 0.5 * ln_u),
        -1.5 * beta * core,
        0.5 * eps * v3 / (1.0 + v3),
        -eps * (1.0 - share) / 6.0 * far,
    )
    return value, np.stack(derivatives, axis=-1)


def log_pressure(parameters: FloatArray, outer: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Generalised NFW profile (Nagai et al. 2007; Arnaud et al. 2010, eq. 11).

    p = P0 / [(c x)^gamma (1 + (c x)^alpha)^((b - gamma) / alpha)].

    Args:
        parameters: ln P0, ln c, ln gamma, ln alpha, shape (N, 4).
        outer: b, shape (N, 1).
        x: Scaled radii, shape (K,).

    Returns:
        ln p, shape (N, K), and its derivatives by the parameters, shape (N, K, 4).
    """
    ln_p0, ln_c, ln_gamma, ln_alpha = (column[:, None] for column in parameters.T)
    gamma, alpha = np.exp(ln_gamma), np.exp(ln_alpha)
    ln_u = ln_c + np.log(x)
    bend = np.logaddexp(0.0, alpha * ln_u)
    share = np.exp(alpha * ln_u - bend)
    value = ln_p0 - gamma * ln_u - (outer - gamma) / alpha * bend
    derivatives = (
        np.ones_like(value),
        -gamma - (outer - gamma) * share,
        gamma * (bend / alpha - ln_u),
        (outer - gamma) * (bend / alpha - ln_u * share),
    )
    return value, np.stack(derivatives, axis=-1)


def _nearest(curve: Curve, wanted: FloatArray, typical: FloatArray, spread: FloatArray) -> FloatArray:
    """Find parameters near typical ones whose curve passes near wanted values, by damped Gauss-Newton steps.

    Args:
        curve: Parameters and radii to values and derivatives.
        wanted: Values at ``truths.RADII``, shape (N, K).
        typical: Shape (N, D).
        spread: How far parameters may be from typical ones, shape (D,).

    Returns:
        Shape (N, D).
    """
    parameters = typical.copy()
    for _ in range(ITERATIONS):
        value, slopes = curve(parameters, RADII)
        weighted = np.swapaxes(slopes, 1, 2) / FITTED_TO**2
        gradient = np.einsum("ndk,nk->nd", weighted, wanted - value) - (parameters - typical) / spread**2
        step = np.linalg.solve(weighted @ slopes + np.diag(spread**-2), gradient[..., None])[..., 0]
        parameters = parameters + np.clip(step, -spread, spread)
    return parameters


def _second_component(density: FloatArray, rng: Generator) -> FloatArray:
    """Return what n02^2 / (1 + x^2/rc2^2)^(3 beta2) adds to ln n_e, shape (N, G), where a cluster has it."""
    n = len(density)
    core, strength = (draw_log_uniform(limits, (n, 1), rng) for limits in (SECOND_CORE, SECOND_STRENGTH))
    strength = np.where(rng.random((n, 1)) < SECOND_SHARE, strength, 0.0)
    at_core = density[:, [int(np.argmin(np.abs(NODES - 0.01)))]]
    second = strength * (1.0 + (NODES / core) ** 2) ** (-3.0 * SECOND_BETA)
    return np.asarray(0.5 * np.log1p(second * np.exp(2.0 * (at_core - density))))
