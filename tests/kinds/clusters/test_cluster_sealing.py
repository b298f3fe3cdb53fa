"""The true profiles of sealed clusters are out of reach of everything a training run does."""

from dataclasses import replace

import numpy as np
import pytest

from astrosweep.kinds.clusters.development import develop_clusters
from astrosweep.kinds.clusters.prepared import prepare_clusters
from astrosweep.kinds.clusters.sample import TARGETS
from astrosweep.training import train
from tests.kinds.clusters.simulated import ALL, simulated
from tests.kinds.tables.test_sealing import numeric_arrays

QUICK = (
    "data=cluster",
    "model=deprojector",
    "model.width=8",
    "loss=gaussian_nll",
    "trainer.max_epochs=2",
    "trainer.progress=false",
    "data.preparation.augmentation={noise:true,amplitude:0.2}",
)


def develop(config, sample):
    return develop_clusters(sample, config.data, config.targets, config.split)


def secrets_of(sample, sealed_ids):
    """Target values of sealed clusters, as they are and as logarithms."""
    rows = np.isin(sample.ids, sealed_ids)
    values = np.concatenate([sample.targets[name].value[rows].ravel() for name in TARGETS])
    return np.concatenate([values, np.log(values)])


@pytest.mark.parametrize("split", ["holdout", "kfold"])
def test_no_object_reachable_from_a_fit_holds_a_sealed_profile(split, make_config):
    folds = ["split.n_folds=2"] if split == "kfold" else []
    config = make_config(*QUICK, f"split={split}", *folds)
    # A copy of its own, freed below: the cached sample is reachable from this module.
    sample = simulated().take(np.arange(40))
    development = develop(config, sample)
    assert len(development.sealed) >= 3
    secret = secrets_of(sample, development.sealed.ids)
    fold = prepare_clusters(development, 0)
    (result,) = train(config, development)
    del sample
    n_arrays = 0
    for root in (development, fold, result, result.predictions):
        for array in numeric_arrays(root):
            n_arrays += 1
            assert not np.isin(array, secret).any()
    assert n_arrays > 100


def test_the_search_would_find_a_profile_that_is_there(make_config):
    config = make_config(*QUICK)
    development = develop(config, simulated())
    fold = prepare_clusters(development, 0)
    for ids in (fold.train.ids, fold.val.ids):
        known = secrets_of(simulated(), ids)
        for root in (development, fold):
            assert any(np.isin(known, array).mean() > 0.05 for array in numeric_arrays(root))


@pytest.mark.parametrize("lie", [lambda value: 3.0 * value[::-1], lambda value: np.full_like(value, np.nan)])
def test_sealed_profiles_do_not_change_a_run(lie, make_config):
    config = make_config(*QUICK)
    sample = simulated()
    rows = np.isin(sample.ids, develop(config, sample).sealed.ids)
    targets = {}
    for name, profiles in sample.targets.items():
        value, error = profiles.value.copy(), profiles.error.copy()
        value[rows] = lie(value[rows])
        error[rows] = 123.0
        targets[name] = replace(profiles, value=value, error=error)
    poisoned_sample = replace(sample, targets=targets)
    assert poisoned_sample.fingerprint != sample.fingerprint
    (honest,) = train(config, develop(config, sample))
    (poisoned,) = train(config, develop(config, poisoned_sample))
    assert honest.metrics.keys() == poisoned.metrics.keys()
    for name, value in honest.metrics.items():
        if name != "fit/time_s":
            np.testing.assert_equal(poisoned.metrics[name], value)
    for name, weight in honest.fits[0].state.items():
        assert weight.equal(poisoned.fits[0].state[name])
    assert honest.predictions.equals(poisoned.predictions)


def test_the_same_clusters_are_sealed_for_every_target_observable_and_split(make_config):
    first, *others = (
        develop(make_config("data=cluster", *overrides), simulated(60))
        for overrides in (
            (),
            ("target=density",),
            ("target=temperature", "data.observables=[Txray]"),
            ("split=kfold", "split.n_folds=3"),
            ("data.preparation.output=radii_and_values",),
        )
    )
    for other in others:
        np.testing.assert_array_equal(other.sealed.ids, first.sealed.ids)
        assert other.report.sealed_fingerprint == first.report.sealed_fingerprint
    moved = develop(make_config("data=cluster", "split.seed=1"), simulated(60))
    assert set(moved.sealed.ids) != set(first.sealed.ids)
    assert moved.report.sealed_fingerprint != first.report.sealed_fingerprint


def test_the_split_without_r500_does_not_look_at_targets_either(make_config):
    config = make_config("data=cluster")
    sample = replace(simulated(60), r500_kpc=np.full(60, np.nan))
    other = {name: replace(p, value=p.value[::-1].copy()) for name, p in sample.targets.items()}
    first, second = (develop(config, s) for s in (sample, replace(sample, targets=other)))
    np.testing.assert_array_equal(first.sealed.ids, second.sealed.ids)


def test_parts_hold_every_cluster_once(make_config):
    development = develop(make_config("data=cluster", "split=kfold", "split.n_folds=3"), simulated(60))
    whole = np.concatenate([development.sample.ids, development.sealed.ids])
    np.testing.assert_array_equal(np.sort(whole), np.arange(60))
    assert len(development.sealed) == development.report.parts["test"]
    assert set(development.fold) == {0, 1, 2}
    seen = [prepare_clusters(development, k) for k in range(3)]
    np.testing.assert_array_equal(
        np.sort(np.concatenate([fold.val.ids for fold in seen])), np.sort(development.sample.ids)
    )
    for fold in seen:
        assert not set(fold.train.ids) & set(fold.val.ids)
        assert fold.test.targets == {}
        assert not hasattr(fold.fold.test, "target")


def test_predictions_of_sealed_clusters_have_no_truth_and_no_metric(make_config):
    (result,) = train(make_config(*QUICK), develop(make_config(*QUICK), simulated()))
    sealed = result.predictions[result.predictions["part"] == "test"]
    assert len(sealed) == 300 * result.report.parts["test"]
    assert set(sealed["target"]) == set(ALL)
    assert sealed["true"].isna().all()
    assert sealed["predicted"].notna().all()
    assert not any(name.startswith("test/") for name in result.metrics)
