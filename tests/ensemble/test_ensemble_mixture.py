"""The mixture's mean and the two parts of its variance."""

import numpy as np
import pytest

from astrosweep.core.errors import DataError
from astrosweep.ensemble.mixture import Mixture

MEAN = np.random.default_rng(0).normal(100.0, 3.0, (5, 40, 3))
STD = np.random.default_rng(1).uniform(0.1, 4.0, (5, 40, 3))
WEIGHTS = np.array([0.4, 0.3, 0.0, 0.2, 0.1])


def total_variance(weights):
    """Of the mixture's second moment, in higher precision."""
    w, m, s = (array.astype(np.longdouble) for array in (weights, MEAN, STD))
    w = w / w.sum(axis=0)
    center = (w * m).sum(axis=0)
    return ((w * (s**2 + m**2)).sum(axis=0) - center**2).astype(float)


@pytest.mark.parametrize("by_precision", [False, True])
def test_both_parts_together_are_the_variance_of_the_mixture(by_precision):
    weights = np.broadcast_to(WEIGHTS[:, None, None], MEAN.shape)
    if by_precision:
        weights = weights / STD**2
        weights = weights / weights.sum(axis=0)
    found = Mixture(WEIGHTS, by_precision).combine(MEAN, STD)
    np.testing.assert_allclose(found.aleatoric**2 + found.epistemic**2, total_variance(weights), rtol=1e-12)
    np.testing.assert_allclose(found.std**2, total_variance(weights), rtol=1e-12)
    np.testing.assert_allclose(found.mean, (weights * MEAN).sum(axis=0), rtol=1e-14)
    np.testing.assert_allclose(found.aleatoric**2, (weights * STD**2).sum(axis=0), rtol=1e-12)


def test_the_spread_is_weighted():
    mean, std = np.array([0.0, 10.0])[:, None, None], np.zeros((2, 1, 1))
    found = Mixture(np.array([0.9, 0.1])).combine(mean, std)
    assert found.epistemic[0, 0] == pytest.approx(3.0)  # sqrt(0.9 * 0.1) * 10, unweighted it is 5
    assert found.aleatoric[0, 0] == 0.0


def test_a_candidate_without_weight_changes_nothing():
    spoilt, std = MEAN.copy(), STD.copy()
    spoilt[2], std[2] = np.nan, 1e30
    expected, found = Mixture(WEIGHTS).combine(MEAN, STD), Mixture(WEIGHTS).combine(spoilt, std)
    np.testing.assert_array_equal(found.mean, expected.mean)
    np.testing.assert_array_equal(found.std, expected.std)


@pytest.mark.parametrize("by_precision", [False, True])
def test_a_member_that_did_not_learn_a_column_is_left_out_there(by_precision):
    mean = MEAN.copy()
    mean[0, :, 1] = np.nan
    found = Mixture(WEIGHTS, by_precision).combine(mean, STD)
    others = np.array([0.0, 0.3, 0.0, 0.2, 0.1]) / 0.6
    expected = Mixture(others, by_precision).combine(MEAN, STD)
    np.testing.assert_allclose(found.mean[:, 1], expected.mean[:, 1], rtol=1e-14)
    np.testing.assert_allclose(found.std[:, 1], expected.std[:, 1], rtol=1e-12)
    everywhere = Mixture(WEIGHTS, by_precision).combine(MEAN, STD)
    np.testing.assert_array_equal(found.mean[:, [0, 2]], everywhere.mean[:, [0, 2]])


def test_where_no_member_predicts_nothing_is_predicted():
    mean = MEAN.copy()
    mean[:, 7, 0] = np.nan
    found = Mixture(WEIGHTS).combine(mean, STD)
    assert np.isnan([found.mean[7, 0], found.std[7, 0]]).all()
    assert np.isnan(found.mean).sum() == 1


def test_a_certain_member_takes_all_by_precision():
    std = STD.copy()
    std[3, 0, 0] = 0.0
    found = Mixture(WEIGHTS, by_precision=True).combine(MEAN, std)
    assert found.mean[0, 0] == MEAN[3, 0, 0]
    assert found.std[0, 0] == 0.0


def test_blocks_do_not_show(monkeypatch):
    expected = Mixture(WEIGHTS).combine(MEAN, STD)
    monkeypatch.setattr("astrosweep.ensemble.mixture._VALUES_OF_A_BLOCK", 30)
    found = Mixture(WEIGHTS).combine(MEAN, STD)
    np.testing.assert_array_equal(found.mean, expected.mean)
    np.testing.assert_array_equal(found.aleatoric, expected.aleatoric)
    np.testing.assert_array_equal(found.epistemic, expected.epistemic)


@pytest.mark.parametrize("weights", [[0.5, 0.4], [1.5, -0.5], [np.nan, 1.0]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(DataError, match="must not be negative and sum to one"):
        Mixture(np.array(weights))
