"""Calibration factors: what they cover, what each of them saw, and which target columns share one."""

import numpy as np
import pytest

from astrosweep.training.calibration import calibrate, cross_fit_factors, fit_factor

GENERATOR = np.random.default_rng(0)


def test_factor_recovers_the_true_scatter_beyond_the_catalogue_error():
    n = 50_000
    error, std = GENERATOR.uniform(0.01, 0.1, n), GENERATOR.uniform(0.05, 0.2, n)
    residual = GENERATOR.normal(0, np.hypot(2.5 * std, error))
    assert fit_factor(residual, error, std) == pytest.approx(2.5, rel=0.03)


@pytest.mark.parametrize("draw", [GENERATOR.standard_normal, lambda n: GENERATOR.standard_t(2.5, n)])
def test_factor_covers_68_percent_of_new_objects_whatever_the_distribution(draw):
    ones, zeros = np.ones(4000), np.zeros(4000)
    factor = fit_factor(draw(4000), zeros, ones)
    assert np.mean(np.abs(draw(100_000)) <= factor) == pytest.approx(0.6827, abs=0.02)


def test_catalogue_errors_that_explain_everything_leave_a_small_positive_factor():
    n = 1000
    factor = fit_factor(GENERATOR.normal(0, 0.1, n), np.ones(n), np.ones(n))
    assert 0 < factor < 1e-3


def test_no_object_is_judged_by_its_own_residual():
    n = 60
    residual, group = GENERATOR.normal(size=n), np.arange(n) % 3
    factors, overall = cross_fit_factors(residual, np.zeros(n), np.ones(n), group)
    changed = residual.copy()
    changed[group == 1] *= 100
    again, _ = cross_fit_factors(changed, np.zeros(n), np.ones(n), group)
    assert np.array_equal(factors[group == 1], again[group == 1])
    assert (again[group != 1] > factors[group != 1]).all()
    assert overall == fit_factor(residual, np.zeros(n), np.ones(n))


def test_one_group_takes_the_overall_factor():
    factors, overall = cross_fit_factors(np.arange(1.0, 9.0), np.zeros(8), np.ones(8), np.zeros(8, dtype=int))
    assert (factors == overall).all()


def test_factor_is_the_conformal_order_statistic():
    residual = np.arange(1.0, 11.0)
    factor = fit_factor(residual, np.zeros(10), np.ones(10))
    assert factor == 8.0  # the ceil(11 * 0.6827) = 8th smallest


def draw(n, n_columns):
    """Residuals whose scatter differs from column to column, catalogue errors, predictions, three groups."""
    rng = np.random.default_rng(n + n_columns)
    scatter = np.linspace(1.0, 5.0, n_columns)
    error, std = rng.uniform(0.0, 0.3, (n, n_columns)), rng.uniform(0.5, 1.5, (n, n_columns))
    return rng.normal(0.0, np.hypot(scatter * std, error)), error, std, np.arange(n) % 3


def test_a_scalar_target_has_the_factors_of_one_column():
    residual, error, std, group = draw(60, 1)
    own, factor = calibrate(residual, error, std, group, 1)
    expected, overall = cross_fit_factors(residual[:, 0], error[:, 0], std[:, 0], group)
    assert (own.shape, factor.shape) == ((60, 1), (1,))
    np.testing.assert_array_equal(own[:, 0], expected)
    assert factor[0] == overall


def test_where_objects_are_many_each_point_has_its_own_factor():
    residual, error, std, group = draw(200, 6)
    own, factor = calibrate(residual, error, std, group, 3)
    for column in range(6):
        alone, overall = cross_fit_factors(residual[:, column], error[:, column], std[:, column], group)
        np.testing.assert_array_equal(own[:, column], alone)
        assert factor[column] == overall
    assert len(set(factor)) == 6


@pytest.mark.parametrize(
    ("n", "windows"),
    [
        (199, [(0, 2), (2, 4), (4, 5)]),
        (50, [(0, 4), (4, 5)]),
        (10, [(0, 5)]),
    ],
)
def test_where_objects_are_few_neighbouring_points_of_a_channel_share_a_factor(n, windows):
    residual, error, std, group = draw(n, 10)
    own, factor = calibrate(residual, error, std, group, 5)
    for first in (0, 5):
        for start, end in windows:
            columns = slice(first + start, first + end)
            groups = np.repeat(group, end - start)
            alone, overall = cross_fit_factors(
                residual[:, columns].ravel(), error[:, columns].ravel(), std[:, columns].ravel(), groups
            )
            np.testing.assert_array_equal(own[:, columns].ravel(), alone)
            np.testing.assert_array_equal(factor[columns], overall)
    assert len(set(factor)) == 2 * len(windows)


def test_no_object_is_judged_by_factors_that_saw_it_in_any_column():
    residual, error, std, group = draw(40, 12)
    own, _ = calibrate(residual, error, std, group, 6)
    for label in range(3):
        changed = np.where((group == label)[:, None], 100.0 * residual, residual)
        again, _ = calibrate(changed, error, std, group, 6)
        np.testing.assert_array_equal(again[group == label], own[group == label])
        assert (again[group != label] > own[group != label]).all()


@pytest.mark.parametrize("n", [20, 400], ids=["few", "many"])
def test_unknown_residuals_calibrate_nothing(n):
    residual, error, std, group = draw(n, 6)
    unknown = np.zeros((n, 6), dtype=bool)
    unknown[:, 3:] = True  # no object has the second channel
    unknown[::4, 1] = True
    residual[unknown] = np.nan
    own, factor = calibrate(residual, error, std, group, 3)
    np.testing.assert_array_equal(factor[3:], 1.0)
    np.testing.assert_array_equal(own[:, 3:], 1.0)
    window = slice(0, 3) if n == 20 else slice(1, 2)
    known = ~unknown[:, window]
    groups = np.broadcast_to(group[:, None], known.shape)[known]
    alone, overall = cross_fit_factors(
        residual[:, window][known], error[:, window][known], std[:, window][known], groups
    )
    np.testing.assert_array_equal(own[:, window][known], alone)
    assert (own[::4, 1] == overall).all()
    assert (factor[window] == overall).all()


def test_each_column_covers_68_percent_of_new_objects():
    residual, error, std, group = draw(3000, 4)
    _, factor = calibrate(residual, error, std, group, 1)
    new, error, std, _ = draw(20_000, 4)
    covered = np.mean(np.abs(new) <= np.hypot(factor * std, error), axis=0)
    np.testing.assert_allclose(covered, 0.6827, atol=0.03)  # the scatter of a share of 3000 is 0.0085
