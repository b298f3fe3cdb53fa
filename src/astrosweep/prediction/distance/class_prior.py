"""The distances of a class of star, learned from the parallaxes of the training stars."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from astrosweep.core.errors import DataError, FormatError
from astrosweep.core.types import FloatArray
from astrosweep.prediction.distance.parallaxes import Parallaxes
from astrosweep.prediction.distance.posterior import LIMITS_PC
from astrosweep.prediction.distance.priors import Rows

_LOW, _HIGH = math.log(LIMITS_PC[0]), math.log(LIMITS_PC[1])
_POINTS = 512
_STEP = (_HIGH - _LOW) / (_POINTS - 1)
_FINER = 8
_FEWEST, _MOST = 10, 5000
"""Training stars that are needed, and that are enough."""
_PASSES = 30
_TINY = 1e-300
_WIDTHS = (1, 2, 3, 5, 8, 13, 21)
"""Of the smoothing, in steps: 0.03 to 0.6 in ln r."""
_OTHERS, _WIDER = 0.01, 2.0
"""Share of stars unlike the training ones, and how much wider their ln r is spread, at least by 1."""


@dataclass(frozen=True, eq=False)
class ClassPrior:
    """A density of ln r: a spline in its logarithm between the points of an even grid, straight beyond.

    It belongs with parallaxes that know nothing of the class. A network's prediction is drawn towards the
    middle of its training stars already where its inputs say little; ``freed`` takes that out, or this prior
    would count them twice.

    Attributes:
        log_values: Logarithm of the density at even steps from 1 pc to 1 Mpc, shape (K,).
        n_stars: Training stars that it was fitted to.
    """

    log_values: FloatArray
    n_stars: int

    @classmethod
    def fit(cls, parallaxes: Parallaxes) -> "ClassPrior":
        """Fit to the training stars' parallaxes, negative ones included.

        Inverse parallaxes would be biased, so the density is the one that explains the noisy parallaxes:
        expectation maximisation (Richardson 1972, JOSA 62, 55; Lucy 1974, AJ 79, 745), smoothed by a Gaussian
        in each pass (Silverman et al. 1990, JRSS B 52, 271). With precise parallaxes it is the usual kernel
        density of ln r. The width is the one with which either half of the stars foretells the other best:
        a rule of thumb washes out a narrow group beside a wide one. One part in a hundred is a normal
        distribution twice as wide (or of 1 in ln r), so that a star unlike the training ones follows its own
        parallax.

        Args:
            parallaxes: Of the training stars, zero point corrected as those will be that the prior is used
                with. Of more than 5000, that many are taken evenly.

        Raises:
            DataError: Fewer than ten stars have a parallax and its uncertainty.
        """
        known = np.flatnonzero(parallaxes.known)
        if len(known) < _FEWEST:
            raise DataError(
                f"{len(known)} of {len(parallaxes)} training stars have a parallax with an uncertainty; a "
                f"prior of their distances needs at least {_FEWEST}"
            )
        rows = known[np.argsort(parallaxes.mean[known], kind="stable")]
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MOST)).astype(np.intp)]
        likelihood = _likelihood(parallaxes.mean[rows], parallaxes.std[rows])
        halves = likelihood[::2], likelihood[1::2]
        width = max(_WIDTHS, key=lambda width: _foretold(*halves, width) + _foretold(*halves[::-1], width))
        density = _density(likelihood, width)
        grid = _grid()
        centre, spread = _moments(density)
        others = np.exp(-0.5 * ((grid - centre) / (max(_WIDER * spread, 1.0))) ** 2)
        density = (1 - _OTHERS) * density + _OTHERS * others / others.sum()
        return cls(np.log(density / _STEP), len(known))

    @classmethod
    def of_distances(cls, distance: FloatArray) -> "ClassPrior":
        """Fit to known distances in pc, shape (N,), such as those of simulated stars.

        Raises:
            DataError: Fewer than ten distances are positive and finite.
        """
        usable = distance[np.isfinite(distance) & (distance > 0)]
        parallax = 1000 / usable
        return cls.fit(Parallaxes(parallax, parallax * 1e-6))

    def rows(self, rows: Rows) -> "ClassPrior":  # noqa: ARG002
        """Return the same: all stars share it."""
        return self

    def log_density(self, ln_distance: FloatArray) -> FloatArray:
        """Return the logarithm of the density of ln r; see ``Prior``."""
        values, slopes = self._table
        place = (ln_distance - _LOW) * (_FINER / _STEP)
        cell = np.clip(place, 0, len(slopes) - 1).astype(np.intp)
        place -= cell
        place *= slopes[cell]
        place += values[cell]
        return place

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray]:
        """The curve at finer steps, and its rise from each to the next: looked up faster than a spline."""
        finer = np.linspace(_LOW, _HIGH, (_POINTS - 1) * _FINER + 1)
        values: FloatArray = CubicSpline(_grid(), self.log_values)(finer)
        return values, np.diff(values)

    def as_plain(self) -> dict[str, Any]:
        """Return plain numbers that JSON keeps to the last bit."""
        return {"log_density": self.log_values.tolist(), "n_stars": self.n_stars}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "ClassPrior":
        """Return the prior of which ``as_plain`` made the numbers.

        Raises:
            FormatError: A value is missing, of another type, or no finite number.
        """
        values, n_stars = plain.get("log_density"), plain.get("n_stars")
        numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
        if not numbers or len(values or []) != _POINTS or not np.isfinite(values or []).all():
            raise FormatError(
                f"prior of distances: log_density; expected: a list of {_POINTS} finite numbers"
            )
        if type(n_stars) is not int or n_stars < _FEWEST:
            raise FormatError(
                f"prior of distances: n_stars is {n_stars!r}; expected: an integer from {_FEWEST} on"
            )
        return cls(np.asarray(values, dtype=np.float64), n_stars)


def _grid() -> FloatArray:
    """Logarithms of the distances, shape (K,)."""
    return np.linspace(_LOW, _HIGH, _POINTS)


def _likelihood(mean: FloatArray, std: FloatArray) -> FloatArray:
    """Of each star at each point, shape (N, K), its largest 1; smeared by the width of a cell."""
    parallax = 1000 * np.exp(-_grid())
    variance = std[:, np.newaxis] ** 2 + (parallax * _STEP) ** 2 / 12
    logarithm = -0.5 * (mean[:, np.newaxis] - parallax) ** 2 / variance - 0.5 * np.log(variance)
    likelihood: FloatArray = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    return likelihood


def _passed(density: FloatArray, likelihood: FloatArray) -> FloatArray:
    """The mean of the stars' posteriors under a density, shape (K,)."""
    evidence = np.maximum(likelihood @ density, _TINY)
    mean: FloatArray = density * ((1 / evidence) @ likelihood) / len(likelihood)
    return mean


def _density(likelihood: FloatArray, width: int) -> FloatArray:
    """What explains the stars, smoothed over ``width`` steps, shape (K,), of the sum 1."""
    density: FloatArray = np.full(_POINTS, 1 / _POINTS)
    for _ in range(_PASSES):
        density = gaussian_filter1d(_passed(density, likelihood), width, mode="nearest")
        density /= density.sum()
    return density


def _foretold(known: FloatArray, unseen: FloatArray, width: int) -> float:
    """Log probability of some stars' parallaxes under the density of others."""
    density = (1 - _OTHERS) * _density(known, width) + _OTHERS / _POINTS
    return float(np.log(np.maximum(unseen @ density, _TINY)).sum())


def _moments(density: FloatArray) -> tuple[float, float]:
    """Mean and standard deviation of ln r."""
    centre = float(density @ _grid() / density.sum())
    return centre, math.sqrt(float(density @ (_grid() - centre) ** 2 / density.sum()))
