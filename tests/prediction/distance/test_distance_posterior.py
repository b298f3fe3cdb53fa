"""Distances from parallaxes: known cases, a brute-force grid, a closed form, and their coverage."""

import math

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from astrosweep.core.errors import DataError
from astrosweep.prediction.distance import LIMITS_PC, PROBABILITIES, ClassPrior, Parallaxes, distances
from astrosweep.prediction.distance.grid import support
from astrosweep.prediction.distance.priors import ExponentialDensity, FlatInParallax, GeneralisedGamma

SIGNAL_TO_NOISE = (-2, -1, -0.5, 0, 0.3, 1, 2, 3, 5, 7, 10, 15, 30, 100, 1000)
TRUE_PC = (5, 100, 1500, 8000, 60_000, 5e5)


def gamma(length, alpha, beta, n_stars):
    return GeneralisedGamma(*(np.full(n_stars, float(value)) for value in (length, alpha, beta)))


def two_groups():
    random = np.random.default_rng(4)
    near, far = random.normal(math.log(800), 0.4, 600), random.normal(math.log(50_000), 0.08, 400)
    return ClassPrior.of_distances(np.exp(np.concatenate([near, far])))


PRIORS = {
    "none": lambda n: FlatInParallax(),
    "edsd_near": lambda n: ExponentialDensity(250.0),
    "edsd_far": lambda n: ExponentialDensity(np.full(n, 2800.0)),
    "ggd_of_the_pole": lambda n: gamma(2.4e-6, 0.1905, 7.1, n),
    "ggd_of_the_centre": lambda n: gamma(8000, 4.0, 0.3, n),
    "class": lambda n: two_groups(),
}


def every_case():
    """Stars at all distances with all signals to noise."""
    snr, true = (grid.ravel() for grid in np.meshgrid(SIGNAL_TO_NOISE, TRUE_PC))
    std = 1000 / true / np.maximum(np.abs(snr), 0.5)
    return Parallaxes(snr * std, std)


def brute_force(mean, std, prior):
    """Quantiles by the trapezium rule on 400,000 points, the formula written down anew."""
    x = np.linspace(*np.log(LIMITS_PC), 400_001)
    logarithm = prior.log_density(x[None])[0] - (mean - 1000 / np.exp(x)) ** 2 / (2 * std**2)
    density = np.exp(logarithm - logarithm.max())
    cumulative = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    return np.exp(np.interp(PROBABILITIES, cumulative / cumulative[-1], x))


@pytest.mark.parametrize("name", PRIORS)
def test_quantiles_are_those_of_a_fine_grid_within_a_thousandth(name):
    stars = every_case()
    prior = PRIORS[name](len(stars))
    found = distances(stars, prior).distance
    expected = np.array(
        [brute_force(stars.mean[i], stars.std[i], prior.rows(np.array([i]))) for i in range(len(stars))]
    )
    assert np.abs(found / expected - 1).max() < 1e-3
    wide = (expected[:, 2] - expected[:, 0]) / expected[
        :, 1
    ] > 0.01  # where the fine grid resolves the interval
    width = found[wide, 2] - found[wide, 0]
    assert np.abs(width / (expected[wide, 2] - expected[wide, 0]) - 1).max() < 2e-3


def test_without_a_prior_the_quantiles_are_those_of_the_cut_gaussian():
    stars = every_case()
    found = distances(stars, FlatInParallax()).distance
    nearest, farthest = 1000 / np.array(LIMITS_PC)
    shown = stars.mean / stars.std > -1.5  # the closed form loses its digits in the far tail
    mean, std = stars.mean[shown, None], stars.std[shown, None]
    lower, upper = ndtr((farthest - mean) / std), ndtr((nearest - mean) / std)
    share = 1 - np.array(PROBABILITIES)  # a small parallax is a large distance
    expected = 1000 / (mean + std * ndtri(lower + share * (upper - lower)))
    assert np.abs(found[shown] / expected - 1).max() < 1e-3


