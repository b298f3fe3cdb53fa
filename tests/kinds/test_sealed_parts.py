"""Which objects are sealed: the same ones whatever is learned from the others, and by which settings."""

import numpy as np
import pytest

from tests.conftest import develop_stars, make_table
from tests.kinds.clusters.simulated import developed, simulated, with_objects, with_profiles
from tests.kinds.subjects import SUBJECTS


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("stars", [("data.features.optional=[]",), ("split=kfold", "split.n_folds=3")]),
        ("table", [("data.preparation.scaling=none",), ("split=kfold", "split.n_folds=3")]),
        (
            "clusters",
            [
                ("target=density",),
                ("target=temperature", "data.observables=[Txray]"),
                ("split=kfold", "split.n_folds=3"),
                ("data.preparation.output=radii_and_values",),
            ],
        ),
    ],
)
def test_the_same_objects_are_sealed_whatever_is_learned_from_the_others(name, settings, make_config):
    subject = SUBJECTS[name]

    def develop(*overrides):
        config = make_config(*subject.overrides, *overrides)
        return subject.develop(config, subject.make(config))

    first = develop()
    assert len(first.sealed) > 3
    for overrides in settings:
        other = develop(*overrides)
        np.testing.assert_array_equal(np.sort(other.sealed.ids), np.sort(first.sealed.ids))
        assert other.report.sealed_fingerprint == first.report.sealed_fingerprint
    moved = develop("split.seed=1")
    assert set(moved.sealed.ids) != set(first.sealed.ids)
    assert moved.report.sealed_fingerprint != first.report.sealed_fingerprint


def test_cuts_leave_out_sealed_stars_and_seal_no_others(make_config):
    table = make_table()
    cut = make_config("data=cepheid", "data.cleaning.cuts={ruwe:[null,1.1]}")
    first = set(develop_stars(make_config("data=cepheid"), table).sealed.ids)
    second = set(develop_stars(cut, table).sealed.ids)
    assert set() < second < first


def test_the_split_of_clusters_does_not_look_at_targets_even_without_r500(make_config):
    config = make_config("data=cluster")
    sample = with_objects(simulated(60), r500_kpc=np.full(60, np.nan))
    other = sample
    for name in sample.truth.profiles:
        other = with_profiles(other, name, lambda p: type(p)(p.radius, p.value[::-1].copy(), p.error))
    first, second = (developed(config, source) for source in (sample, other))
    assert first.report.fingerprint != second.report.fingerprint
    np.testing.assert_array_equal(first.sealed.ids, second.sealed.ids)
    np.testing.assert_array_equal(first.fold, second.fold)
