"""Rougher training clusters: how many, how rough, and that they do nothing but train."""

from dataclasses import replace

import numpy as np
import pytest

from astrosweep.config import HoldoutConfig, KFoldConfig
from astrosweep.config.kinds.clusters import ClusterDataConfig, ClusterSimulationConfig
from astrosweep.data.split import TRAIN_ONLY
from astrosweep.kinds.clusters.development import develop_clusters
from astrosweep.kinds.clusters.forward.roughness import SMOOTH_SHARE
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.sample import Clusters


def sample(roughness):
    config = ClusterSimulationConfig(n_clusters=400, roughness=roughness, cache_dir=None)
    return simulate_clusters(config)


def test_a_share_stays_smooth_and_the_others_are_as_rough_as_asked_for():
    smooth, rough = sample(0.0), sample(0.06)
    assert not smooth.objects.training_only.any()
    np.testing.assert_array_equal(rough.objects.generator, smooth.objects.generator)
    assert rough.objects.training_only.mean() == pytest.approx(1.0 - SMOOTH_SHARE, abs=0.08)
    change = np.log(rough.truth.profiles["ne3d"].value / smooth.truth.profiles["ne3d"].value)
    assert np.all(change[~rough.objects.training_only] == 0.0)
    # A half-normal of width s has the mean square s^2.
    assert np.sqrt(np.mean(change[rough.objects.training_only] ** 2)) == pytest.approx(0.06, rel=0.15)
    temperature = rough.truth.profiles["szp3d"].value / rough.truth.profiles["ne3d"].value
    np.testing.assert_allclose(rough.truth.profiles["t3d"].value, temperature)


@pytest.mark.parametrize("split", [HoldoutConfig(), KFoldConfig()], ids=["holdout", "kfold"])
def test_rough_clusters_only_train(split):
    development = develop_clusters(sample(0.06), ClusterDataConfig(name="cluster"), ("density",), split)
    rough = development.labelled.objects.training_only
    assert 100 < rough.sum() < 300
    assert np.all(development.fold[rough] == TRAIN_ONLY)
    assert not development.sealed.training_only.any()
    parts = development.report.parts
    assert sum(parts.values()) == 400


def test_training_only_follows_its_clusters():
    rough = sample(0.06).objects
    rows = np.array([7, 3, 250])
    np.testing.assert_array_equal(rough.take(rows).training_only, rough.training_only[rows])
    unsaid = Clusters(rough.ids, rough.names, rough.redshift, rough.r500_kpc, {}, rough.generator, "not said")
    assert unsaid.training_only.shape == (400,)
    assert not unsaid.training_only.any()
    both = unsaid.join([rough.take(rows)])
    np.testing.assert_array_equal(both.training_only[400:], rough.training_only[rows])
    assert not both.training_only[:400].any()
    assert replace(unsaid, training_only=np.array([True])).training_only.all()
    with pytest.raises(ValueError, match="broadcast"):
        replace(unsaid, training_only=np.array([True, False]))
