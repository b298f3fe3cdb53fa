"""What every kind of data must do, whatever its objects are."""

from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from optuna.trial import TrialState

from astrosweep.config import RunConfig
from astrosweep.data.kind import Judged, Labelled, PreparedData
from astrosweep.search.worker import End, work
from astrosweep.tracking import MemoryTracker
from astrosweep.training import TrainingResult, train
from tests.kinds.contract import Case, same_bits


@pytest.fixture(scope="module")
def result(case: Case) -> TrainingResult:
    (result,) = train(case.config, PreparedData(case.kind, case.development.report, (case.prepared,)))
    return result


def test_sealed_objects_have_no_truth_and_are_as_many_as_the_split_says(case: Case) -> None:
    sealed, labelled = case.development.sealed, case.labelled
    assert type(sealed) is type(labelled.objects)
    assert not any(isinstance(value, type(labelled.truth)) for value in vars(sealed).values())
    assert len(sealed) == len(sealed.ids) == case.development.report.parts["test"]
    n = len(sealed) + len(labelled)
    assert len(sealed) == pytest.approx(case.config.split.test * n, abs=n / 30)
    assert not set(sealed.ids) & set(labelled.objects.ids)
    assert len(set(sealed.ids)) + len(set(labelled.objects.ids)) == n
    assert (case.development.fold >= -1).all()
    assert len(case.development.fold) == len(labelled)


def test_objects_and_truth_are_taken_and_joined_alike(case: Case) -> None:
    preparation, labelled = case.prepared.preparation, case.labelled
    rows = np.random.default_rng(1).permutation(len(labelled))
    first, rest = labelled.take(rows[:5]), labelled.take(rows[5:])
    joined = Labelled(first.objects.join([rest.objects]), first.truth.join([rest.truth]))
    assert len(joined) == len(joined.truth) == len(labelled)
    assert same_bits(joined.objects.ids, labelled.objects.ids[rows])
    assert same_bits(preparation.features(joined.objects), preparation.features(labelled.objects)[rows])
    for one, other in zip(preparation.targets(joined), preparation.targets(labelled), strict=True):
        assert same_bits(one, other[rows])


def test_features_and_targets_have_the_shapes_of_the_layout(case: Case) -> None:
    preparation, labelled = case.prepared.preparation, case.labelled
    layout = preparation.layout
    for objects in (labelled.objects, case.development.sealed):
        features = preparation.features(objects)
        assert features.shape == (len(objects), *layout.inputs)
        assert features.dtype == np.float32
        assert np.isfinite(features).all()
    assert len(preparation.feature_names) == layout.inputs[0]
    assert len(set(preparation.feature_names)) == layout.inputs[0]
    target, error = preparation.targets(labelled)
    assert target.shape == error.shape == (len(labelled), layout.n_targets)
    assert target.dtype == error.dtype == np.float64
    assert (error >= 0.0).all()
    assert preparation.learned.shape == (layout.n_targets,)
    assert same_bits(preparation.learned, np.isfinite(target).any(axis=0))
    assert (layout, case.prepared.fold.transform) == (case.prepared.fold.layout, preparation.transform)


def test_an_object_is_prepared_the_same_whatever_is_beside_it(case: Case) -> None:
    preparation, objects = case.prepared.preparation, case.labelled.objects
    every = preparation.features(objects)
    for rows in (np.arange(0, len(objects), 3), np.array([4]), np.arange(len(objects))[::-1]):
        assert same_bits(preparation.features(objects.take(rows)), every[rows])


def test_what_a_fit_receives_is_the_preparation_of_the_parts(case: Case) -> None:
    prepared, preparation = case.prepared, case.prepared.preparation
    for part, dataset in ((prepared.train, prepared.fold.train), (prepared.val, prepared.fold.val)):
        assert same_bits(dataset.ids, part.objects.ids)
        assert same_bits(dataset.features, preparation.features(part.objects))
        target, error = preparation.targets(part)
        assert same_bits(dataset.target, target)
        assert same_bits(dataset.target_error, error)
    assert same_bits(prepared.fold.test.ids, case.development.sealed.ids)
    assert same_bits(prepared.fold.test.features, preparation.features(case.development.sealed))


def test_a_preparation_reads_back_as_it_was_saved(case: Case, tmp_path: Path) -> None:
    saved = case.prepared.preparation
    saved.save(tmp_path)
    read = case.kind.load_preparation(tmp_path)
    assert (read.layout, read.feature_names) == (saved.layout, saved.feature_names)
    assert read.transform.as_dict() == saved.transform.as_dict()
    assert same_bits(read.learned, saved.learned)
    for objects in (case.labelled.objects, case.development.sealed):
        assert same_bits(read.features(objects), saved.features(objects))
    for one, other in zip(read.targets(case.labelled), saved.targets(case.labelled), strict=True):
        assert same_bits(one, other)
    z = np.random.default_rng(0).normal(size=(4, saved.layout.n_targets))
    assert same_bits(read.transform.inverse(z), saved.transform.inverse(z))
    pd.testing.assert_frame_equal(
        read.table(case.judged()), saved.table(case.judged()), check_exact=True, rtol=0, atol=0
    )
    again = tmp_path / "again"
    again.mkdir()
    read.save(again)
    assert (again / "preparation.json").read_bytes() == (tmp_path / "preparation.json").read_bytes()


