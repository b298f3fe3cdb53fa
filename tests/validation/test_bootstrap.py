"""Bootstrap intervals against what theory says of them."""

import numpy as np
import pytest

from astrosweep.validation import resample
from astrosweep.validation.resample import Estimate, estimates, totals_of_draws


def test_the_interval_of_a_mean_is_its_standard_error_times_1_96():
    values = np.random.default_rng(3).normal(5.0, 2.0, 900)
    totals = totals_of_draws(np.stack([values, np.ones(900)], axis=1), 4000, seed=0)
    found = estimates({"mean": float(values.mean())}, {"mean": totals[:, 0] / totals[:, 1]})["mean"]
    half = 1.959964 * values.std() / np.sqrt(900)
    assert found.low == pytest.approx(values.mean() - half, abs=0.06 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.06 * half)


def test_every_draw_has_as_many_objects_as_there_are():
    totals = totals_of_draws(np.ones((37, 1)), 50, seed=1)
    np.testing.assert_array_equal(totals, np.full((50, 1), 37.0))


def test_blocks_change_no_interval(monkeypatch):
    sums = np.random.default_rng(0).normal(size=(100, 2))
    whole = totals_of_draws(sums, 300, seed=5)
    monkeypatch.setattr(resample, "_VALUES_OF_A_BLOCK", 1000)
    parts = totals_of_draws(sums, 300, seed=5)
    np.testing.assert_allclose(parts, whole)


def test_equal_seeds_draw_equal_objects():
    sums = np.random.default_rng(0).normal(size=(60, 1))
    first, second = (totals_of_draws(one, 100, seed=2) for one in (sums, sums + 1.0))
    np.testing.assert_allclose(second - first, 60.0)


def test_a_number_without_draws_has_no_interval():
    found = estimates({"a": 1.0, "b": float("nan"), "c": 2.0}, {"b": np.ones(9), "c": np.full(9, np.nan)})
    assert not any(one.has_interval for one in found.values())
    assert Estimate(1.0, 0.5, 1.5).has_interval
