"""The closed-form deprojection finds a linear relation, whatever targets are missing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from astrosweep.kinds.clusters.kind import ClusterKind
from astrosweep.kinds.clusters.preparation import load_profile_preparation
from astrosweep.kinds.clusters.prepare import PreparedClusters
from astrosweep.training.linear import LinearBaseline
from tests.kinds.clusters.simulated import prepared, simulated

CLOSED_FORM = LinearBaseline("closed_form", "closed-form deprojection", load_profile_preparation)
SMALL = {"n_input": 8, "n_output": 5, "tolerance": 1e9}


def with_targets(fold: PreparedClusters, share_missing: float, scatter: float) -> PreparedClusters:
    """A fold whose training targets are a linear map of the features, with scatter; some are missing."""
    rng = np.random.default_rng(1)
    train = fold.fold.train
    x = train.features.reshape(len(train), -1).astype(np.float64)
    weights = np.random.default_rng(2).normal(size=(x.shape[1], train.target.shape[1])) / 10.0
    z = x @ weights + scatter * rng.normal(size=train.target.shape)
    target = fold.preparation.transform.inverse(z)
    target[rng.uniform(size=target.shape) < share_missing] = np.nan
    return replace(fold, fold=replace(fold.fold, train=replace(train, target=target)))


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_a_linear_relation_and_its_scatter_are_found(missing: float) -> None:
    fold = prepared(simulated(400), ("density",), ["sb", "Txray"], **SMALL)
    exact, noisy = with_targets(fold, 0.0, 0.0), with_targets(fold, missing, 0.1)
    fitted = CLOSED_FORM.fit(noisy)
    width = fold.preparation.transform.width
    predicted = fitted.predict(fold.train.objects)
    residual = (predicted.mean - exact.fold.train.target) / width
    assert np.sqrt(np.mean(residual**2)) < 0.05
    np.testing.assert_allclose(predicted.std, np.broadcast_to(0.1 * width, predicted.std.shape), rtol=0.25)


def test_it_deprojects_simulated_clusters() -> None:
    fold = prepared(simulated(400), **SMALL)
    predicted = ClusterKind().baselines(None)[0].fit(fold).predict(fold.val.objects)
    error = np.abs(np.exp(predicted.mean - fold.fold.val.target) - 1.0)
    inside = slice(1, 4)  # 0.035 to 0.43 R500
    for name, largest in (("density", 0.05), ("temperature", 0.08), ("pressure", 0.1)):
        columns = fold.preparation.columns_of(name)
        assert np.median(error[:, columns][:, inside]) < largest, name
    pull = (predicted.mean - fold.fold.val.target) / predicted.std
    assert 0.55 < (np.abs(pull) < 1.0).mean() < 0.85


def test_a_target_that_no_training_cluster_has_is_not_predicted(tmp_path: Path) -> None:
    fold = prepared(simulated(60), ("density",), ["sb"], **SMALL)
    target = fold.fold.train.target.copy()
    target[:, 2] = np.nan
    learned = np.array([True, True, False, True, True])
    fold = replace(
        fold,
        fold=replace(fold.fold, train=replace(fold.fold.train, target=target)),
        preparation=replace(fold.preparation, learned=learned),
    )
    fitted = CLOSED_FORM.fit(fold)
    fitted.save(tmp_path)
    for model in (fitted, CLOSED_FORM.load(tmp_path)):
        predicted = model.predict(fold.test)
        assert (np.isfinite(predicted.mean) == learned).all()
        assert (predicted.std > 0.0).all()