def test_units_are_milliarcseconds_parsecs_and_magnitudes():
    stars = Parallaxes(np.array([10.0, 1.0, 100.0]), np.array([1e-5, 1e-6, 1e-4]))
    for prior in (FlatInParallax(), ExponentialDensity(500.0), gamma(8000, 4.0, 0.3, 3)):
        found = distances(stars, prior)
        np.testing.assert_allclose(found.distance[:, 1], [100, 1000, 10], rtol=1e-5)
        np.testing.assert_allclose(found.modulus[:, 1], [5, 10, 0], atol=3e-5)
        assert found.distance[0, 2] - found.distance[0, 0] == pytest.approx(2 * 100 * 1e-6, rel=1e-3)


def test_the_modulus_is_that_of_the_distance():
    found = distances(every_case(), ExponentialDensity(800.0))
    np.testing.assert_allclose(found.modulus, 5 * np.log10(found.distance / 10), atol=1e-10)
    assert (np.diff(found.distance, axis=1) > 0).all()


def test_a_star_does_not_depend_on_the_others_nor_on_its_place():
    stars = every_case()
    many = Parallaxes(np.tile(stars.mean, 20), np.tile(stars.std, 20))
    lengths = np.repeat(np.linspace(200, 3000, 20), len(stars))
    together = distances(many, ExponentialDensity(lengths)).distance
    assert len(many) > 1024
    for i in (0, 77, 1023, 1024, len(many) - 1):
        alone = distances(Parallaxes(many.mean[[i]], many.std[[i]]), ExponentialDensity(lengths[i]))
        np.testing.assert_allclose(alone.distance[0], together[i], rtol=1e-12)


def test_a_star_without_a_parallax_or_a_prior_has_no_distance_and_spoils_none():
    nan = math.nan
    stars = Parallaxes(
        np.array([1.0, nan, 1.0, 1.0, 1.0, math.inf]), np.array([0.1, 0.1, nan, 0.0, 0.1, 0.1])
    )
    found = distances(stars, ExponentialDensity(np.array([500.0, 500, 500, 500, nan, 500])))
    assert np.isnan(found.distance[1:]).all()
    assert np.isnan(found.modulus[1:]).all()
    alone = distances(Parallaxes(np.ones(1), np.full(1, 0.1)), ExponentialDensity(500.0))
    np.testing.assert_array_equal(found.distance[0], alone.distance[0])
    assert distances(Parallaxes(np.empty(0), np.empty(0)), FlatInParallax()).distance.shape == (0, 3)


def test_no_distance_leaves_the_limits():
    found = distances(every_case(), FlatInParallax(), (100.0, 20_000.0)).distance
    assert found.min() >= 100 * (1 - 1e-9)
    assert found.max() <= 20_000 * (1 + 1e-9)
    with pytest.raises(DataError, match="between 5 and 2 pc"):
        distances(every_case(), FlatInParallax(), (5.0, 2.0))


def test_the_support_keeps_both_of_two_modes():
    def two_peaks(points, rows):
        return np.logaddexp(-0.5 * ((points - 3) / 0.3) ** 2, -0.5 * ((points - 9) / 0.3) ** 2 - 5)

    (low,), (high,) = support(two_peaks, 1, 0.0, 14.0)
    assert 0.5 < low < 3 - 1.5
    assert 9 + 0.9 < high < 11


COVERED = {
    "edsd": (lambda random, n: random.gamma(3, 700, n), lambda n: ExponentialDensity(700.0)),
    "ggd": (
        lambda random, n: 3000 * random.gamma(2.2 / 1.4, 1, n) ** (1 / 1.4),
        lambda n: gamma(3000, 1.4, 1.2, n),
    ),
}


@pytest.mark.parametrize("name", COVERED)
def test_the_interval_covers_68_percent_of_the_stars_that_the_prior_describes(name):
    draw, make_prior = COVERED[name]
    random = np.random.default_rng(11)
    true = draw(random, 20_000)
    std = 10 ** random.uniform(-2, 0, len(true))
    found = distances(
        Parallaxes(1000 / true + std * random.normal(size=len(true)), std), make_prior(len(true))
    )
    below, above = true < found.distance[:, 0], true > found.distance[:, 2]
    assert 0.65 < 1 - np.mean(below | above) < 0.71
    assert np.mean(below) == pytest.approx(0.159, abs=0.015)
    assert np.mean(true < found.distance[:, 1]) == pytest.approx(0.5, abs=0.02)
