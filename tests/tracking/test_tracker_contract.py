"""What every tracker must do, whatever keeps the runs."""

import math
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from astrosweep.config import TrackingConfig
from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.tracking import MemoryTracker, MlflowTracker, Tracker, open_tracker
from tests.tracking.conftest import SERVERS

RECORD = RunRecord(
    name="cepheid-mlp",
    status="finished",
    metrics={"val/rmse": 0.25, "test/n_stars": 12},
    params={"model.width": 64, "data.source": "gaia", "seed": None, "note": "", "layers": [64, 32]},
    tags={"role": "trial", "data.fingerprint": "0123abcd"},
    curves={"val/rmse": [0.5, 0.25, 0.3], "train/loss": [2.0, 1.0, 0.5]},
    duration_s=12.345,
)


@pytest.fixture(params=["sqlite", "memory", *SERVERS])
def tracker(request: pytest.FixtureRequest, sqlite_config: TrackingConfig, tmp_path: Path) -> Tracker:
    if request.param == "sqlite":
        return open_tracker(sqlite_config)
    if request.param == "memory":
        return open_tracker(TrackingConfig(name="none"))
    uri = request.getfixturevalue(f"{request.param}_uri")
    experiment = f"contract-{uuid.uuid4().hex}"
    return open_tracker(TrackingConfig(uri=uri, experiment=experiment, artifacts=f"{tmp_path}/artifacts"))


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    (folder / "figures" / "late").mkdir(parents=True)
    (folder / "config.yaml").write_text("name: cepheid-mlp\n")
    (folder / "figures" / "late" / "residuals.bin").write_bytes(bytes(range(256)))
    return folder


def test_a_run_in_progress_is_visible(tracker: Tracker) -> None:
    before_s = time.time()
    run_id = tracker.start("cepheid-mlp", {"role": "trial"})
    (run,) = tracker.runs()
    assert (run.run_id, run.name, run.status, run.parent_id) == (run_id, "cepheid-mlp", "running", None)
    assert run.tags == {"role": "trial"}
    assert (run.metrics, run.params, run.error, run.duration_s) == ({}, {}, "", 0.0)
    assert before_s - 1.0 < run.started_s < time.time() + 1.0


def test_a_finished_run_reads_back_as_it_was_recorded(tracker: Tracker) -> None:
    run_id = tracker.start("cepheid-mlp", {"study": "s1", "role": "draft"})
    tracker.finish(run_id, RECORD)
    run = tracker.find(run_id)
    assert run.status == "finished"
    assert run.tags == {"study": "s1", "role": "trial", "data.fingerprint": "0123abcd"}
    assert run.params == {
        "model.width": "64",
        "data.source": "gaia",
        "seed": "None",
        "note": "",
        "layers": "[64, 32]",
    }
    assert run.error == ""
    assert run.duration_s == pytest.approx(12.345, abs=1e-3)


def test_a_metric_stands_over_the_end_of_its_curve(tracker: Tracker) -> None:
    run_id = tracker.start("cepheid-mlp", {})
    tracker.finish(run_id, RECORD)
    assert tracker.find(run_id).metrics == {"val/rmse": 0.25, "test/n_stars": 12.0, "train/loss": 0.5}


@pytest.mark.parametrize("status", ["finished", "failed", "killed"])
def test_every_end_is_kept_with_its_error(tracker: Tracker, status: Any) -> None:
    error = "" if status == "finished" else "TrainingError: loss is NaN at epoch 3: «α'\"»\nsecond line"
    run_id = tracker.start("cepheid-mlp", {})
    tracker.finish(run_id, RunRecord("cepheid-mlp", status, error=error))
    run = tracker.find(run_id)
    assert (run.status, run.error) == (status, error)


