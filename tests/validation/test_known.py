"""Objects that a model knows are no fresh ones, and the seal of a run stays closed."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from astrosweep.core.errors import DataError
from astrosweep.validation.known import known_objects
from tests.ensemble.bundles import scored
from tests.validation.lines import fresh_of


def with_bundle(subject, validation, test=None, n_labelled=12):
    papers = SimpleNamespace(
        validation=validation, test=test, provenance={"data": {"n_labelled": n_labelled}}, merit={}
    )
    return replace(subject, bundle=papers)


def test_objects_with_the_identifier_and_the_target_of_a_training_object(subject, tmp_path):
    kept = scored(12)
    found = known_objects(with_bundle(subject, kept), tmp_path, kept.ids, kept.target)
    assert found.seen.all()
    others = kept.target.copy()
    others[5:] += 1.0  # another object that has the same number of a row
    found = known_objects(with_bundle(subject, kept), tmp_path, kept.ids, others)
    assert found.seen.tolist() == [True] * 5 + [False] * 7


def test_sealed_objects_that_were_opened_are_new_to_the_networks(subject, tmp_path):
    kept, test = scored(12), scored(12, ids=np.arange(100, 112))
    ids, target = np.r_[kept.ids, test.ids], np.r_[kept.target, test.target]
    found = known_objects(with_bundle(subject, kept, test), tmp_path, ids, target)
    assert found.seen.tolist() == [True] * 12 + [False] * 12
    assert found.remark.startswith("12 of the objects are the sealed ones")


def test_training_objects_that_a_bundle_does_not_keep_count_as_seen(subject, tmp_path):
    """A holdout trains on most objects, and keeps its validation objects alone."""
    kept, test = scored(12), scored(3, ids=np.arange(100, 103))
    ids, target = np.r_[kept.ids[:2], 50, test.ids], np.r_[kept.target[:2], [[9.0]], test.target]
    found = known_objects(with_bundle(subject, kept, test, n_labelled=60), tmp_path, ids, target)
    assert found.seen.tolist() == [True, True, True, False, False, False]
    assert "keeps 12 of the 60 that are not sealed" in found.remark
    elsewhere = known_objects(
        with_bundle(subject, kept, test, 60), tmp_path, np.array([50]), np.array([[9.0]])
    )
    assert not elsewhere.seen.any()


def test_of_networks_that_were_trained_again_on_all_objects_only_the_sealed_ones_are_new(subject, tmp_path):
    test = scored(3, ids=np.arange(100, 103))
    again = with_bundle(subject, None, test, n_labelled=60)
    ids, target = np.r_[7, 8, test.ids], np.r_[[[1.0]], [[2.0]], test.target]
    assert known_objects(again, tmp_path, ids, target).seen.tolist() == [True, True, False, False, False]
    elsewhere = known_objects(again, tmp_path, ids[:2], target[:2])
    assert not elsewhere.seen.any()
    assert elsewhere.remark == "The bundle keeps 0 of its 60 training objects, none of which are here."


def test_the_table_of_a_run_is_refused_since_it_holds_sealed_objects(subject):
    with pytest.raises(DataError, match=r"is the table that the run was trained on.*sealed.*ensemble\.py"):
        fresh_of(subject, Path(subject.model.config.data.path))


def test_objects_that_a_run_was_validated_on_give_its_table_away(subject, tmp_path):
    ids = 10**15 + np.arange(20)
    run = replace(subject, validated=ids[15:])
    with pytest.raises(DataError, match="has 5 objects that the run was validated on"):
        known_objects(run, tmp_path / "copy.csv", ids, np.zeros((20, 1)))
    assert not known_objects(run, tmp_path / "copy.csv", ids[:15], np.zeros((15, 1))).seen.any()
    numbered = replace(subject, validated=np.arange(1, 6))  # numbers of rows say nothing
    assert not known_objects(numbered, tmp_path / "a.csv", np.arange(1, 21), np.zeros((20, 1))).seen.any()
