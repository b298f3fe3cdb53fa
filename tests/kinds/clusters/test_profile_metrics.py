"""Metrics of profiles against numbers worked out by hand."""

import math

import numpy as np
import pytest

from astrosweep.kinds.clusters.metrics import differences, interval_metrics, relative_errors

RADIUS = np.array([[0.02, 0.03, 0.1, 1.0, 1.2]] * 3)
TRUE = np.array([[1.0, 1.0, 2.0, 4.0, 1.0], [1.0, 10.0, 10.0, 10.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0]])
OFF = np.array([[9.0, 0.1, -0.2, 0.3, 9.0], [9.0, -0.5, 0.1, 0.0, 9.0], [9.0, 0.4, 0.4, 0.4, 9.0]])
"""Relative errors; the first and last radius are out of range."""


def test_relative_errors_of_three_clusters():
    found = relative_errors(RADIUS, TRUE, TRUE * (1 + OFF))
    assert found == pytest.approx(
        {
            "median_relative_error": 0.2,  # of 0.2, 0.1, 0.4
            "p90_relative_error": 0.36,  # 0.2 + 0.8 * 0.2
            "pooled_median_relative_error": 0.3,  # of 0 .1 .1 .2 .3 .4 .4 .4 .5
            "pooled_p90_relative_error": 0.42,  # 0.4 + 0.2 * 0.1
            "relative_bias": 0.1,  # of -.5 -.2 0 .1 .1 .3 .4 .4 .4
        }
    )


def test_unmeasured_points_and_clusters_count_nowhere():
    true = TRUE.copy()
    true[2] = np.nan
    true[0, 3] = np.nan
    found = relative_errors(RADIUS, true, TRUE * (1 + OFF))
    assert found["median_relative_error"] == pytest.approx((0.15 + 0.1) / 2)
    assert found["pooled_median_relative_error"] == pytest.approx(0.1)  # of 0 .1 .1 .2 .5
    assert found["relative_bias"] == pytest.approx(0.0)  # of -.5 -.2 0 .1 .1
    gone = np.where(np.isnan(true), np.nan, TRUE * (1 + OFF))
    assert relative_errors(RADIUS, TRUE, gone) == pytest.approx(found)


def test_a_radius_that_is_not_known_is_out_of_range():
    radius = RADIUS.copy()
    radius[1:] = np.nan
    assert relative_errors(radius, TRUE, TRUE * (1 + OFF))["median_relative_error"] == pytest.approx(0.2)


def test_the_range_includes_its_ends_despite_rounding():
    radius = np.array([[0.03 * (1 - 1e-12), 1.0 * (1 + 1e-12)]])
    found = relative_errors(radius, np.ones((1, 2)), np.array([[1.1, 1.3]]))
    assert found["median_relative_error"] == pytest.approx(0.2)
    just_out = np.array([[0.0299, 1.001]])
    assert all(
        math.isnan(value) for value in relative_errors(just_out, np.ones((1, 2)), np.ones((1, 2))).values()
    )


@pytest.mark.parametrize("shape", [(0, 5), (2, 5)])
def test_nothing_known_is_nan_and_no_warning(shape):
    nothing, radius = np.full(shape, np.nan), np.full(shape, 0.5)
    for found in (
        relative_errors(radius, nothing, nothing),
        interval_metrics(radius, nothing, nothing, np.ones(shape)),
        differences(nothing, nothing),
    ):
        assert found
        assert all(math.isnan(value) for value in found.values())


def test_intervals_add_errors_of_truth_and_prediction():
    radius = np.full((1, 5), 0.5)
    residual = np.array([[0.9, -4.9, -5.1, 9.0, 10.0]])
    std = np.array([[1.0, 3.0, 3.0, 3.0, 3.0]])
    error = np.array([[0.0, 4.0, 4.0, 4.0, 4.0]])
    found = interval_metrics(radius, residual, error, std)
    assert found["coverage_68"] == pytest.approx(2 / 5)  # z = 0.9 0.98 1.02 1.8 2
    assert found["coverage_95"] == pytest.approx(4 / 5)
    assert found["reduced_chi2"] == pytest.approx((0.9**2 + 0.98**2 + 1.02**2 + 1.8**2 + 4) / 5)


def test_intervals_leave_out_radii_unknown_points_and_unstated_uncertainties():
    radius = np.array([[0.01, 0.5, 0.5, 0.5, 2.0]])
    residual = np.array([[99.0, 0.5, np.nan, 99.0, 99.0]])
    std = np.array([[1.0, 1.0, 1.0, 0.0, 1.0]])
    found = interval_metrics(radius, residual, np.zeros((1, 5)), std)
    assert found == {"coverage_68": 1.0, "coverage_95": 1.0, "reduced_chi2": 0.25}


def test_differences_are_true_minus_predicted():
    found = differences(np.array([[1.0, 2.0, np.nan, 4.0]]), np.array([[2.0, 2.0, 3.0, 1.0]]))
    assert found == pytest.approx(
        {"mean_difference": 2 / 3, "mean_absolute_difference": 4 / 3, "mse": 10 / 3, "rmse": (10 / 3) ** 0.5}
    )
