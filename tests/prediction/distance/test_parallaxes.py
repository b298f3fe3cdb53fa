"""Two parallaxes of one star as one: arithmetic, and that both together are better than either."""

import math

import numpy as np
import pytest

from astrosweep.core.errors import DataError
from astrosweep.prediction.distance import Parallaxes, distances
from astrosweep.prediction.distance.priors import ExponentialDensity


def of(mean, std):
    return Parallaxes(np.array(mean, dtype=float), np.array(std, dtype=float))


def test_the_product_of_two_gaussians_has_known_numbers():
    both = of([1.0, 2.0], [0.3, 0.1]).combined(of([2.0, 2.0], [0.4, 0.1]))
    # weights 1/0.09 and 1/0.16 are as 16 to 9; variance 0.09 * 0.16 / 0.25
    np.testing.assert_allclose(both.mean, [(16 * 1 + 9 * 2) / 25, 2.0], rtol=1e-14)
    np.testing.assert_allclose(both.std, [0.24, 0.1 / math.sqrt(2)], rtol=1e-14)


def test_a_star_keeps_its_prediction_where_the_catalogue_has_none_and_the_reverse_is_no_prediction():
    own = of([1.0, 1.0, 1.0, math.nan], [0.1, 0.1, 0.1, 0.1])
    both = own.combined(of([math.nan, 2.0, 2.0, 2.0], [0.1, math.nan, 0.0, 0.1]))
    np.testing.assert_array_equal(both.mean, [1, 1, 1, math.nan])
    np.testing.assert_array_equal(both.std, [0.1] * 4)


def test_the_zero_point_is_subtracted_and_counts_as_none_where_unknown():
    stars = of([0.10, 0.10], [0.02, 0.02])
    np.testing.assert_allclose(stars.corrected(np.array([-0.04, math.nan])).mean, [0.14, 0.10], rtol=1e-14)
    np.testing.assert_allclose(stars.corrected(-0.02).mean, [0.12, 0.12], rtol=1e-14)


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(DataError, match=r"shape \(2,\) with uncertainties of shape \(1,\)"):
        of([1.0, 2.0], [0.1])
    with pytest.raises(DataError, match="2 parallaxes cannot be combined with 1"):
        of([1.0, 2.0], [0.1, 0.1]).combined(of([1.0], [0.1]))


def test_both_together_are_tighter_than_either_and_cover():
    random = np.random.default_rng(3)
    true = random.gamma(3, 900, 15_000)
    stds = [10 ** random.uniform(-1.7, -0.7, len(true)) for _ in range(2)]
    predicted, catalogue = (
        Parallaxes(1000 / true + std * random.normal(size=len(true)), std) for std in stds
    )
    prior = ExponentialDensity(900.0)
    both = distances(predicted.combined(catalogue), prior).distance
    width, error = {}, {}
    for name, stars in {"predicted": predicted, "catalogue": catalogue}.items():
        alone = distances(stars, prior).distance
        width[name] = np.median(np.log(alone[:, 2] / alone[:, 0]))
        error[name] = np.median(np.abs(np.log(alone[:, 1] / true)))
    assert np.median(np.log(both[:, 2] / both[:, 0])) < 0.85 * min(width.values())
    assert np.median(np.abs(np.log(both[:, 1] / true))) < 0.85 * min(error.values())
    assert 0.65 < np.mean((both[:, 0] < true) & (true < both[:, 2])) < 0.71
