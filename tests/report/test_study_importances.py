"""Importances are shares where they are defined, and empty elsewhere."""

import math

import numpy as np
import pytest

from astrosweep.report.study import importances
from tests.report.studies import study_of, trial, typical


def test_importances_are_shares_and_the_same_every_time():
    study = typical(48)
    shares = importances(study)
    assert next(iter(shares)) == "optimizer.lr"
    assert set(shares) == {"optimizer.lr", "model.hidden", "model.dropout"}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert all(type(share) is float for share in shares.values())
    assert importances(study) == shares


def test_importances_of_one_of_several_objectives():
    rng = np.random.default_rng(1)
    trials = []
    for _ in range(60):
        lr, n_blocks = 10.0 ** rng.uniform(-5, 0), int(rng.integers(1, 10))
        trials.append(trial((math.log10(lr) ** 2, n_blocks), optimizer__lr=lr, model__n_blocks=n_blocks))
    study = study_of(*trials, n_objectives=2)
    assert next(iter(importances(study, 0))) == "optimizer.lr"
    assert next(iter(importances(study, 1))) == "model.n_blocks"


@pytest.mark.parametrize(
    "trials",
    [
        pytest.param([], id="no trial"),
        pytest.param([trial(0.1, model__n_blocks=2)], id="one"),
        pytest.param([trial(0.1, model__n_blocks=i + 1) for i in range(5)], id="equal"),
        pytest.param([trial(min(i, 1.0), model__n_blocks=i + 1) for i in range(5)], id="none better"),
        pytest.param([trial(0.1 * i, only="one") for i in range(5)], id="fixed"),
        pytest.param([trial(0.1, model__n_blocks=1), trial(math.inf, model__n_blocks=2)], id="one finite"),
    ],
)
def test_importances_are_empty_where_undefined(trials):
    assert importances(study_of(*trials)) == {}