def test_a_table_has_the_same_columns_with_and_without_the_truth(case: Case) -> None:
    preparation, judged = case.prepared.preparation, case.judged()
    unknown = np.full_like(judged.target, np.nan)
    known = preparation.table(judged)
    sealed = preparation.table(Judged(judged.objects, judged.predicted, None, unknown, unknown))
    assert list(sealed.columns) == list(known.columns)
    assert len(known) == len(sealed)
    assert len(known) % len(judged) == 0
    for name in case.truths:
        assert sealed[name].isna().all()
        assert known[name].notna().any()
    assert not sealed.drop(columns=list(case.truths)).select_dtypes("number").isna().any(axis=None)


def test_scores_of_labelled_objects_have_declared_names(case: Case) -> None:
    data = case.config.data
    scores = case.kind.score(case.prepared.preparation, case.judged(), by_class=True)
    declared, pattern = data.metric_names(case.config.targets), data.metric_pattern()
    by_class = {name for name in scores if pattern is not None and pattern.fullmatch(name)}
    assert scores.keys() - by_class <= declared
    small_bins = tuple(f"_{name}" for name in getattr(data, "bins", ()))
    missing = {name for name in declared - scores.keys() if not name.endswith(small_bins)}
    assert not missing
    assert all(type(value) is float for value in scores.values())
    assert scores["n"] == len(case.labelled)
    assert 0.0 < scores["rmse"] < 1.0
    assert bool(by_class) == bool(getattr(case.prepared.preparation, "classes", ()))
    without = case.kind.score(case.prepared.preparation, case.judged(), by_class=False)
    assert without == {name: value for name, value in scores.items() if name not in by_class}


@pytest.mark.process
@pytest.mark.parametrize("figures", [False, True])
def test_a_report_has_figures_that_open_if_they_are_asked_for(
    case: Case, result: TrainingResult, tmp_path: Path, figures: bool
) -> None:
    case.kind.report(tmp_path, "a title", result.predictions, result.curves, case.prepared, figures=figures)
    drawn = sorted(tmp_path.rglob("*.png"))
    assert bool(drawn) is figures
    for path in drawn:
        assert path.parent == tmp_path / "figures"
        image = matplotlib.image.imread(path)
        assert image.shape[0] > 200
        assert image.std() > 0.0
    others = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".png"]
    assert all(not pd.read_csv(path).empty for path in others)
    assert bool(others) is case.config.data.has_profiles


def test_a_training_leaves_predictions_metrics_and_factors(case: Case, result: TrainingResult) -> None:
    layout, table = case.prepared.preparation.layout, result.predictions
    columns = list(case.prepared.preparation.table(case.judged()).columns)
    assert list(table.columns) == [columns[0], "part", "fold", *columns[1:]]
    assert set(table["part"]) == set(case.kind.tabulated)
    assert set(table["fold"]) == {0}
    per_object = len(case.prepared.preparation.table(case.judged())) // len(case.labelled)
    sealed = table[table["part"] == "test"]
    assert len(sealed) == per_object * len(case.development.sealed)
    assert sealed[list(case.truths)].isna().all(axis=None)
    assert table.loc[table["part"] == "val", case.truths[0]].notna().any()
    assert result.factor.shape == (layout.n_targets,)
    assert (result.factor > 0.0).all()
    declared = case.config.data.metric_names(case.config.targets)
    parts = {name.partition("/")[0] for name in result.metrics}
    assert parts == {"train", "val", "fit"}
    own = {name.removeprefix("val/") for name in result.metrics if name.startswith("val/")}
    pattern = case.config.data.metric_pattern()
    by_class = {name for name in own if pattern is not None and pattern.fullmatch(name)}
    assert own - by_class - {"loss", "uncertainty_factor"} <= declared
    assert result.metrics["val/n"] == len(case.prepared.val)
    assert len(result.curves["val/loss"]) == case.config.trainer.max_epochs
    assert len(result.fits) == len(result.prepared) == len(result.report.folds) == 1
    assert not result.stopped


def test_a_search_ends_with_two_complete_trials(case: Case, make_config: Any, tmp_path: Path) -> None:
    search = {
        "study": "contract",
        "n_trials": 2,
        "objectives": ["val/rmse"],
        "sampler": {"name": "random"},
        "pruner": {"name": "none"},
        "space": {"optimizer": {"lr": "tag(log, interval(1e-4, 1e-2))"}},
    }
    config = RunConfig.model_validate(
        case.config.model_dump() | {"search": search, "storage": f"sqlite:///{tmp_path}/studies.db"}
    )
    tracker = MemoryTracker()
    study, end = work(config.as_study(), tracker)
    assert end is End.DONE
    assert [trial.state for trial in study.optuna.trials] == [TrialState.COMPLETE] * 2
    runs = tracker.runs(tags={"role": "trial"})
    assert [run.status for run in runs] == ["finished"] * 2
    assert [trial.value for trial in study.optuna.trials] == [run.metrics["val/rmse"] for run in runs]
    assert {run.tags["sealed_fingerprint"] for run in runs} == {case.development.report.sealed_fingerprint}
