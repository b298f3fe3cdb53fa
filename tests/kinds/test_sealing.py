"""The truth of sealed objects is out of reach of everything that a training run does, whatever their kind."""

import dataclasses
import gc
import pickle
from dataclasses import dataclass
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch

from astrosweep.config import RunConfig
from astrosweep.core.types import Dataset, Unlabelled
from astrosweep.data.fold import Fold
from astrosweep.data.kind import (
    Development,
    Labelled,
    ObjectsT,
    PreparedData,
    PreparedFold,
    TruthT,
)
from astrosweep.data.split import TEST
from astrosweep.training import TrainingResult, train
from tests.conftest import prepared_data
from tests.kinds.subjects import QUICK, SUBJECTS, Clusters, Subject

pytestmark = pytest.mark.process  # heavy: it trains every kind, several times

SPLITS = {"holdout": ("split=holdout",), "kfold": ("split=kfold", "split.n_folds=2")}
RUNS = [(name, split) for name in SUBJECTS for split in SPLITS]


@dataclass(frozen=True)
class Run:
    """One training, and the truths that it must not or may know."""

    subject: Subject
    config: RunConfig
    development: Development[Any, Any]
    data: PreparedData[Any, Any, Any]
    result: TrainingResult
    sealed: np.ndarray
    known: np.ndarray


def run_of(subject: Subject, config: RunConfig, source: Any) -> Run:
    development = subject.develop(config, source)
    data = prepared_data(config, development)
    (result,) = train(config, data)
    return Run(
        subject,
        config,
        development,
        data,
        result,
        subject.truth(source, development.sealed.ids),
        subject.truth(source, development.labelled.objects.ids),
    )


@pytest.fixture(scope="module", params=RUNS, ids="-".join)
def run(request, make_config):
    name, split = request.param
    subject = SUBJECTS[name]
    config = make_config(*subject.overrides, *QUICK, *SPLITS[split])
    return run_of(subject, config, subject.make(config))


def float_arrays(root):
    """All arrays and tensors of floats reachable from an object, and all single floats as one."""
    gc.collect()
    seen, queue, single = {}, [root], []
    while queue:
        item = queue.pop()
        if id(item) in seen or isinstance(item, type) or type(item).__name__ in ("module", "function"):
            continue
        seen[id(item)] = item  # kept, or another object might get its id
        if isinstance(item, float):
            single.append(item)
        elif isinstance(item, torch.Tensor):
            if item.is_floating_point():
                yield item.detach().cpu().numpy()
        elif isinstance(item, np.ndarray):
            if item.dtype.kind == "f":
                yield item
            elif item.dtype.kind == "O":
                queue.extend(item.ravel())
            queue.append(item.base)
        else:
            queue.extend(gc.get_referents(item))
    yield np.array(single)


def holds(array, truths):
    """Whether an array has a number of the truths, or, where rounding makes chance possible, many."""
    if array.dtype == np.float64:
        return np.isin(array, truths).any()
    return np.isin(truths.astype(array.dtype), array).mean() > 0.1


