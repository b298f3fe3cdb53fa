"""Rougher training clusters: how many, how rough, and that they do nothing but train."""

import numpy as np
import pytest

from astrosweep.config import ClusterDataConfig, ClusterSimulationConfig, HoldoutConfig, KFoldConfig
from astrosweep.data.split import TRAIN_ONLY
from astrosweep.kinds.clusters.development import develop_clusters
from astrosweep.kinds.clusters.forward.roughness import SMOOTH_SHARE
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.sample import TRAINING_ONLY


def sample(roughness):
    config = ClusterSimulationConfig(n_clusters=400, roughness=roughness, cache_dir=None)
    return simulate_clusters(config)


def is_rough(clusters):
    return np.char.endswith(clusters.generator.astype(str), TRAINING_ONLY)


def test_a_share_stays_smooth_and_the_others_are_as_rough_as_asked_for():
    smooth, rough = sample(0.0), sample(0.06)
    assert not is_rough(smooth).any()
    assert is_rough(rough).mean() == pytest.approx(1.0 - SMOOTH_SHARE, abs=0.08)
    change = np.log(rough.targets["ne3d"].value / smooth.targets["ne3d"].value)
    assert np.all(change[~is_rough(rough)] == 0.0)
    # A half-normal of width s has the mean square s^2.
    assert np.sqrt(np.mean(change[is_rough(rough)] ** 2)) == pytest.approx(0.06, rel=0.15)
    temperature = rough.targets["szp3d"].value / rough.targets["ne3d"].value
    np.testing.assert_allclose(rough.targets["t3d"].value, temperature)


@pytest.mark.parametrize("split", [HoldoutConfig(), KFoldConfig()], ids=["holdout", "kfold"])
def test_rough_clusters_only_train(split):
    development = develop_clusters(sample(0.06), ClusterDataConfig(name="cluster"), ("density",), split)
    rough = is_rough(development.sample)
    assert 100 < rough.sum() < 300
    assert np.all(development.fold[rough] == TRAIN_ONLY)
    assert not is_rough(development.sealed).any()
    parts = development.report.parts
    assert sum(parts.values()) == 400
