"""The prior of a class of star: what it learns from noisy parallaxes, its coverage, and its numbers."""

import json
import math

import numpy as np
import pytest

from astrosweep.core.errors import DataError, FormatError
from astrosweep.prediction.distance import ClassPrior, Parallaxes, distances

LN_R = np.linspace(math.log(1), math.log(1e6), 2001)


def observed(true, random, smallest=0.02, largest=0.1):
    """Parallaxes whose errors tell nothing of the distance."""
    std = 10 ** random.uniform(math.log10(smallest), math.log10(largest), len(true))
    return Parallaxes(1000 / true + std * random.normal(size=len(true)), std)


def log_normal(random, n, centre=3000, spread=0.6):
    return np.exp(random.normal(math.log(centre), spread, n))


def density(prior):
    return np.exp(prior.log_density(LN_R[None])[0])


def moments(prior):
    step = LN_R[1] - LN_R[0]
    near = np.abs(LN_R - math.log(3000)) < 3  # without the broad share of other stars
    weight = density(prior)[near] * step
    centre = np.average(LN_R[near], weights=weight)
    return centre, math.sqrt(np.average((LN_R[near] - centre) ** 2, weights=weight))


@pytest.mark.parametrize("draw", [log_normal, lambda random, n: random.gamma(4, 900, n)])
def test_the_interval_covers_68_percent_of_other_stars_of_the_class(draw):
    random = np.random.default_rng(5)
    prior = ClassPrior.fit(observed(draw(random, 1500), random))
    true = draw(random, 15_000)
    found = distances(observed(true, random), prior).distance
    assert 0.65 < np.mean((found[:, 0] < true) & (true < found[:, 2])) < 0.71


def test_noise_of_the_training_stars_is_taken_out_of_their_distances():
    random = np.random.default_rng(6)
    true = log_normal(random, 4000)
    stars = observed(true, random, 0.08, 0.12)  # signal to noise 3 in the middle
    assert (stars.mean < 0).mean() > 0.01
    centre, spread = moments(ClassPrior.fit(stars))
    positive = stars.mean > 0
    naive = np.std(np.log(1000 / stars.mean[positive]))
    assert centre == pytest.approx(math.log(3000), abs=0.05)
    assert spread == pytest.approx(0.6, abs=0.08)
    assert naive > 0.7


def test_known_distances_give_their_density():
    random = np.random.default_rng(7)
    prior = ClassPrior.of_distances(np.append(log_normal(random, 4000), [math.nan, -1, 0]))
    assert prior.n_stars == 4000
    assert np.sum(density(prior)) * (LN_R[1] - LN_R[0]) == pytest.approx(1, abs=0.01)
    peak = 1 / (0.6 * math.sqrt(2 * math.pi))
    at_centre = np.interp(math.log(3000), LN_R, density(prior))
    assert at_centre == pytest.approx(peak, rel=0.1)


def test_a_narrow_group_beside_a_wide_one_stays_narrow():
    random = np.random.default_rng(8)
    true = np.concatenate([log_normal(random, 800, 2000, 0.5), log_normal(random, 800, 50_000, 0.05)])
    prior = ClassPrior.of_distances(true)
    inside = np.abs(LN_R - math.log(50_000)) < 0.2
    share = density(prior)[inside].sum() * (LN_R[1] - LN_R[0])
    assert share > 0.47


def test_a_good_parallax_outweighs_the_class():
    prior = ClassPrior.of_distances(log_normal(np.random.default_rng(9), 500, spread=0.1))
    star = Parallaxes(np.array([50.0, 0.02]), np.array([0.05, 0.0005]))
    np.testing.assert_allclose(distances(star, prior).distance[:, 1], [20, 50_000], rtol=0.01)


def test_equal_distances_give_a_prior_of_finite_numbers():
    prior = ClassPrior.of_distances(np.full(50, 1000.0))
    assert np.isfinite(prior.log_values).all()
    assert LN_R[density(prior).argmax()] == pytest.approx(math.log(1000), abs=0.03)


def test_it_goes_through_json_to_the_last_bit():
    prior = ClassPrior.of_distances(log_normal(np.random.default_rng(10), 100))
    back = ClassPrior.from_plain(json.loads(json.dumps(prior.as_plain(), allow_nan=False)))
    np.testing.assert_array_equal(back.log_values, prior.log_values)
    assert back.n_stars == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log_density": None}, "log_density; expected: a list of 512 finite numbers"),
        ({"log_density": [0.0] * 511}, "a list of 512"),
        ({"log_density": [0.0] * 511 + [math.nan]}, "finite"),
        ({"log_density": ["0"] * 512}, "a list of 512"),
        ({"n_stars": "many"}, "n_stars is 'many'; expected: an integer from 10 on"),
    ],
)
def test_numbers_that_are_no_prior_are_refused(change, message):
    plain = ClassPrior.of_distances(np.linspace(500, 5000, 20)).as_plain()
    with pytest.raises(FormatError, match=message):
        ClassPrior.from_plain({**plain, **change})


def test_too_few_training_stars_are_refused():
    stars = Parallaxes(np.ones(30), np.r_[np.full(9, 0.1), np.full(21, math.nan)])
    with pytest.raises(DataError, match="9 of 30 training stars"):
        ClassPrior.fit(stars)
