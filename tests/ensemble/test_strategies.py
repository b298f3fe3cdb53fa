"""What each strategy chooses."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from astrosweep.core.errors import DataError
from astrosweep.ensemble.evidence import Evidence
from astrosweep.ensemble.mixture import Mixture
from astrosweep.ensemble.objectives import OBJECTIVES, object_losses
from astrosweep.ensemble.strategies import STRATEGIES, greedy
from astrosweep.ensemble.strategies.greedy import Greedy
from astrosweep.ensemble.strategies.performance import Performance
from astrosweep.ensemble.strategies.stacking import simplex_least_squares
from astrosweep.ensemble.strategies.top_k import TopK
from tests.ensemble.problems import profiles, scalar


def differing(seed=0, n=400, m=30):
    """Candidates from good to bad, of which the worst ones err in another way."""
    rng = np.random.default_rng(seed)
    target = rng.normal(size=n)
    spread = np.linspace(0.5, 1.5, m)[:, None]
    mean = target + spread * (0.7 * rng.normal(size=n) + 0.7 * rng.normal(size=(m, n)))
    mean[-1] = target + 0.8 * rng.normal(size=n)
    std = np.abs(spread) * rng.uniform(0.7, 1.3, (m, n))
    return scalar(mean, target, std, rng.uniform(0, 0.3, n))


def training(problem, objective="mse"):
    return Evidence(problem, OBJECTIVES[objective]).everything()


def loss_of(problem, mixture, objective):
    combined = mixture.combine(problem.mean, problem.std)
    return float(np.nanmean(object_losses(OBJECTIVES[objective], problem, combined.mean, combined.std)))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("make", [differing, lambda: profiles(np.random.default_rng(5), missing=0.2)])
def test_losses_of_candidates_are_the_mean_of_their_objects(objective, make):
    problem = make()
    losses = training(problem, objective).losses
    for i in (0, 2, problem.n_candidates - 1):
        loss = object_losses(
            OBJECTIVES[objective], problem, problem.mean[i].astype(float), problem.std[i].astype(float)
        )
        assert losses[i] == pytest.approx(np.nanmean(loss), rel=1e-5)


def test_the_gram_matrix_gives_the_squared_error_of_any_mixture():
    for problem in (differing(), profiles(np.random.default_rng(5))):
        weights = np.random.default_rng(0).dirichlet(np.ones(problem.n_candidates))
        weights[1] = 0.0  # the candidate that did not learn a column
        weights /= weights.sum()
        mean = np.tensordot(weights, np.nan_to_num(problem.mean.astype(float)), 1)
        expected = np.nanmean(object_losses(OBJECTIVES["mse"], problem, mean, np.ones_like(mean)))
        assert weights @ training(problem).gram @ weights == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", STRATEGIES)
def test_weights_are_on_the_simplex_and_the_same_again(name, objective):
    problem = differing()
    mixture = STRATEGIES[name].fit(training(problem, objective))
    assert mixture.weights.shape == (30,)
    assert mixture.weights.min() >= 0.0
    assert mixture.weights.sum() == pytest.approx(1.0, abs=1e-12)
    again = STRATEGIES[name].fit(training(problem, objective))
    np.testing.assert_array_equal(again.weights, mixture.weights)


@pytest.mark.parametrize("name", STRATEGIES)
def test_one_candidate_is_the_whole_ensemble(name):
    problem = scalar(np.random.default_rng(0).normal(size=(1, 50)), np.zeros(50))
    np.testing.assert_allclose(STRATEGIES[name].fit(training(problem)).weights, [1.0])


def test_the_best_and_the_best_few():
    evidence = training(differing())
    order = np.argsort(evidence.losses)
    assert STRATEGIES["best"].fit(evidence).members.tolist() == [order[0]]
    top = TopK(5).fit(evidence)
    assert top.members.tolist() == sorted(order[:5])
    assert set(top.weights[top.members]) == {0.2}
    assert len(STRATEGIES["top_k"].fit(evidence).members) == 20
    inverse = STRATEGIES["inverse_variance"].fit(evidence)
    assert inverse.by_precision
    assert inverse.members.tolist() == sorted(order[:20])


@pytest.mark.parametrize("objective", ["mse", "crps"])
def test_performance_weighs_by_inverse_loss(objective):
    evidence = training(differing(), objective)
    mixture = Performance(4).fit(evidence)
    chosen = np.argsort(evidence.losses)[:4]
    products = mixture.weights[chosen] * evidence.losses[chosen]
    np.testing.assert_allclose(products, products[0])


def test_performance_weighs_by_likelihood():
    evidence = training(differing(), "nll")
    mixture = Performance(4).fit(evidence)
    chosen = np.argsort(evidence.losses)[:4]
    np.testing.assert_allclose(
        np.diff(np.log(mixture.weights[chosen])), -np.diff(evidence.losses[chosen]), rtol=1e-9
    )


def test_stacking_of_squared_errors_is_the_minimum_on_the_simplex():
    gram = training(differing()).gram
    weights = simplex_least_squares(gram)
    weights = weights / weights.sum()
    slopes = gram @ weights
    used = weights > 1e-9
    # Karush, Kuhn and Tucker: equal slopes of the members, and none of the others falls faster.
    np.testing.assert_allclose(slopes[used], weights @ slopes, rtol=1e-8)
    assert slopes[~used].min() > weights @ slopes
    assert 1 < used.sum() < 30


def test_stacking_bears_identical_candidates():
    rng = np.random.default_rng(0)
    target = rng.normal(size=100)
    mean = np.repeat((target + rng.normal(size=(3, 100))), 2, axis=0)
    evidence = training(scalar(mean, target))
    doubled = STRATEGIES["stacking"].fit(evidence).weights
    alone = STRATEGIES["stacking"].fit(training(scalar(mean[::2], target))).weights
    np.testing.assert_allclose(doubled.reshape(3, 2).sum(axis=1), alone, atol=1e-6)


@pytest.mark.parametrize("objective", ["nll", "crps"])
def test_stacking_of_likelihoods_is_the_minimum_on_the_simplex(objective):
    problem = differing(m=5)
    mixture = STRATEGIES["stacking"].fit(training(problem, objective))

    def loss(raw):
        weights = np.exp(raw - raw.max())
        return loss_of(problem, Mixture(weights / weights.sum()), objective)

    best = min(
        minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2000, "fatol": 1e-9}).fun
        for start in (np.zeros(5), np.array([1.0, 0, 0, 0, 1.0]))
    )
    assert loss_of(problem, mixture, objective) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_greedy_follows_the_path_of_caruana(objective):
    """Without bags each step is the best of all additions, found here by brute force."""
    problem = differing(n=150, m=6)
    counts, best = np.zeros(6), (np.inf, None)
    for _ in range(8):
        losses = [
            loss_of(problem, Mixture((counts + one) / (counts.sum() + 1)), objective) for one in np.eye(6)
        ]
        counts[int(np.argmin(losses))] += 1
        best = min(best, (min(losses), tuple(counts / counts.sum())))
    found = Greedy(steps=8, bags=1, fraction=1.0).fit(training(problem, objective))
    np.testing.assert_allclose(found.weights, best[1], atol=1e-12)


def test_greedy_is_cut_where_the_path_is_best():
    """One candidate is right and the others only do harm: its path ends with the first step."""
    rng = np.random.default_rng(0)
    target = rng.normal(size=100)
    mean = np.stack([target + 1e-3, *(target + 5.0 + rng.normal(size=(3, 100)))])
    found = Greedy(bags=1, fraction=1.0).fit(training(scalar(mean, target)))
    np.testing.assert_array_equal(found.weights, [1.0, 0.0, 0.0, 0.0])


def test_greedy_gives_ties_to_members():
    """The second step finds a newcomer, which comes first, and the member equally good."""

    class Path:
        steps = iter([[1.0, 0.5], [0.4, 0.4]])

        def losses(self):
            return np.array(next(self.steps))

        def add(self, candidate):
            pass

    assert greedy.select(Path(), 2, 2).tolist() == [0.0, 1.0]


def test_greedy_takes_the_mean_of_bags_of_half_of_the_candidates():
    problem = differing()
    alone = [Greedy(bags=1, seed=0).fit(training(problem)).weights]
    assert (alone[0] > 0).sum() <= 15
    many = Greedy().fit(training(problem))
    assert len(many.members) > (alone[0] > 0).sum()


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_candidate_without_uncertainty_is_no_member_by_likelihood(name):
    problem = differing(m=8)
    std = problem.std.copy()
    std[0] = 0.0
    problem = replace(problem, std=std, error=np.zeros_like(problem.error))
    mixture = STRATEGIES[name].fit(training(problem, "nll"))
    assert mixture.weights[0] == 0.0
    assert np.isfinite(loss_of(problem, mixture, "nll"))


@pytest.mark.parametrize("name", STRATEGIES)
def test_without_any_usable_candidate_nothing_is_chosen(name):
    problem = differing()
    problem = replace(problem, std=np.zeros_like(problem.std), error=np.zeros_like(problem.error))
    with pytest.raises(DataError, match="no candidate has a finite nll"):
        STRATEGIES[name].fit(training(problem, "nll"))


def test_likelihoods_of_many_rows_are_judged_on_a_sample():
    problem = differing(n=6000, m=3)
    evidence = training(problem, "nll")
    assert evidence.sample.residual.shape == (3, 5000)
    of_sample = (
        OBJECTIVES["nll"]
        .loss(evidence.sample.residual, evidence.sample.variance + evidence.sample.error_variance)
        .mean(axis=1)
    )
    np.testing.assert_allclose(of_sample, evidence.losses, atol=0.03)


@pytest.mark.parametrize("objective", ["nll", "crps"])
def test_greedy_tries_the_promising_ones_and_finds_what_trying_all_finds(objective, monkeypatch):
    evidence = training(differing(m=80), objective)
    found = Greedy(bags=3).fit(evidence).weights
    monkeypatch.setattr(greedy, "_TRIED", 1000)
    np.testing.assert_array_equal(found, Greedy(bags=3).fit(evidence).weights)
    monkeypatch.setattr(greedy, "_TRIED", 1)
    assert not np.array_equal(found, Greedy(bags=3).fit(evidence).weights)


def test_predictions_that_lie_otherwise_in_memory_are_the_same():
    problem = profiles(np.random.default_rng(5))
    turned = replace(problem, mean=np.asfortranarray(problem.mean), std=np.asfortranarray(problem.std))
    np.testing.assert_array_equal(training(turned).gram, training(problem).gram)