def test_values_that_are_not_finite_are_kept(tracker: Tracker) -> None:
    values = {"val/r2": math.nan, "val/chi2": math.inf, "val/loglik": -math.inf, "val/rmse": 1e308}
    curves = {"train/loss": [1.0, math.inf, math.nan], "train/grad": [math.nan, 0.5]}
    run_id = tracker.start("diverged", {})
    tracker.finish(run_id, RunRecord("diverged", "failed", metrics=values, curves=curves))
    metrics = tracker.find(run_id).metrics
    expected = values | {"train/loss": math.nan, "train/grad": 0.5}
    assert metrics == pytest.approx(expected, rel=0.0, nan_ok=True)


def test_numpy_values_and_empty_curves_are_taken(tracker: Tracker) -> None:
    record = RunRecord(
        "numpy",
        "finished",
        metrics={"val/rmse": np.float32(0.5), "val/n": np.int64(3)},
        curves={"train/loss": np.array([1.0, 0.25], dtype=np.float32), "val/loss": []},
    )
    run_id = tracker.start("numpy", {})
    tracker.finish(run_id, record)
    assert tracker.find(run_id).metrics == {"val/rmse": 0.5, "val/n": 3.0, "train/loss": 0.25}


def test_many_values_are_all_kept(tracker: Tracker) -> None:
    record = RunRecord(
        "large",
        "finished",
        metrics={f"val/metric_{i}": float(i) for i in range(1010)},
        params={f"model.p{i}": i for i in range(110)},
        tags={f"tag{i}": str(i) for i in range(105)},
    )
    run_id = tracker.start("large", {})
    tracker.finish(run_id, record)
    run = tracker.find(run_id)
    assert run.params == {key: str(value) for key, value in record.params.items()}
    assert run.tags == record.tags
    assert run.metrics == record.metrics


