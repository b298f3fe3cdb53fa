"""How runs are laid out in MLflow's own store, and what opening one does to the process."""

import math
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import urllib.request
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from astrosweep.config import TrackingConfig
from astrosweep.core.types import RunRecord
from astrosweep.tracking import (
    MemoryTracker,
    Tracker,
    create_stores,
    mlflow_tracker,
    open_tracker,
    ui_command,
)
from tests.tracking.conftest import SERVERS

CURVES = {"val/rmse": [2.0, math.nan, math.inf, 0.5], "train/loss": [3.0, -math.inf, 1.0]}
RECORD = RunRecord("curved", "finished", metrics={"val/rmse": 0.25}, curves=CURVES, duration_s=2.0)


def history(tracker: Tracker, run_id: str, key: str) -> list[tuple[int, float, int]]:
    points = tracker._client.get_metric_history(run_id, key)
    return sorted((point.step, point.value, point.timestamp) for point in points)


@pytest.fixture(params=["sqlite", *SERVERS])
def tracker(request: pytest.FixtureRequest, sqlite_config: TrackingConfig, tmp_path: Path) -> Tracker:
    if request.param == "sqlite":
        return open_tracker(sqlite_config)
    uri = request.getfixturevalue(f"{request.param}_uri")
    experiment = f"store-{uuid.uuid4().hex}"
    return open_tracker(TrackingConfig(uri=uri, experiment=experiment, artifacts=f"{tmp_path}/artifacts"))


def test_curves_are_kept_epoch_by_epoch(tracker: Tracker) -> None:
    run_id = tracker.start("curved", {})
    tracker.finish(run_id, RECORD)
    start_ms = round(1000 * tracker.find(run_id).started_s)
    largest = sys.float_info.max
    loss = history(tracker, run_id, "train/loss")
    assert [(step, value) for step, value, _ in loss] == [(0, 3.0), (1, -largest), (2, 1.0)]
    assert [time_ms - start_ms for _, _, time_ms in loss] == [667, 1333, 2000]
    rmse = history(tracker, run_id, "val/rmse")
    assert [step for step, _, _ in rmse] == [0, 1, 2, 3, 4]
    values = [value for _, value, _ in rmse]
    assert values == pytest.approx([2.0, math.nan, largest, 0.5, 0.25], rel=0.0, nan_ok=True)


def test_writing_the_same_record_again_doubles_no_point(tracker: Tracker) -> None:
    run_id = tracker.start("curved", {})
    started_ms = round(1000 * tracker.find(run_id).started_s)
    for _ in range(2):
        tracker._write_values(run_id, RECORD, started_ms)
    assert len(history(tracker, run_id, "train/loss")) == 3
    assert len(history(tracker, run_id, "val/rmse")) == 5


def test_runs_are_read_over_all_pages(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_tracker, "_PAGE_SIZE", 2)
    parent_id = tracker.start("paged", {})
    run_ids = {tracker.start(f"run-{i}", {}, parent_id) for i in range(5)}
    runs = tracker.runs(parent_id=parent_id)
    assert len(runs) == 5
    assert {run.run_id for run in runs} == run_ids


def test_long_values_are_cut_with_a_mark(tracker: Tracker) -> None:
    run_id = tracker.start("long", {})
    tracker.finish(run_id, RunRecord("long", "failed", params={"data.columns": "x" * 7000}, error="y" * 9000))
    run = tracker.find(run_id)
    assert run.params["data.columns"] == "x" * 5970 + "... [cut from 7000 characters]"
    assert run.error == "y" * 7970 + "... [cut from 9000 characters]"


