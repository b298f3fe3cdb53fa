import numpy as np
import pytest

from astrosweep.training.calibration import cross_fit_factors, fit_factor

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
