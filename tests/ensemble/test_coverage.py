"""What is reported of intervals."""

import json

import numpy as np
import pytest

from astrosweep.core.errors import DataError
from astrosweep.core.metrics import uncertainty_metrics
from astrosweep.ensemble.correction import LEVELS, Z
from astrosweep.ensemble.coverage import measure


def test_coverage_is_counted_with_its_binomial_noise():
    residual = np.array([[0.5], [1.5], [2.5], [np.nan]])
    ones = np.ones((4, 1))
    factors = np.broadcast_to(np.array([1.0, 1.0, 2.0, 3.0])[:, None, None], (4, 4, 1))
    found = measure(residual, 0 * ones, ones, factors)
    assert [one.share for one in found.overall] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1.0])
    assert [one.level for one in found.overall] == list(LEVELS)
    assert found.overall[0].std_error == pytest.approx(0.5 / np.sqrt(3))
    assert (found.overall[0].n, found.overall[0].objects) == (3, 3)
    assert found.sharpness == (2.0, 2.0, 4.0, 6.0)
    # With an error of 1.2 the second residual is within hypot(1, 1.2 z).
    with_error = measure(residual, 1.2 * ones, ones, factors)
    assert with_error.overall[1].share == pytest.approx(2 / 3)


def test_the_values_of_one_object_are_one_draw():
    residual, ones = np.zeros((10, 7)), np.ones((10, 7))
    residual[0] = np.nan
    found = measure(residual, ones, ones, np.ones((4, 10, 7)))
    assert (found.overall[2].n, found.overall[2].objects) == (63, 9)
    assert found.overall[2].std_error == pytest.approx(np.sqrt(0.9 * 0.1 / 9))


def test_groups_are_counted_apart():
    residual = np.array([[0.5], [1.5], [0.1], [0.2]])
    ones = np.ones((4, 1))
    kind = np.array([["b"], ["b"], ["a"], ["unknown"]], dtype=object)
    found = measure(residual, 0 * ones, ones, np.ones((4, 4, 1)), {"class": kind})
    assert list(found.by_group["class"]) == ["a", "b", "unknown"]
    assert [found.by_group["class"][name][1].share for name in ("a", "b", "unknown")] == [1.0, 0.5, 1.0]
    assert found.by_group["class"]["b"][1].n == 2


def test_scores_are_those_of_the_calibrated_gaussian():
    rng = np.random.default_rng(0)
    n = 500
    std, error = rng.uniform(0.5, 2, (n, 1)), rng.uniform(0, 1, (n, 1))
    residual = rng.normal(0, 1, (n, 1))
    factors = np.broadcast_to(np.array([0.5, 0.8, 1.2, 1.5])[:, None, None], (4, n, 1))
    found = measure(residual, error, std, factors)
    expected = uncertainty_metrics(residual[:, 0], error[:, 0], np.zeros(n), 0.8 * std[:, 0])
    assert found.nll == pytest.approx(expected["nll"], rel=1e-12)
    assert found.crps == pytest.approx(expected["crps"], rel=1e-12)
    assert found.overall[1].share == pytest.approx(expected["coverage_68"], abs=0.004)
    assert found.sharpness[3] == pytest.approx(np.median(2 * 1.5 * std))


def test_the_pit_is_flat_for_the_truth_and_shows_a_shift():
    rng = np.random.default_rng(0)
    n = 20_000
    std, error = rng.uniform(0.5, 2, (n, 1)), rng.uniform(0, 1, (n, 1))
    factors = np.broadcast_to(np.array(Z)[:, None, None], (4, n, 1))
    residual = rng.normal(0, np.hypot(std, error))
    flat = measure(residual, error, std, factors)
    assert sum(flat.pit) == n
    np.testing.assert_allclose(flat.pit, n / 10, atol=5 * np.sqrt(n * 0.09))
    assert [one.share for one in flat.overall] == pytest.approx(list(LEVELS), abs=0.015)
    shifted = measure(residual + 1.0, error, std, factors)
    assert shifted.pit[-1] > 2 * flat.pit[-1]
    wide = measure(residual, error, 3 * std, factors)
    assert wide.pit[0] < 0.5 * flat.pit[0]


def test_a_report_is_plain_values():
    found = measure(np.zeros((3, 1)), np.ones((3, 1)), np.ones((3, 1)), np.ones((4, 3, 1)))
    plain = json.loads(json.dumps(found.as_dict()))
    assert plain["overall"][2]["share"] == 1.0
    assert set(plain["overall"][2]) == {"level", "share", "std_error", "n", "objects"}
    assert plain["pit"] == [0, 0, 0, 0, 0, 3, 0, 0, 0, 0]


def test_nothing_known_is_refused():
    nothing = np.full((3, 1), np.nan)
    with pytest.raises(DataError, match="no residual is known"):
        measure(nothing, nothing, nothing, np.ones((4, 3, 1)))
