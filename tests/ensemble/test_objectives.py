"""The losses are those of core.metrics, pooled over the targets of an object."""

import numpy as np
import pytest

from astrosweep.core.errors import ConfigError
from astrosweep.core.metrics import score
from astrosweep.ensemble.objectives import (
    OBJECTIVES,
    channel_scores,
    object_losses,
    objective_of,
    target_losses,
)
from tests.ensemble.problems import profiles, scalar

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_losses_of_a_scalar_target_are_those_of_core_metrics(name):
    target, error = RNG.normal(size=200), RNG.uniform(0, 1, 200)
    mean, std = target + RNG.normal(size=200), RNG.uniform(0.1, 2, 200)
    problem = scalar(mean[None], target, std[None], error)
    expected = score(target, error, mean, std)[name]
    found = object_losses(OBJECTIVES[name], problem, mean[:, None], std[:, None])
    assert found.mean() == pytest.approx(expected, rel=1e-12)
    of_channel = channel_scores(problem, mean[:, None], std[:, None])["y"]
    assert of_channel[name] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_object_counts_once_however_many_targets_it_has(name):
    problem = profiles(np.random.default_rng(3))
    mean, std = problem.mean[0].astype(float), problem.std[0].astype(float)
    found = object_losses(OBJECTIVES[name], problem, mean, std)
    for row in (0, 1, 17):
        known = np.isfinite(problem.target[row])
        scale = problem.scale[known]
        expected = score(
            problem.target[row, known] / scale,
            problem.error[row, known] / scale,
            mean[row, known] / scale,
            std[row, known] / scale,
        )[name]
        assert found[row] == pytest.approx(expected, rel=1e-9)
    assert np.isnan(found[3])  # nothing is known of it
    assert np.isnan(found).sum() == (~np.isfinite(problem.target).any(axis=1)).sum()


def test_a_known_target_without_a_prediction_is_an_infinite_loss():
    problem = profiles(np.random.default_rng(3))
    loss = target_losses(
        OBJECTIVES["mse"], problem, problem.mean[1].astype(float), problem.std[1].astype(float)
    )
    assert np.isinf(loss[problem.known[:, 2], 2]).all()
    assert np.isfinite(loss[:, :2][problem.known[:, :2]]).all()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_slopes_are_the_derivatives(name):
    objective, h = OBJECTIVES[name], 1e-6
    r, v = RNG.normal(size=50), RNG.uniform(0.2, 3, 50)
    by_residual, by_variance = objective.slopes(r, v)
    numeric = (objective.loss(r + h, v) - objective.loss(r - h, v)) / (2 * h)
    np.testing.assert_allclose(by_residual, numeric, rtol=1e-5, atol=1e-7)
    numeric = (objective.loss(r, v + h) - objective.loss(r, v - h)) / (2 * h)
    np.testing.assert_allclose(by_variance, numeric, rtol=1e-5, atol=1e-7)


def test_without_any_uncertainty_likelihood_is_infinite_and_crps_the_residual():
    zero = np.zeros(2)
    np.testing.assert_array_equal(OBJECTIVES["nll"].loss(np.array([0.0, 1.0]), zero), [np.inf, np.inf])
    np.testing.assert_array_equal(OBJECTIVES["crps"].loss(np.array([0.0, -3.0]), zero), [0.0, 3.0])


def test_an_unknown_objective_is_refused_with_what_is_allowed():
    with pytest.raises(ConfigError, match="'mae' is unknown; allowed are mse, nll, crps"):
        objective_of("mae")
