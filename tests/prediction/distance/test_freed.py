"""Predictions without the population that they were trained on: known cases, and coverage with the prior."""

import numpy as np
import pytest

from astrosweep.prediction.distance import ClassPrior, Freed, Parallaxes, distances

CENTRE, SPREAD = np.log(3000.0), 0.6


@pytest.fixture(scope="module")
def prior():
    rng = np.random.default_rng(0)
    return ClassPrior.of_distances(np.exp(CENTRE + SPREAD * rng.standard_normal(4000)))


@pytest.fixture(scope="module")
def freed(prior):
    return Freed.of(prior)


def predicted(scatter, n=20_000, seed=1):
    """Distances, and what the best network says of their parallaxes that sees ln r with a scatter."""
    rng = np.random.default_rng(seed)
    ln_distance = CENTRE + SPREAD * rng.standard_normal(n)
    seen = ln_distance + scatter * rng.standard_normal(n)
    variance = 1.0 / (1.0 / SPREAD**2 + 1.0 / scatter**2)
    middle = variance * (CENTRE / SPREAD**2 + seen / scatter**2)
    mean = 1000.0 * np.exp(-middle + variance / 2.0)
    own = 10.0 ** rng.uniform(-1.7, -0.7, n)
    distance = np.exp(ln_distance)
    catalogue = Parallaxes(1000.0 / distance + own * rng.standard_normal(n), own)
    return distance, Parallaxes(mean, mean * np.sqrt(np.expm1(variance))), catalogue


def coverage(distance, parallaxes, prior):
    low, _, high = distances(parallaxes, prior).distance.T
    return float(((low < distance) & (distance < high)).mean())


@pytest.mark.parametrize("scatter", [0.03, 0.1, 0.3, 0.6])
def test_the_interval_covers_68_percent_however_good_the_network_is(prior, freed, scatter):
    distance, network, catalogue = predicted(scatter)
    likelihoods = freed.likelihoods(network)
    assert 0.65 < coverage(distance, likelihoods.combined(catalogue), prior) < 0.71
    # Alone and poor, two moments do not tell the whole shape of what the network knows.
    assert 0.65 < coverage(distance, likelihoods, prior) < (0.71 if scatter <= 0.1 else 0.75)


def test_the_population_would_count_twice_without_it(prior, freed):
    distance, network, _ = predicted(0.6)
    twice = coverage(distance, network, prior)
    assert twice < 0.63
    assert coverage(distance, freed.likelihoods(network), prior) > twice + 0.05


def test_the_product_with_the_population_has_the_predicted_moments(prior, freed):
    ln_distance = np.linspace(np.log(50.0), np.log(2e5), 20_000)
    parallax = 1000.0 * np.exp(-ln_distance)
    density = np.exp(prior.log_density(ln_distance[None, :])[0])
    for mean, std in ((0.3, 0.06), (0.5, 0.02), (0.35, 0.15)):
        found = freed.likelihoods(Parallaxes(np.array([mean]), np.array([std])))
        weight = density * np.exp(-0.5 * ((parallax - found.mean[0]) / found.std[0]) ** 2)
        weight /= weight.sum()
        middle = (weight * parallax).sum()
        assert middle == pytest.approx(mean, rel=0.01)
        assert np.sqrt((weight * (parallax - middle) ** 2).sum()) == pytest.approx(std, rel=0.03)


def test_a_prediction_that_says_what_the_class_says_is_no_likelihood(prior, freed):
    rng = np.random.default_rng(3)
    parallax = 1000.0 * np.exp(-(CENTRE + SPREAD * rng.standard_normal(100_000)))
    whole = Parallaxes(np.array([parallax.mean()]), np.array([parallax.std()]))
    assert freed.likelihoods(whole).std[0] > 3.0 * whole.std[0]
    found = distances(freed.likelihoods(whole), prior).distance[0]
    np.testing.assert_allclose(np.log(found), CENTRE + SPREAD * np.array([-1.0, 0.0, 1.0]), atol=0.15)


def test_precise_unknown_and_negative_predictions_stay_as_they_are(freed):
    given = Parallaxes(np.array([0.3, np.nan, -0.1, 0.3]), np.array([1e-5, 0.1, 0.1, np.nan]))
    found = freed.likelihoods(given)
    np.testing.assert_allclose(found.mean, given.mean, rtol=1e-6)
    np.testing.assert_allclose(found.std, given.std, rtol=1e-3)