def files_below(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_all_artifacts_of_a_run_are_fetched_with_their_folders(
    tracker: Tracker, artifacts: Path, tmp_path: Path
) -> None:
    run_id = tracker.start("cepheid-mlp", {})
    tracker.finish(run_id, RECORD, artifacts)
    target = tmp_path / "new" / "place"
    assert tracker.fetch(run_id, target) == target
    assert files_below(target) == files_below(artifacts)
    (target / "config.yaml").write_text("changed")
    assert files_below(tracker.fetch(run_id, target)) == files_below(artifacts)
    assert (artifacts / "config.yaml").read_text() == "name: cepheid-mlp\n"


def test_chosen_artifacts_of_a_run_are_fetched(tracker: Tracker, artifacts: Path, tmp_path: Path) -> None:
    run_id = tracker.start("cepheid-mlp", {})
    tracker.finish(run_id, RECORD, artifacts)
    known = files_below(artifacts)
    deep = next(name for name in known if "/" in name)
    target = tracker.fetch(run_id, tmp_path / "copy", ["config.yaml", deep])
    assert files_below(target) == {name: known[name] for name in ("config.yaml", deep)}
    with pytest.raises(TrackingError, match=r"nothing\.txt"):
        tracker.fetch(run_id, tmp_path / "copy", ["nothing.txt"])


def test_a_run_without_artifacts_is_refused(tracker: Tracker, tmp_path: Path) -> None:
    run_id = tracker.start("cepheid-mlp", {})
    tracker.finish(run_id, RECORD)
    with pytest.raises(TrackingError, match=f"Run {run_id} has no artifacts"):
        tracker.fetch(run_id, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_second_finish_changes_nothing(tracker: Tracker, artifacts: Path) -> None:
    run_id = tracker.start("cepheid-mlp", {})
    tracker.finish(run_id, RECORD, artifacts)
    first = tracker.find(run_id)
    tracker.finish(run_id, RECORD, artifacts)
    tracker.finish(run_id, RunRecord("cepheid-mlp", "failed", metrics={"val/rmse": 9.0}, error="late"))
    assert tracker.find(run_id) == first
    assert len(tracker.runs()) == 1


def test_a_multirun_is_a_parent_with_its_jobs(tracker: Tracker) -> None:
    parent_id = tracker.start("sweep", {"role": "sweep"})
    job_ids = []
    for i in range(3):
        job_ids.append(tracker.start(f"job-{i}", {"role": "job", "model": "mlp"}, parent_id))
        tracker.finish(job_ids[-1], RunRecord(f"job-{i}", "finished", metrics={"val/rmse": float(i)}))
        time.sleep(0.002)
    tracker.start("other", {"role": "job"})
    summary = RunRecord(
        "sweep", "finished", metrics={"n_finished": 3, "n_failed": 0}, tags={"best": job_ids[0]}
    )
    tracker.finish(parent_id, summary)
    jobs = tracker.runs(parent_id=parent_id)
    assert [job.run_id for job in jobs] == job_ids
    assert [job.metrics["val/rmse"] for job in jobs] == [0.0, 1.0, 2.0]
    assert {job.parent_id for job in jobs} == {parent_id}
    parent = tracker.find("sweep")
    assert (parent.status, parent.parent_id) == ("finished", None)
    assert parent.metrics == {"n_finished": 3.0, "n_failed": 0.0}
    assert parent.tags["best"] == job_ids[0]


def test_runs_are_found_by_their_tags(tracker: Tracker) -> None:
    odd = "it's 100% \\ Δ"
    for i, study in enumerate(["a", "a", odd]):
        tracker.start(f"run-{i}", {"study": study, "role": "trial", "odd key:x/y": "1"})
        time.sleep(0.002)
    assert [run.name for run in tracker.runs(tags={"study": "a"})] == ["run-0", "run-1"]
    assert [run.name for run in tracker.runs(tags={"study": odd, "role": "trial"})] == ["run-2"]
    assert len(tracker.runs(tags={"odd key:x/y": "1"})) == 3
    assert tracker.runs(tags={"study": "A"}) == []
    assert tracker.runs(parent_id="0" * 32) == []
    assert len(tracker.runs()) == 3


def test_a_name_that_two_runs_share_is_refused_with_their_ids(tracker: Tracker) -> None:
    ids = [tracker.start("twin", {}) for _ in range(2)]
    assert tracker.find(ids[1]).run_id == ids[1]
    with pytest.raises(TrackingError, match="2 runs are named 'twin'") as caught:
        tracker.find("twin")
    assert all(run_id in str(caught.value) for run_id in ids)


def test_runs_that_do_not_exist_are_refused(tracker: Tracker, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="No run has the name or the id 'nobody'"):
        tracker.find("nobody")
    with pytest.raises(TrackingError, match="0" * 32):
        tracker.fetch("0" * 32, tmp_path)


def test_the_end_of_a_run_that_does_not_exist_is_refused(tracker: Tracker) -> None:
    """Only a memory may not know the runs of other processes."""
    if isinstance(tracker, MemoryTracker):
        tracker.write("0" * 32, RECORD)
        tracker.finish("0" * 32, RECORD)
        assert tracker.runs() == []
        return
    with pytest.raises(TrackingError, match="0" * 32):
        tracker.finish("0" * 32, RECORD)


def test_threads_share_a_tracker(tracker: Tracker) -> None:
    def record(i: int) -> str:
        run_id = tracker.start(f"trial-{i}", {})
        tracker.finish(run_id, RunRecord(f"trial-{i}", "finished", metrics={"val/rmse": float(i)}))
        return run_id

    with ThreadPoolExecutor(4) as pool:
        run_ids = list(pool.map(record, range(12)))
    found = {run.run_id: run.metrics["val/rmse"] for run in tracker.runs()}
    assert found == {run_id: float(i) for i, run_id in enumerate(run_ids)}


def test_the_tracker_is_the_one_configured(tracker: Tracker, request: pytest.FixtureRequest) -> None:
    kind = MemoryTracker if "memory" in request.node.name else MlflowTracker
    assert isinstance(tracker, kind)
