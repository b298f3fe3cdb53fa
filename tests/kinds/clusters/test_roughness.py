"""Rougher training clusters: how many, how rough, and that they do nothing but train."""

from dataclasses import replace

import numpy as np
import pytest

from astrosweep.config import ClusterDataConfig, ClusterSimulationConfig, HoldoutConfig, KFoldConfig
from astrosweep.data.split import TRAIN_ONLY
from astrosweep.kinds.clusters.development import develop_clusters
from astrosweep.kinds.clusters.forward.roughness import SMOOTH_SHARE
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.sample import ClusterSample


def sample(roughness):
    config = ClusterSimulationConfig(n_clusters=400, roughness=roughness, cache_dir=None)
    return simulate_clusters(config)


def test_a_share_stays_smooth_and_the_others_are_as_rough_as_asked_for():
    smooth, rough = sample(0.0), sample(0.06)
    assert not smooth.training_only.any()
    np.testing.assert_array_equal(rough.generator, smooth.generator)
    assert rough.training_only.mean() == pytest.approx(1.0 - SMOOTH_SHARE, abs=0.08)
    change = np.log(rough.targets["ne3d"].value / smooth.targets["ne3d"].value)
    assert np.all(change[~rough.training_only] == 0.0)
    # A half-normal of width s has the mean square s^2.
    assert np.sqrt(np.mean(change[rough.training_only] ** 2)) == pytest.approx(0.06, rel=0.15)
    temperature = rough.targets["szp3d"].value / rough.targets["ne3d"].value
    np.testing.assert_allclose(rough.targets["t3d"].value, temperature)


@pytest.mark.parametrize("split", [HoldoutConfig(), KFoldConfig()], ids=["holdout", "kfold"])
def test_rough_clusters_only_train(split):
    development = develop_clusters(sample(0.06), ClusterDataConfig(name="cluster"), ("density",), split)
    rough = development.sample.training_only
    assert 100 < rough.sum() < 300
    assert np.all(development.fold[rough] == TRAIN_ONLY)
    assert not development.sealed.training_only.any()
    parts = development.report.parts
    assert sum(parts.values()) == 400


def test_training_only_follows_its_clusters():
    rough = sample(0.06)
    rows = np.array([7, 3, 250])
    np.testing.assert_array_equal(rough.take(rows).training_only, rough.training_only[rows])
    unsaid = ClusterSample(
        rough.ids, rough.names, rough.redshift, rough.r500_kpc, {}, {}, rough.generator, "not said"
    )
    assert unsaid.training_only.shape == (400,)
    assert not unsaid.training_only.any()
    assert replace(unsaid, training_only=np.array([True])).training_only.all()
    with pytest.raises(ValueError, match="broadcast"):
        replace(unsaid, training_only=np.array([True, False]))
