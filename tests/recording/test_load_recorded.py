"""Runs and trials are read back from the record."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.trial import TrialState

from astrosweep.config import RunConfig
from astrosweep.core.errors import FormatError, TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.kinds import kind_of
from astrosweep.recording import load, load_recorded, train_and_record
from astrosweep.search.worker import work
from astrosweep.tracking import MemoryTracker, open_tracker
from tests.recording.runs import make

pytestmark = pytest.mark.process  # heavy: it runs whole searches

FOLDS = ("split=kfold", "split.n_folds=2", "trainer.max_epochs=5")


class Keeping(MemoryTracker):
    """A tracker in memory that keeps copies of the files, which those of trials need."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def write(self, run_id: str, record: RunRecord, artifacts: Path | None = None) -> None:
        if artifacts is not None:
            shutil.copytree(artifacts, self._folder / run_id, dirs_exist_ok=True)
        super().write(run_id, record, artifacts)

    def fetch(self, run_id: str, folder: Path) -> Path:
        if not (self._folder / run_id).is_dir():
            raise TrackingError(f"Run {run_id} has no files.")
        return Path(shutil.copytree(self._folder / run_id, folder, dirs_exist_ok=True))


@pytest.fixture(params=["memory", "sqlite"])
def tracker(request: pytest.FixtureRequest, make_config: Callable[..., RunConfig], tmp_path: Path) -> Any:
    if request.param == "memory":
        return Keeping(tmp_path / "kept")
    uri = (f"tracking.uri=sqlite:///{tmp_path}/mlflow.db", f"tracking.artifacts={tmp_path}/files")
    return open_tracker(make_config("tracking=mlflow", *uri).tracking)


def study_of(config: RunConfig, folder: Path, **search: Any) -> RunConfig:
    settings = {
        "objectives": ["val/rmse"],
        "sampler": {"name": "random"},
        "pruner": {"name": "none"},
        "space": {"optimizer": {"lr": "tag(log, interval(1e-6, 1e-2))"}},
    }
    storage = f"sqlite:///{folder}/studies.db"
    return RunConfig.model_validate(config.model_dump() | {"search": settings | search, "storage": storage})


def test_a_recorded_run_predicts_as_its_files(
    make_config: Callable[..., RunConfig], tracker: Any, tmp_path: Path
) -> None:
    config = make(make_config, "stars-holdout", tmp_path / "objects", "name=one")
    run_id, _ = train_and_record(config, tracker, tmp_path / "job")
    sealed = kind_of(config).develop(config).sealed
    expected = load(tmp_path / "job" / "artifacts").predict(sealed).predicted
    for name in (run_id, "one"):
        found = load_recorded(tracker, name).predict(sealed).predicted
        np.testing.assert_array_equal(found.mean, expected.mean)
        np.testing.assert_array_equal(found.std, expected.std)


@pytest.mark.parametrize("folds", ["auto", "sequential"])
def test_complete_and_pruned_trials_are_read_back(
    folds: str, make_config: Callable[..., RunConfig], tracker: Any, tmp_path: Path
) -> None:
    config = make(make_config, "stars-holdout", tmp_path / "objects", *FOLDS, f"trainer.folds={folds}")
    asha = {"name": "asha", "min_epochs": 1, "reduction_factor": 2}
    study, _ = work(study_of(config, tmp_path, n_trials=6, pruner=asha).as_study(), tracker)
    sealed = kind_of(config).develop(config).sealed
    states = {trial.state for trial in study.optuna.trials}
    assert states == {TrialState.COMPLETE, TrialState.PRUNED}
    for trial in study.optuna.trials:
        trained = load_recorded(tracker, trial.user_attrs["run_id"])
        assert trained.config.optimizer.lr == trial.params["optimizer.lr"]
        assert trained.config.search is None
        is_cut_short = folds == "sequential" and trial.last_step <= config.trainer.max_epochs
        assert len(trained.members) == (1 if is_cut_short else 2)
        judged = trained.predict(sealed)
        assert np.isfinite(judged.predicted.mean).all()
        assert (judged.predicted.std > 0.0).all()


def test_a_run_that_left_no_network_is_refused_by_its_name(
    make_config: Callable[..., RunConfig], tracker: Any, tmp_path: Path
) -> None:
    config = make(make_config, "table-log", tmp_path / "objects", "name=bad", "data.target=absent")
    run_id, record = train_and_record(config, tracker, tmp_path / "job")
    assert record.status == "failed"
    with pytest.raises(FormatError, match=rf"Run bad \({run_id}, failed\): .*no run.json"):
        load_recorded(tracker, "bad")


def test_a_run_that_does_not_exist_is_refused(tracker: Any) -> None:
    with pytest.raises(TrackingError, match="No run has the name or the id 'nobody'"):
        load_recorded(tracker, "nobody")
