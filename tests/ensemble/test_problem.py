"""What a problem refuses, and what its pairs are."""

from dataclasses import replace

import numpy as np
import pytest

from astrosweep.core.errors import DataError
from tests.ensemble.problems import profiles, scalar


def small():
    rng = np.random.default_rng(0)
    return scalar(rng.normal(size=(3, 10)), rng.normal(size=10))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: {"std": p.std[:2]}, r"std has the shape \(2, 10, 1\); expected \(3, 10, 1\)"),
        (lambda p: {"group": p.group[:9]}, r"group has the shape \(9,\); expected \(10,\)"),
        (lambda p: {"scale": np.ones(2), "channels": ("a", "b")}, "1 target columns; the channels have 2"),
        (lambda p: {"scale": np.zeros(1)}, "must be positive"),
        (lambda p: {"error": p.error - 1.0}, "errors of known targets"),
        (lambda p: {"std": -p.std}, "candidate candidate 0 has 10 uncertainties"),
        (lambda p: {"std": p.std * np.nan}, "candidate candidate 0 has 10 uncertainties"),
        (lambda p: {"mean": p.mean + np.inf}, "10 infinite predictions"),
        (lambda p: {"group": p.group * 0}, "1 outer folds have objects .* needs at least 2"),
        (lambda p: {"target": p.target * np.nan}, "0 outer folds have objects"),
        (
            lambda p: {"target": np.where(p.group[:, None] == 0, p.target, np.nan)},
            "1 outer folds have objects",
        ),
        (lambda p: {"mean": p.mean * np.nan}, "0 outer folds have objects"),
    ],
)
def test_what_cannot_be_scored_is_refused(change, message):
    problem = small()
    with pytest.raises(DataError, match=message):
        replace(problem, **change(problem))


def test_a_target_that_a_candidate_did_not_learn_has_the_mean_of_the_others():
    problem = profiles(np.random.default_rng(1))
    rows = np.flatnonzero(problem.known[:, 2])
    pairs = problem.pairs(rows, np.full(len(rows), 2))
    others = [0, 2, 3, 4, 5]
    expected = problem.mean[others][:, rows, 2].mean(axis=0) - problem.target[rows, 2]
    np.testing.assert_allclose(pairs.residual[1], expected, rtol=1e-5, atol=1e-6)
    variance = np.square(problem.std[others][:, rows, 2]).mean(axis=0)
    np.testing.assert_allclose(pairs.variance[1], variance, rtol=1e-5)
    np.testing.assert_array_equal(pairs.weight, 1 / problem.known[rows].sum(axis=1))


def test_pairs_are_divided_by_the_scale_of_their_column():
    problem = profiles(np.random.default_rng(1))
    rows = np.flatnonzero(problem.known[:, 5])
    pairs = problem.pairs(rows, np.full(len(rows), 5))
    np.testing.assert_allclose(
        10 * pairs.residual, problem.mean[:, rows, 5] - problem.target[rows, 5], rtol=1e-6, atol=1e-6
    )
    np.testing.assert_allclose(10 * np.sqrt(pairs.error_variance), problem.error[rows, 5])


def test_blocks_hold_every_known_target_of_a_fold_once(monkeypatch):
    monkeypatch.setattr("astrosweep.ensemble.problem._VALUES_OF_A_BLOCK", 100)
    problem = profiles(np.random.default_rng(1))
    blocks = [block for group in problem.groups for block in problem.blocks(group)]
    assert len(blocks) > 4
    seen = np.zeros(problem.target.shape, dtype=int)
    for rows, columns in blocks:
        assert len(set(problem.group[rows])) == 1
        np.add.at(seen, (rows, columns), 1)
    np.testing.assert_array_equal(seen, problem.known)


def test_a_mixture_of_pairs_is_the_same_about_the_mean():
    problem = profiles(np.random.default_rng(2))
    pairs = problem.pairs(*np.nonzero(problem.known))
    weights = np.random.default_rng(0).dirichlet(np.ones(6))
    mean, deviation, second = pairs.about_the_mean()
    shift = weights @ deviation
    np.testing.assert_allclose(mean + shift, weights @ pairs.residual, atol=1e-12)
    expected = weights @ pairs.variance + weights @ np.square(pairs.residual - weights @ pairs.residual)
    np.testing.assert_allclose(weights @ second - shift**2, expected, rtol=1e-6)
