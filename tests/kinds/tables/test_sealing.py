"""The test part's targets are out of reach of everything a training run does."""

import dataclasses
import gc
import pickle

import numpy as np
import pytest

from astrosweep.core.types import Dataset, Fold, Unlabelled
from astrosweep.data.split import TEST, assign
from astrosweep.kinds.stars import schema
from astrosweep.kinds.tables.development import develop
from astrosweep.kinds.tables.prepare import prepare
from astrosweep.training import train
from tests.conftest import make_table

QUICK = ("data=cepheid", "trainer.max_epochs=3", "trainer.progress=false", "loss=gaussian_nll")


def sealed_rows(table, config):
    target = table.frame[schema.TARGET].to_numpy()
    return assign(table.frame[schema.ID].to_numpy(), target, config.split) == TEST


@pytest.mark.parametrize("split", ["holdout", "kfold"])
def test_no_object_reachable_from_a_fit_holds_a_test_target(split, make_config):
    config = make_config(*QUICK, f"split={split}")
    table = make_table()
    test = sealed_rows(table, config)
    assert test.sum() > 20
    secret = table.frame.loc[test, schema.TARGET].to_numpy()
    development = develop(table, config.data, config.split)
    fold = prepare(development, 0, config.data.preparation)
    (result,) = train(config, development)
    del table
    known = fold.fold.train.target[:, 0]
    for root in (development, fold, result):
        arrays = list(numeric_arrays(root))
        assert len(arrays) > 10
        assert any(np.isin(known, array).all() for array in arrays)  # the search sees the other targets
        assert not any(np.isin(array, secret).any() for array in arrays)


def numeric_arrays(root):
    """All float arrays reachable from an object."""
    gc.collect()
    seen, queue = set(), [root]
    while queue:
        item = queue.pop()
        if id(item) in seen or isinstance(item, type) or type(item).__name__ in ("module", "function"):
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            if item.dtype.kind == "f":
                yield item
            queue.append(item.base)
        else:
            queue.extend(gc.get_referents(item))


def test_the_search_for_arrays_finds_what_is_there():
    table = make_table(50)
    wanted = table.frame[schema.TARGET].to_numpy()
    assert any(np.isin(wanted, array).all() for array in numeric_arrays(table))


def test_test_targets_do_not_change_a_run(make_config):
    config = make_config(*QUICK)
    table = make_table()
    test = np.flatnonzero(sealed_rows(table, config))
    frame = table.frame.copy()
    target = frame[schema.TARGET].to_numpy(copy=True)
    lie = target.copy()
    lie[test] += 1e-9 * np.arange(1, len(test) + 1)  # other targets, same strata
    frame[schema.TARGET] = lie
    frame.loc[test, schema.TARGET_ERROR] = 123.0
    (honest,) = train(config, develop(table, config.data, config.split))
    (poisoned,) = train(config, develop(dataclasses.replace(table, frame=frame), config.data, config.split))
    assert not np.array_equal(lie, target)
    assert honest.metrics.keys() == poisoned.metrics.keys()
    for name, value in honest.metrics.items():
        if name != "fit/time_s":
            np.testing.assert_equal(poisoned.metrics[name], value)
    for name, weight in honest.fits[0].state.items():
        assert weight.equal(poisoned.fits[0].state[name])


def test_the_types_have_no_place_for_test_targets(make_config):
    assert [field.name for field in dataclasses.fields(Unlabelled)] == ["ids", "features"]
    assert Fold.__annotations__["test"] is Unlabelled
    assert not issubclass(Unlabelled, Dataset)
    config = make_config(*QUICK)
    development = develop(make_table(), config.data, config.split)
    assert set(development.sealed.columns) == {schema.ID, *development.features}
    assert type(prepare(development, 0, config.data.preparation).fold.test) is Unlabelled


def test_predictions_hold_no_test_target_and_every_part(make_config):
    config = make_config(*QUICK)
    (result,) = train(config, develop(make_table(), config.data, config.split))
    test = result.predictions[result.predictions["part"] == "test"]
    assert len(test) == result.report.parts["test"]
    assert test["parallax"].isna().all()
    assert test["parallax_error"].isna().all()
    assert test["parallax_predicted"].notna().all()
    assert not any(name.startswith("test/") for name in result.metrics)
    assert pickle.loads(pickle.dumps(result.report)) == result.report


def test_the_same_stars_are_sealed_whatever_features_and_cuts(make_config):
    table = make_table()
    plain = make_config(*QUICK)
    other = make_config(*QUICK, "data.features.optional=[]", "data.cleaning.cuts={ruwe:[null,1.1]}")
    first = set(develop(table, plain.data, plain.split).sealed[schema.ID])
    second = set(develop(table, other.data, other.split).sealed[schema.ID])
    assert second < first
