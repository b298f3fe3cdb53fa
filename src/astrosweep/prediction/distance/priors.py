"""Priors of the distance of a star, each as a density of the logarithm of the distance.

A density of the distance r times r is the density of ln r; a constant factor does not matter.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray

Rows = slice | NDArray[np.intp]


class Prior(Protocol):
    """What the distances of some stars are expected to be before their parallax is seen."""

    def rows(self, rows: Rows) -> "Prior":
        """Return the prior of some of the stars, in their order."""
        ...

    def log_density(self, ln_distance: FloatArray) -> FloatArray:
        """Return the logarithm of the density of ln r, up to a constant of each star.

        Args:
            ln_distance: Natural logarithm of the distance in pc, shape (N, K), or (1, K) for the same K
                distances of all stars.

        Returns:
            Shape (N, K), or (1, K) if all stars have one prior; NaN for a star without one.
        """
        ...


@dataclass(frozen=True)
class FlatInParallax:
    """No preference but that the parallax is positive: the likelihood itself, carried to distances.

    ``p(parallax) = const`` for positive parallaxes is ``p(r) ~ r^-2``. The quantiles of the distance are then
    1 / parallax of the quantiles of the Gaussian cut at the limits, so that the median of a good parallax is
    its inverse. It is improper without limits, and its distances of poor parallaxes mean little (Bailer-Jones
    2015, PASP 127, 994; Luri et al. 2018, A&A 616, A9).
    """

    def rows(self, rows: Rows) -> "FlatInParallax":  # noqa: ARG002
        """Return the same: all stars share it."""
        return self

    def log_density(self, ln_distance: FloatArray) -> FloatArray:
        """Return ``-ln r``; see ``Prior``."""
        return -ln_distance


@dataclass(frozen=True, eq=False)
class ExponentialDensity:
    """Exponentially decreasing space density (Bailer-Jones 2015, PASP 127, 994).

    ``p(r) = r^2 exp(-r / L) / (2 L^3)``.

    Attributes:
        length: L in pc, of all stars or of each, shape (N,).
    """

    length: float | FloatArray

    def rows(self, rows: Rows) -> "ExponentialDensity":
        """Return the prior of some of the stars."""
        return self if np.ndim(self.length) == 0 else ExponentialDensity(np.asarray(self.length)[rows])

    def log_density(self, ln_distance: FloatArray) -> FloatArray:
        """Return ``3 ln r - r / L``; see ``Prior``."""
        scaled = np.exp(ln_distance) / _column(self.length)
        return np.subtract(3 * ln_distance, scaled, out=scaled)


@dataclass(frozen=True, eq=False)
class GeneralisedGamma:
    """Generalised gamma distribution (Bailer-Jones et al. 2021, AJ 161, 147, section 2).

    ``p(r) = alpha / (Gamma((beta + 1) / alpha) L^(beta + 1)) r^beta exp(-(r / L)^alpha)``.

    Attributes:
        length: L in pc, of each star, shape (N,); NaN for a star without a prior, as the others.
        alpha: Shape (N,).
        beta: Shape (N,).
    """

    length: FloatArray
    alpha: FloatArray
    beta: FloatArray

    def rows(self, rows: Rows) -> "GeneralisedGamma":
        """Return the prior of some of the stars."""
        return GeneralisedGamma(self.length[rows], self.alpha[rows], self.beta[rows])

    def log_density(self, ln_distance: FloatArray) -> FloatArray:
        """Return ``(beta + 1) ln r - (r / L)^alpha``; see ``Prior``."""
        power = ln_distance - _column(np.log(self.length))
        power *= _column(self.alpha)
        np.exp(power, out=power)
        return np.subtract(_column(self.beta + 1) * ln_distance, power, out=power)


def _column(values: float | FloatArray) -> FloatArray:
    """One value of each star, shape (N, 1), or one of all, (1, 1)."""
    return np.reshape(np.asarray(values, dtype=np.float64), (-1, 1))
