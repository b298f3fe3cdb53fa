"""The posterior of the distance of a star, given its parallax and a prior."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.prediction.distance.grid import LogDensity, quantiles, support
from astrosweep.prediction.distance.parallaxes import Parallaxes
from astrosweep.prediction.distance.priors import Prior

PROBABILITIES = (0.158655253931457, 0.5, 0.841344746068543)
"""Of the quantiles: -1, 0 and 1 sigma of a Gaussian."""
LIMITS_PC = (1.0, 1e6)
"""From within the nearest star to beyond the Andromeda galaxy."""
_BLOCK = 1024
"""Stars at a time: their grids fit into the cache of a core."""


@dataclass(frozen=True, eq=False)
class Distances:
    """Quantiles 15.9, 50 and 84.1 % of the posterior of N stars.

    Attributes:
        distance: In pc, shape (N, 3); NaN for a star without a parallax or without a prior.
        modulus: Distance modulus ``5 log10(distance / 10 pc)`` in mag, shape (N, 3).
    """

    distance: FloatArray
    modulus: FloatArray


def distances(parallaxes: Parallaxes, prior: Prior, limits_pc: tuple[float, float] = LIMITS_PC) -> Distances:
    """Return quantiles of ``p(r | parallax) ~ p(r) exp(-(parallax - 1000 / r)^2 / (2 std^2))``.

    r is in pc and the parallax in mas (Bailer-Jones 2015, PASP 127, 994; et al. 2021, AJ 161, 147).
    The density of ln r is integrated on a grid of each star's own. Memory is bounded whatever N.

    Args:
        parallaxes: Of N stars; any signal to noise, negative ones included.
        prior: Of the same stars.
        limits_pc: Shortest and longest distance.

    Raises:
        DataError: The limits are no positive interval.
    """
    low, high = limits_pc
    if not 0 < low < high < math.inf:
        raise DataError(f"distances between {low:g} and {high:g} pc; expected: 0 < shortest < longest")
    ln_distance = np.full((len(parallaxes), len(PROBABILITIES)), np.nan)
    usable = np.flatnonzero(parallaxes.known)
    for start in range(0, len(usable), _BLOCK):
        rows = usable[start : start + _BLOCK]
        density = _log_posterior(parallaxes, prior, rows)
        lows, highs = support(density, len(rows), math.log(low), math.log(high))
        if not (known := np.isfinite(lows)).all():
            rows, lows, highs = rows[known], lows[known], highs[known]
            density = _log_posterior(parallaxes, prior, rows)
        if len(rows):
            ln_distance[rows] = quantiles(density, lows, highs, PROBABILITIES)
    return Distances(np.exp(ln_distance), 5 / math.log(10) * ln_distance - 5)


def _log_posterior(parallaxes: Parallaxes, prior: Prior, rows: NDArray[np.intp]) -> LogDensity:
    """The posterior density of ln r of some stars, up to a constant of each."""
    signal_to_noise = (parallaxes.mean[rows] / parallaxes.std[rows])[:, np.newaxis]
    precision = (1000 / parallaxes.std[rows])[:, np.newaxis]
    own = prior.rows(rows)

    def log_density(ln_distance: FloatArray, stars: NDArray[np.intp]) -> FloatArray:
        everyone = len(stars) == len(rows)
        chosen = slice(None) if everyone else stars
        off = np.exp(-ln_distance) * precision[chosen]
        off -= signal_to_noise[chosen]
        np.square(off, out=off)
        off *= -0.5
        off += (own if everyone else own.rows(stars)).log_density(ln_distance)
        return off

    return log_density
