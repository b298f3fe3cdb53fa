"""The 3D temperature whose spectroscopic-like projection fits the measured one.

Projection: T_sl = sum(w T) / sum(w), w = n_e^2 T^-0.75 along the line of sight (Mazzotta et al. 2004, MNRAS
354, 10). ln T is a natural cubic spline in ln x, straight beyond its outermost knots; its roughness is a
Gaussian prior on the second differences of the knots, an integrated random walk (Wahba 1978, JRSS B 40, 364),
so that knots need no choosing and the fit's uncertainty includes what the smoothing may hide. The form of
Vikhlinin et al. (2006, ApJ 640, 691) under broad priors was tried: as accurate, and several times slower.

Shapes: B temperature bins with a value, J shells, K knots, R radii.
"""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import least_squares

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.grid import EDGES
from astrosweep.kinds.clusters.forward.projection import intersections, spectroscopic_weight

from .observation import Annuli

N_KNOTS = 8
ROUGHNESS = 0.3
"""1-sigma of a second difference of ln T over knots h apart in ln x is ROUGHNESS h^1.5: d ln T / d ln x
typically changes by 0.3 over a factor e in radius. On REXCESS truths 0.25 to 0.4 are equally good; 0.15 or
0.7 make the median error of the pressure 3.5 % instead of 2.9 %."""
SHELLS = np.sqrt(EDGES[1:-1] * EDGES[2:])
"""Centres in R500 of the J shells of the projection: the cells of ``grid.EDGES`` except for the innermost."""


def spectroscopic_like(
    projection: FloatArray, density: FloatArray, log_t: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the projected temperature, shape (B,), and its derivative by ln T of each shell, shape (B, J).

    Args:
        projection: Volumes that shells and bins share, shape (B, J).
        density: n_e of the shells in any unit, shape (J,).
        log_t: ln T of the shells, T in keV, shape (J,).
    """
    t = np.exp(log_t)
    weight = spectroscopic_weight(density, t)
    total = projection @ weight
    projected = projection @ (weight * t) / total
    derivative = projection * weight * (0.25 * t + 0.75 * projected[:, None]) / total[:, None]
    return projected, derivative


class TemperatureModel:
    """The spline of one cluster's temperature and what its fit repeats.

    Args:
        bins: The cluster's temperature bins; knots are spread evenly in ln x between the outermost centres.
    """

    def __init__(self, bins: Annuli) -> None:
        self._bins = bins
        self._ln_knots = np.linspace(np.log(bins.centres[0]), np.log(bins.centres[-1]), N_KNOTS)
        self._spline = CubicSpline(self._ln_knots, np.eye(N_KNOTS), bc_type="natural")
        self._to_shells = self._matrix(SHELLS)
        self._projection = intersections(bins.edges)[1:, bins.known].T
        sigma = ROUGHNESS * (self._ln_knots[1] - self._ln_knots[0]) ** 1.5
        self._roughness = np.diff(np.eye(N_KNOTS), 2, axis=0) / sigma

    def at(self, radii_x: FloatArray, knots: FloatArray) -> FloatArray:
        """Return the temperature in keV, shape (R,), from ln T at the knots, shape (K,)."""
        return np.asarray(np.exp(self._matrix(radii_x) @ knots))

    def at_shells(self, knots: FloatArray) -> FloatArray:
        """Return the temperature at ``SHELLS`` in keV, shape (J,)."""
        return np.asarray(np.exp(self._to_shells @ knots))

    def fit(self, temperature: FloatArray, density: FloatArray, prior: FloatArray) -> FloatArray:
        """Return ln T at the knots of the best fit, shape (K,).

        Args:
            temperature: Values of the bins in keV, shape (B,): the measured ones or a draw of them.
            density: n_e at ``SHELLS`` in any unit, shape (J,).
            prior: Mean of the second differences in units of their sigma, shape (K - 2,).
        """

        def residuals(knots: FloatArray) -> FloatArray:
            projected, _ = spectroscopic_like(self._projection, density, self._to_shells @ knots)
            return np.concatenate(
                [(projected - temperature) / self._bins.error, self._roughness @ knots - prior]
            )

        def jacobian(knots: FloatArray) -> FloatArray:
            _, derivative = spectroscopic_like(self._projection, density, self._to_shells @ knots)
            return np.concatenate([derivative @ self._to_shells / self._bins.error[:, None], self._roughness])

        start = np.interp(self._ln_knots, np.log(self._bins.centres), np.log(temperature))
        return np.asarray(least_squares(residuals, start, jacobian, method="lm", xtol=1e-6, ftol=1e-6).x)

    def _matrix(self, radii_x: FloatArray) -> FloatArray:
        """Return the linear map from ln T at the knots to ln T at radii, shape (R, K)."""
        logs = np.log(radii_x)
        inside = np.clip(logs, self._ln_knots[0], self._ln_knots[-1])
        return np.asarray(self._spline(inside) + (logs - inside)[:, None] * self._spline(inside, 1))
