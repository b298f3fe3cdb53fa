"""Shift of inputs whose distributions are known."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import ks_2samp, norm

from astrosweep.data.examined import Remembered
from astrosweep.data.ranges import known_shares, range_of_numbers
from astrosweep.validation.shift import is_notable, shift_of, shift_of_samples

ONE_SIGMA = 2.0 * ndtr(0.5) - 1.0  # largest difference of two Gaussians one sigma apart, midway between them


def remembered(values, training):
    at, share = known_shares(range_of_numbers(training))
    return Remembered("x", values, at, share, missing=0.0)


def test_a_gaussian_that_moved_by_one_sigma():
    rng = np.random.default_rng(0)
    training, moved = rng.normal(size=20_000), rng.normal(1.0, 1.0, 20_000)
    found = shift_of(remembered(moved, training), 20_000)
    assert found.value == pytest.approx(ONE_SIGMA, abs=0.012)
    assert found.value <= ks_2samp(moved, training).statistic + 1e-9
    assert found.p < 1e-6
    assert is_notable(found)
    assert found.median - found.median_then == pytest.approx(1.0, abs=0.03)


def test_where_the_training_is_known_at_every_percent_it_is_the_statistic_itself():
    rng = np.random.default_rng(1)
    level = np.linspace(0.001, 0.999, 999)
    found = shift_of(Remembered("x", rng.normal(1.0, 1.0, 50_000), norm.ppf(level), level), 10**6)
    assert found.value == pytest.approx(ONE_SIGMA, abs=0.006)


def test_fresh_draws_of_the_same_are_within_chance():
    ps = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        ps.append(shift_of(remembered(rng.normal(size=300), rng.normal(size=300)), 300).p)
    assert np.mean(np.array(ps) < 0.05) <= 0.1
    assert not is_notable(shift_of(remembered(rng.normal(size=300), rng.normal(size=300)), 300))


def test_values_outside_of_the_training_range_are_seen():
    found = shift_of(remembered(np.full(50, 7.0), np.linspace(0.0, 1.0, 200)), 200)
    assert found.value == 1.0


def test_missing_values_are_told_and_do_not_shift():
    values = np.random.default_rng(0).normal(size=1000)
    gaps = values.copy()
    gaps[:250] = np.nan
    found = shift_of(remembered(gaps, values), 1000)
    assert found.missing == 0.25
    assert found.value < 0.06
    empty = shift_of(remembered(np.full(5, np.nan), values), 1000)
    assert np.isnan(empty.value)
    assert empty.missing == 1.0
    assert not is_notable(empty)


def test_classes_by_half_the_sum_of_differences():
    values = np.array(["a"] * 50 + ["b"] * 30 + ["new"] * 20 + [None] * 25, dtype=object)
    found = shift_of(Remembered("kind", values, counts={"a": 800, "b": 200}), 1000)
    assert found.measure == "total variation"
    assert found.value == pytest.approx(0.5 * (0.3 + 0.1 + 0.2))
    assert found.missing == pytest.approx(0.2)
    assert is_notable(found)
    same = shift_of(Remembered("kind", np.array(["a", "b"] * 50, dtype=object), counts={"a": 5, "b": 5}), 10)
    assert (same.value, same.p) == (0.0, pytest.approx(1.0))


def test_targets_that_are_kept_one_by_one():
    rng = np.random.default_rng(2)
    now, then = rng.normal(1.0, 1.0, 4000), rng.normal(size=4000)
    found = shift_of_samples("target", now, np.append(then, np.nan))
    assert found.value == pytest.approx(ks_2samp(now, then).statistic)
    assert found.missing_then == pytest.approx(1 / 4001)