def test_no_array_reachable_from_a_run_holds_a_sealed_truth(run):
    sealed = run.sealed[np.isfinite(run.sealed)]
    assert len(sealed) > 40
    transform = run.data.folds[0].fold.transform
    n_targets = run.data.folds[0].fold.layout.n_targets
    learned = transform.forward(np.resize(sealed, (-(-len(sealed) // n_targets), n_targets))).ravel()
    for root in (run.development, run.data, run.result):
        arrays = list(float_arrays(root))
        assert len(arrays) > 10
        for array in arrays:
            assert not holds(array, sealed)
        if n_targets == 1:
            assert not any(holds(array, learned) for array in arrays)


def test_the_search_finds_truths_that_are_there(run):
    known = run.known[np.isfinite(run.known)]
    for root in (run.development, run.data, run.result):
        assert any(np.isin(known, array).mean() > 0.05 for array in float_arrays(root))
    hidden = {"a": [{"b": (run.sealed.astype(np.float32),)}], "c": torch.tensor(run.sealed)}
    assert sum(holds(array, run.sealed) for array in float_arrays(hidden)) == 2
    assert any(holds(array, run.sealed) for array in float_arrays([*run.sealed.tolist()]))
    assert any(holds(array, run.sealed) for array in float_arrays(np.array([*run.sealed], dtype=object)))


LIES = {
    "nudged": lambda value: value * (1.0 + 1e-9 * (1.0 + np.arange(value.size).reshape(value.shape))),
    "reversed": lambda value: 3.0 * value[::-1],
    "unknown": lambda value: np.full_like(value, np.nan),
}


@pytest.mark.parametrize(
    ("run", "lie"),
    [
        pytest.param(params, lie, id="-".join((*params, lie)))
        for params in RUNS
        for lie in LIES
        # Rows without a target are dropped before the split.
        if lie != "unknown" or params[0] == "clusters"
    ],
    indirect=["run"],
)
def test_sealed_truths_do_not_change_a_run(run, lie, monkeypatch):
    subject, sealed = run.subject, run.development.sealed.ids
    source = subject.make(run.config)
    false = subject.falsified(source, sealed, LIES[lie])
    assert subject.fingerprint(false) != subject.fingerprint(source)
    assert not np.isin(subject.truth(false, sealed), run.sealed).any()
    if lie == "reversed" and not isinstance(subject, Clusters):
        # The parts of a table represent its targets equally, so that larger lies seal other rows.
        hold_the_split(run, monkeypatch)
    other = run_of(subject, run.config, false)

    assert other.development.report.sealed_fingerprint == run.development.report.sealed_fingerprint
    assert other.development.report.fingerprint != run.development.report.fingerprint
    for mine, its in zip(run.data.folds, other.data.folds, strict=True):
        for part in ("train", "val", "test"):
            for name in ("ids", "features"):
                one, two = (getattr(getattr(p.fold, part), name) for p in (mine, its))
                np.testing.assert_array_equal(one, two)
    honest, poisoned = run.result, other.result
    assert honest.metrics.keys() == poisoned.metrics.keys()
    for name in honest.metrics.keys() - {"fit/time_s"}:
        np.testing.assert_array_equal(honest.metrics[name], poisoned.metrics[name], err_msg=name)
    assert honest.curves == poisoned.curves
    np.testing.assert_array_equal(honest.factor, poisoned.factor)
    for mine, its in zip(honest.fits, poisoned.fits, strict=True):
        assert mine.best_epoch == its.best_epoch
        assert mine.state.keys() == its.state.keys()
        assert all(weight.equal(its.state[name]) for name, weight in mine.state.items())
    assert honest.predictions.equals(poisoned.predictions)


def hold_the_split(run, monkeypatch):
    """Let rows be in the parts in which they were."""
    labelled = run.development.labelled.objects.ids.tolist()
    part = dict(zip(labelled, run.development.fold.tolist(), strict=True))
    part |= dict.fromkeys(run.development.sealed.ids.tolist(), TEST)
    monkeypatch.setattr(
        "astrosweep.kinds.tables.development.assign",
        lambda ids, target, split: np.array([part[one] for one in ids.tolist()]),
    )


def names_of(kind):
    return {field.name for field in dataclasses.fields(kind)}


def test_the_types_have_no_place_for_a_sealed_truth():
    assert names_of(Unlabelled) == {"ids", "features"}
    assert not issubclass(Dataset, Unlabelled)
    assert not issubclass(Unlabelled, Dataset)
    assert get_type_hints(Fold)["test"] is Unlabelled
    assert get_type_hints(Development)["sealed"] is ObjectsT
    assert get_type_hints(PreparedFold)["test"] is ObjectsT
    assert get_type_hints(Labelled) == {"objects": ObjectsT, "truth": TruthT}


def test_sealed_objects_are_of_a_type_without_a_truth(run):
    objects, truth = (type(getattr(run.development.labelled, name)) for name in ("objects", "truth"))
    assert objects is not truth
    assert not names_of(objects) & names_of(truth)
    assert truth not in get_type_hints(objects).values()
    assert type(run.development.sealed) is objects
    for prepared in run.data.folds:
        assert type(prepared.test) is objects
        assert type(prepared.fold.test) is Unlabelled
        assert type(prepared.train) is type(prepared.val) is Labelled
    sealed = run.development.sealed
    seen = set(sealed.observed) if hasattr(sealed, "observed") else {str(name) for name in sealed.frame}
    assert seen >= set(run.development.report.features)
    truths = {"szp3d", "ne3d", "t3d", "parallax", "parallax_error", "redshift", "redshift_error"}
    assert not seen & truths


def test_every_object_is_in_one_part_and_validates_in_one_fold(run):
    development, parts = run.development, run.development.report.parts
    labelled, sealed = development.labelled.objects.ids, development.sealed.ids
    whole = np.concatenate([labelled, sealed])
    assert len(np.unique(whole)) == len(whole) == development.report.rows_read
    assert len(sealed) == parts["test"]
    assert set(development.fold) - {-1} == set(range(development.n_folds))
    if development.n_folds > 1:
        validated = np.concatenate([prepared.val.objects.ids for prepared in run.data.folds])
        np.testing.assert_array_equal(np.sort(validated), np.sort(labelled))
    for prepared in run.data.folds:
        assert not set(prepared.train.objects.ids) & set(prepared.val.objects.ids)
        assert not set(prepared.train.objects.ids) & set(sealed)
        np.testing.assert_array_equal(prepared.fold.test.ids, sealed)


def test_predictions_of_sealed_objects_have_no_truth_and_no_metric(run):
    sealed = run.result.predictions[run.result.predictions["part"] == "test"]
    layout = run.data.folds[0].fold.layout
    assert len(sealed) == layout.n_targets * run.result.report.parts["test"] * run.development.n_folds
    truths = {"true", "parallax", "parallax_error", "redshift", "redshift_error"} & set(sealed)
    assert len(truths) in (1, 2)
    for name in truths:
        assert sealed[name].isna().all()
    predicted = next(name for name in sealed if name.endswith("predicted"))
    assert sealed[predicted].notna().all()
    assert not any("test" in name.split("/")[0] for name in run.result.metrics)
    assert pickle.loads(pickle.dumps(run.result.report)) == run.result.report