def test_relative_places_are_taken_from_the_current_folder(
    tmp_path: Path, made_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "my project #1 100%"
    (project / "mlruns").mkdir(parents=True)
    shutil.copy(made_database, project / "mlruns" / "mlflow.db")
    monkeypatch.chdir(project)
    tracker = open_tracker(TrackingConfig())
    (project / "job").mkdir()
    (project / "job" / "my residuals.txt").write_text("0.1\n")
    monkeypatch.chdir(tmp_path)
    run_id = tracker.start("moved", {})
    tracker.finish(run_id, RECORD, project / "job")
    kept = project / "mlruns" / "artifacts" / run_id / "artifacts" / "my residuals.txt"
    assert kept.read_text() == "0.1\n"
    assert (tracker.fetch(run_id, tmp_path / "out") / "my residuals.txt").read_text() == "0.1\n"
    assert not (tmp_path / "mlruns").exists()


def test_stores_are_made_once(sqlite_config: TrackingConfig) -> None:
    for _ in range(3):
        create_stores(sqlite_config)
    with closing(sqlite3.connect(sqlite_config.uri.removeprefix("sqlite:///"))) as database:
        rows = database.execute("SELECT name, artifact_location FROM experiments ORDER BY name").fetchall()
    assert ("astrosweep", sqlite_config.artifacts) in rows
    assert [name for name, _ in rows] == ["Default", "astrosweep", "made"]


def test_nothing_is_made_without_tracking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = TrackingConfig(name="none")
    create_stores(config)
    assert isinstance(open_tracker(config), MemoryTracker)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "uri", ["mlruns", "file:./mlruns", "sqlite:///", "sqlite:///:memory:", "mysql://host/runs", "http://", ""]
)
def test_addresses_that_cannot_work_are_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="not a tracking address; allowed: sqlite:///"):
        TrackingConfig(uri=uri)


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:///runs.db",
        "sqlite:////data/runs.db",
        "postgresql://ada@host/runs",
        "postgresql+psycopg://ada:pw@host:5432/runs",
        "https://tracking.example.org/mlflow",
    ],
)
def test_addresses_of_every_kind_are_accepted(uri: str) -> None:
    assert TrackingConfig(uri=uri).uri == uri


@pytest.mark.process
def test_it_is_quiet_and_reports_nothing_to_anyone(tmp_path: Path) -> None:
    """In a process that MLflow does not take for a test or a CI job, which it spares its telemetry."""
    script = """
        import os, socket, sys
        calls = []
        real = socket.getaddrinfo
        socket.getaddrinfo = lambda *a, **k: calls.append(a) or real(*a, **k)
        import astrosweep.tracking as tracking
        assert "mlflow" not in sys.modules
        from astrosweep.config import TrackingConfig
        from astrosweep.core.types import RunRecord
        before = dict(os.environ)
        tracker = tracking.open_tracker(TrackingConfig())
        parent = tracker.start("sweep", {})
        run = tracker.start("job", {}, parent)
        values = {"curves": {"val/rmse": [1.0, 0.5]}, "params": {"p": "x" * 9000}}
        tracker.finish(run, RunRecord("job", "finished", **values))
        tracker.runs(parent_id=parent)
        try:
            tracker.finish("0" * 32, RunRecord("job", "finished"))
        except Exception as error:
            assert type(error).__name__ == "TrackingError"
        else:
            raise AssertionError("a run that is not there was finished")
        assert calls == [], calls
        changed = {key for key in os.environ.keys() | before.keys() if os.environ.get(key) != before.get(key)}
        assert changed == {"MLFLOW_DISABLE_TELEMETRY"}, changed
        import mlflow.telemetry
        assert mlflow.telemetry.get_telemetry_client() is None
    """
    spared = ("PYTEST", "CI", "GITHUB", "MLFLOW", "DO_NOT_TRACK", "JENKINS", "GITLAB")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(spared)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.process
def test_the_ui_command_serves_the_runs(served_config: TrackingConfig, server_uri: str) -> None:
    run_id = open_tracker(served_config).start("shown", {"role": "shown"})
    with urllib.request.urlopen(server_uri, timeout=20) as page:
        assert "<title>MLflow</title>" in page.read().decode()
    viewer = open_tracker(TrackingConfig(uri=server_uri))
    assert [run.run_id for run in viewer.runs(tags={"role": "shown"})] == [run_id]


def test_the_ui_command_of_each_kind_of_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mlflow"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ui_command(TrackingConfig(uri="sqlite:////my data/runs.db"), port=5001) == (
        "mlflow ui --backend-store-uri 'sqlite:////my data/runs.db' --port 5001 --workers 1"
    )
    assert ui_command(TrackingConfig(uri="https://host/mlflow")) == "python -m webbrowser https://host/mlflow"
    database = ui_command(TrackingConfig(uri="postgresql+psycopg://ada:secret@host/runs", timeout_s=3.0))
    assert database == (
        "mlflow ui --backend-store-uri 'postgresql+psycopg://ada:***@host/runs?connect_timeout=3' "
        "--port 5000 --workers 1"
    )


@pytest.mark.process
def test_the_ui_command_works_where_the_environment_is_not_on_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    program = shlex.split(ui_command(TrackingConfig()))[0]
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert "mlflow" in done.stdout
