"""A network's prediction without the population that it was trained on, so that a prior counts that once.

A network that was trained on a class predicts the mean and the standard deviation of its parallax *given* how
parallaxes of that class are distributed: where its inputs say little, it says what the class says. It is a
posterior, and the product with the class's distances would count them twice. Looked for is therefore the
Gaussian likelihood whose product with the population has the predicted mean and standard deviation.

Of all densities with these two moments that product is the one nearest to the population (the least relative
entropy; Kullback 1959, *Information Theory and Statistics*, chapter 3). Where the prediction is as uncertain
as the class itself the likelihood says nothing, and the posterior is the class.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from astrosweep.core.types import FloatArray
from astrosweep.prediction.distance.class_prior import ClassPrior
from astrosweep.prediction.distance.parallaxes import Parallaxes
from astrosweep.prediction.distance.posterior import LIMITS_PC

_MEANS, _WIDTHS, _POINTS = 96, 40, 256
_NARROW, _WIDE = 0.02, 4.0
"""Standard deviations over the mean, between which the population matters and is looked at."""
_REACH = 6.0
_ROUNDS = 60
_LARGEST_STEP, _LARGEST = 0.5, math.log(30.0)
"""Of the logarithm of a width over the predicted one: the largest change, and what counts as no bound."""
_TAIL = 1e-4


@dataclass(frozen=True, eq=False)
class Freed:
    """A table from predicted moments to likelihoods, for one population.

    Attributes:
        shift: (likelihood's mean - predicted mean) / predicted standard deviation, by ln of the mean in mas
            and ln of the standard deviation over the mean.
        stretch: ln of (likelihood's / predicted standard deviation), by the same.
        means: ln of the predicted means that the table has.
    """

    shift: RegularGridInterpolator
    stretch: RegularGridInterpolator
    means: FloatArray

    @classmethod
    def of(cls, prior: ClassPrior) -> "Freed":
        """Make the table."""
        ln_distance = np.linspace(math.log(LIMITS_PC[0]), math.log(LIMITS_PC[1]), 4096)
        density = np.exp(prior.log_density(ln_distance[None, :])[0])
        total = np.cumsum(density) / density.sum()
        far, near = np.interp([1.0 - _TAIL, _TAIL], total, ln_distance)
        means = np.linspace(math.log(1000.0) - far, math.log(1000.0) - near, _MEANS)
        widths = np.linspace(math.log(_NARROW), math.log(_WIDE), _WIDTHS)
        mean = np.exp(np.repeat(means, _WIDTHS))
        std = mean * np.exp(np.tile(widths, _MEANS))
        shift, stretch = _solved(prior, mean, std, far)
        shape = (_MEANS, _WIDTHS)
        first, second = (
            RegularGridInterpolator((means, widths), found.reshape(shape)) for found in (shift, stretch)
        )
        return cls(first, second, means)

    def likelihoods(self, predicted: Parallaxes) -> Parallaxes:
        """The likelihood of each star, whose product with the population has the predicted moments.

        A mean beyond the population is taken at its end; one that is not positive stays as it is.
        """
        mean, std = predicted.mean.copy(), predicted.std.copy()
        usable = np.flatnonzero(predicted.known & (predicted.mean > 0.0))
        if not len(usable):
            return predicted
        width = np.log(std[usable] / mean[usable])
        at = np.stack(
            [
                np.clip(np.log(mean[usable]), self.means[0], self.means[-1]),
                np.clip(width, math.log(_NARROW), math.log(_WIDE)),
            ],
            axis=1,
        )
        # Below the table the population is even over the width of the prediction: half of it, half the shift.
        fade = np.minimum(np.exp(width) / _NARROW, 1.0)
        mean[usable] += fade * self.shift(at) * std[usable]
        std[usable] *= np.exp(fade * self.stretch(at))
        return Parallaxes(mean, std)


def _solved(
    prior: ClassPrior, mean: FloatArray, std: FloatArray, far: float
) -> tuple[FloatArray, FloatArray]:
    """Shift and stretch of each pair of moments, by turns of putting right what the product has."""
    shift, stretch = np.zeros_like(mean), np.zeros_like(mean)
    best = np.full(len(mean), np.inf)
    kept = shift.copy(), stretch.copy()
    for _ in range(_ROUNDS):
        own_mean, own_std = mean + shift * std, std * np.exp(stretch)
        found_mean, found_std = _moments(prior, own_mean, own_std, far)
        off = (mean - found_mean) / std
        wider = np.log(std / found_std)
        better = np.abs(off) + np.abs(wider) < best
        best = np.where(better, np.abs(off) + np.abs(wider), best)
        kept = np.where(better, shift, kept[0]), np.where(better, stretch, kept[1])
        # A change of the likelihood's mean moves the product's by (product's / likelihood's width)^2.
        shift = shift + 0.7 * np.clip(off * np.exp(2.0 * (stretch + wider)), -5.0, 5.0)
        stretch = np.clip(stretch + 0.7 * np.clip(wider, -_LARGEST_STEP, _LARGEST_STEP), -_LARGEST, _LARGEST)
    return kept


def _moments(
    prior: ClassPrior, mean: FloatArray, std: FloatArray, far: float
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the parallax under the population times Gaussian likelihoods."""
    least = 1000.0 * math.exp(-far) / 10.0
    low, high = np.maximum(mean - _REACH * std, least), np.maximum(mean + _REACH * std, 10.0 * least)
    first, last = np.log(1000.0 / high), np.log(1000.0 / low)
    ln_distance = first[:, None] + (last - first)[:, None] * np.linspace(0.0, 1.0, _POINTS)
    parallax = 1000.0 * np.exp(-ln_distance)
    logarithm = prior.log_density(ln_distance) - 0.5 * ((parallax - mean[:, None]) / std[:, None]) ** 2
    weight = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    found = (weight * parallax).sum(axis=1)
    variance = (weight * (parallax - found[:, None]) ** 2).sum(axis=1)
    return found, np.sqrt(np.maximum(variance, (1e-6 * std) ** 2))
