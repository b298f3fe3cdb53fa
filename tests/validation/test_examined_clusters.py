"""Profiles with truths as they are read for an examination, and what is done to their observables."""

from dataclasses import replace

import numpy as np
import pytest

from astrosweep.core.errors import DataError
from astrosweep.core.types import Predictions
from astrosweep.data.kind import Judged
from astrosweep.kinds.clusters.kind import ClusterKind
from astrosweep.kinds.clusters.profiles.write import write_sample
from astrosweep.kinds.clusters.sample import TrueProfiles
from astrosweep.validation.groups import group_scores, labels_of
from astrosweep.validation.scores import Values, channels_of, normalisation, scores
from tests.kinds.clusters.simulated import prepared, simulated


@pytest.fixture(scope="module")
def sample():
    return simulated().take(np.arange(12))


@pytest.fixture(scope="module")
def preparation():
    return prepared(simulated()).preparation


@pytest.fixture(scope="module")
def config(make_config):
    return make_config("data=cluster")


@pytest.fixture(scope="module")
def tables(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "in"
    write_sample(sample, folder)
    return folder


@pytest.fixture(scope="module")
def examined(config, tables, preparation):
    return ClusterKind().examined(config, tables, preparation)


def by_name(sample):
    return np.argsort(sample.objects.names)


def test_truths_are_those_that_training_would_learn(examined, sample, preparation):
    order = by_name(sample)
    assert examined.labelled.objects.names.tolist() == sample.objects.names[order].tolist()
    found, _ = preparation.targets(examined.labelled)
    expected, _ = preparation.targets(sample.take(order))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_without_truths_it_says_what_to_do(config, sample, preparation, tmp_path):
    write_sample(replace(sample, truth=TrueProfiles({})), tmp_path / "in")
    with pytest.raises(DataError, match=r"no cluster has a table of szp3d, ne3d, t3d.*or leave input out"):
        ClusterKind().examined(config, tmp_path / "in", preparation)
    (tmp_path / "long.csv").write_text("cluster\n")
    with pytest.raises(DataError, match="true profiles are read from a directory"):
        ClusterKind().examined(config, tmp_path / "long.csv", preparation)


def test_a_missing_observable_changes_its_own_channel_alone(examined, preparation):
    own = preparation.features(examined.labelled.objects)
    names = preparation.feature_names
    for name in examined.inputs:
        absent = preparation.features(examined.without(name))
        changed = [place for place, one in enumerate(names) if one in (name, f"{name}_measured")]
        assert (absent[:, changed] == 0.0).all()
        np.testing.assert_array_equal(np.delete(absent, changed, axis=1), np.delete(own, changed, axis=1))


def test_an_exchanged_observable_lies_at_the_same_scaled_radii(examined, sample):
    order = np.roll(np.arange(12), 1)
    own, other = examined.labelled.objects, examined.permuted("sb", order)
    np.testing.assert_array_equal(other.observed["sb"].value, own.observed["sb"].value[order])
    np.testing.assert_allclose(
        other.observed["sb"].radius / own.r500_kpc[:, None],
        (own.observed["sb"].radius / own.r500_kpc[:, None])[order],
    )
    np.testing.assert_array_equal(other.observed["Txray"].value, own.observed["Txray"].value)


def test_profiles_vary_by_their_errors(examined):
    own = examined.labelled.objects
    rng = np.random.default_rng(0)
    draws = [examined.perturbed(rng) for _ in range(30)]
    for name in ("sb", "Txray", "y143GHz"):
        error = own.observed[name].error
        z = np.stack([(one.observed[name].value - own.observed[name].value) / error for one in draws])
        assert np.nanstd(z) == pytest.approx(1.0, abs=0.03)
        assert examined.errors[name] == "errors of the observed profile"


def test_profiles_without_errors_vary_by_one_per_cent(examined):
    clusters = examined.labelled.objects
    bare = replace(clusters.observed["sb"], error=np.full_like(clusters.observed["sb"].error, np.nan))
    objects = replace(clusters, observed={**clusters.observed, "sb": bare})
    found = replace(examined, labelled=replace(examined.labelled, objects=objects))
    moved = found.perturbed(np.random.default_rng(0)).observed["sb"].value / bare.value - 1.0
    assert np.nanstd(moved) == pytest.approx(0.01, rel=0.1)
    assert found.errors["sb"] == "no errors in the tables: 1% of each value"


def test_metrics_are_those_of_the_kind_for_all_and_for_each_target(examined, preparation):
    target, error = preparation.targets(examined.labelled)
    rng = np.random.default_rng(1)
    mean = target + 0.1 * rng.normal(size=target.shape)
    judged = Judged(
        objects=examined.labelled.objects, truth=examined.labelled.truth, target=target,
        error=np.where(np.isfinite(target), error, 0.0),
        predicted=Predictions(examined.labelled.objects.ids, mean, np.full_like(mean, 0.1)),
    )  # fmt: skip
    expected = ClusterKind().score(preparation, judged, by_class=False)
    center, scale = normalisation(preparation, has_profiles=True)
    whole = Values(target, mean, scale, center)
    for name, columns in channels_of(preparation).items():
        found = scores(whole.of_columns(columns), 50, 0)
        if name:
            assert found["mse"].value == pytest.approx(expected[f"{name}/mse_values"], rel=1e-6)
        else:
            assert found["rmse"].value == pytest.approx(expected["rmse"], rel=1e-6)
            assert found["r2"].value == pytest.approx(expected["r2"], rel=1e-6)
    labels = labels_of(examined.variables(judged))
    assert set(labels) == {"redshift", "R500 (kpc)", "target and radius"}
    groups = group_scores(whole, {"target and radius": labels["target and radius"]}, 20, 0)
    assert len(groups) == target.shape[1]


def test_what_is_remembered_of_training_clusters_is_compared(examined):
    told = ClusterKind().ranges(examined.labelled.objects)
    found = {one.name: one for one in examined.remembered(told)}
    assert {"redshift", "r500_kpc", "sb at 0.1", "Txray at 1"} <= set(found)
    one = found["sb at 0.1"]
    assert one.at[0] == pytest.approx(np.nanmin(one.values))
    assert one.share[[0, -1]].tolist() == [0.0, 1.0]
