"""Metrics against those of single runs, and intervals of objects with many values."""

import numpy as np
import pytest

from astrosweep.core.metrics import regression_metrics, uncertainty_metrics
from astrosweep.validation.scores import METRICS, Values, change, scores


def values(target, mean, variance=None, scale=1.0):
    t = target.shape[1]
    return Values(target, mean, np.full(t, scale), np.zeros(t), variance)


@pytest.fixture
def line():
    rng = np.random.default_rng(0)
    target = rng.normal(100.0, 3.0, (300, 1))
    return target, target + rng.normal(0.5, 1.0, (300, 1))


def test_metrics_are_those_of_a_run(line):
    target, mean = line
    std, error = np.full_like(mean, 0.8), np.full_like(mean, 0.6)
    found = scores(values(target, mean, std**2 + error**2), 100, 0)
    expected = regression_metrics(target[:, 0], mean[:, 0])
    expected |= uncertainty_metrics(target[:, 0], error[:, 0], mean[:, 0], std[:, 0])
    for name in (*METRICS, "nll", "crps"):
        assert found[name].value == pytest.approx(expected[name], rel=1e-9), name
        assert found[name].low < found[name].value < found[name].high, name


def test_the_interval_of_a_bias_is_the_standard_error_of_a_mean(line):
    target, mean = line
    found = scores(values(target, mean), 4000, 1)["bias"]
    half = 1.959964 * (mean - target).std() / np.sqrt(300)
    assert (found.high - found.low) / 2.0 == pytest.approx(half, rel=0.06)


def test_many_values_of_an_object_tell_no_more_than_one(line):
    """Profiles are drawn whole: ten equal points of each object leave the interval as it is."""
    target, mean = line
    one, ten = (
        scores(values(np.repeat(target, n, axis=1), np.repeat(mean, n, axis=1)), 500, 2) for n in (1, 10)
    )
    for name in METRICS:
        assert ten[name].low == pytest.approx(one[name].low), name
        assert ten[name].high == pytest.approx(one[name].high), name


def test_unknown_targets_count_nowhere(line):
    target, mean = (one.copy() for one in line)
    target[::3] = np.nan
    known = np.isfinite(target[:, 0])
    found = scores(values(target, mean), 100, 0)
    expected = regression_metrics(target[known, 0], mean[known, 0])
    assert found["rmse"].value == pytest.approx(expected["rmse"])
    assert found["r2"].value == pytest.approx(expected["r2"])


def test_normalised_units_divide_errors_and_leave_r2(line):
    target, mean = line
    plain, scaled = scores(values(target, mean), 100, 0), scores(values(target, mean, scale=4.0), 100, 0)
    assert scaled["rmse"].value == pytest.approx(plain["rmse"].value / 4.0)
    assert scaled["mse"].value == pytest.approx(plain["mse"].value / 16.0)
    assert scaled["r2"].value == pytest.approx(plain["r2"].value)


def test_equal_targets_leave_nothing_to_explain():
    target = np.full((50, 1), 0.1)
    assert np.isnan(scores(values(target, target + 1.0), 100, 0)["r2"].value)


def test_where_no_uncertainty_is_known_there_is_no_likelihood(line):
    target, mean = line
    assert "nll" not in scores(values(target, mean), 100, 0)
    variance = np.ones_like(mean)
    variance[0] = 0.0
    assert np.isnan(scores(values(target, mean, variance), 100, 0)["nll"].value)


def test_a_change_is_paired(line):
    target, mean = line
    same = change(values(target, mean), values(target, mean), 200, 0)
    assert (same["rmse"].value, same["rmse"].low, same["rmse"].high) == (0.0, 0.0, 0.0)
    moved = change(values(target, mean), values(target, mean + 2.0), 200, 0)["bias"]
    assert (moved.value, moved.low, moved.high) == pytest.approx((2.0, 2.0, 2.0))
