"""A project folder that was moved or copied: its record is whole, and the old place is not made again."""

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from astrosweep.config import TrackingConfig
from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.tracking import open_tracker, ui_command
from tests.conftest import ROOT

pytestmark = pytest.mark.process


def store_in(project: Path, artifacts: Path | None = None, experiment: str = "astrosweep") -> TrackingConfig:
    return TrackingConfig(
        uri=f"sqlite:///{project}/mlruns/mlflow.db",
        artifacts=str(artifacts or project / "mlruns" / "artifacts"),
        experiment=experiment,
    )


def record(config: TrackingConfig, name: str, folder: Path) -> str:
    files = folder / f"files of {name}"
    (files / "figures").mkdir(parents=True)
    (files / "figures" / "name.txt").write_text(name)
    tracker = open_tracker(config)
    run_id = tracker.start(name, {"role": "run"})
    tracker.finish(run_id, RunRecord(name, "finished"), files)
    return run_id


def fetched(config: TrackingConfig, run_id: str, folder: Path) -> str:
    return (open_tracker(config).fetch(run_id, folder / run_id) / "figures" / "name.txt").read_text()


@pytest.fixture
def project(tmp_path: Path, made_database: Path) -> Path:
    """A project with a database, in a folder whose name is not easy."""
    root = tmp_path / "my project #1 100%"
    (root / "mlruns").mkdir(parents=True)
    shutil.copy(made_database, root / "mlruns" / "mlflow.db")
    return root


def test_a_project_that_was_moved(project: Path, tmp_path: Path) -> None:
    before = record(store_in(project), "before", tmp_path)
    resumed = open_tracker(store_in(project)).start("study", {"role": "study"})
    new = project.rename(tmp_path / "moved to")
    after = record(store_in(new), "after", tmp_path)
    assert fetched(store_in(new), before, tmp_path / "out") == "before"
    assert fetched(store_in(new), after, tmp_path / "out") == "after"
    files = tmp_path / "files of after"
    open_tracker(store_in(new)).finish(resumed, RunRecord("study", "finished"), files)
    assert (new / "mlruns" / "artifacts" / resumed / "artifacts" / "figures" / "name.txt").exists()
    assert not project.exists()


def test_a_copy_is_a_project_of_its_own(project: Path, tmp_path: Path) -> None:
    before = record(store_in(project), "before", tmp_path)
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    in_copy = record(store_in(copy), "in copy", tmp_path)
    in_original = record(store_in(project), "in original", tmp_path)
    assert fetched(store_in(project), before, tmp_path / "1") == "before"
    assert fetched(store_in(project), in_original, tmp_path / "1") == "in original"
    shutil.rmtree(project)
    assert fetched(store_in(copy), before, tmp_path / "2") == "before"
    assert fetched(store_in(copy), in_copy, tmp_path / "2") == "in copy"
    assert {run.name for run in open_tracker(store_in(copy)).runs()} == {"before", "in copy"}
    assert not project.exists()


def test_other_experiments_of_the_store_move_with_it(project: Path, tmp_path: Path) -> None:
    other = record(store_in(project, experiment="other"), "of other", tmp_path)
    apart = project / "mlruns" / "apart"
    third = record(store_in(project, apart, "third"), "of third", tmp_path)
    record(store_in(project), "before", tmp_path)
    new = project.rename(tmp_path / "new")
    open_tracker(store_in(new))
    client = MlflowClient(f"sqlite:///{new}/mlruns/mlflow.db")
    assert client.get_run(other).info.artifact_uri == f"{new}/mlruns/artifacts/{other}/artifacts"
    assert client.get_run(third).info.artifact_uri == f"{new}/mlruns/apart/{third}/artifacts"
    assert fetched(store_in(new, new / "mlruns" / "apart", "third"), third, tmp_path) == "of third"


@pytest.mark.parametrize("how", ["moved", "copied"])
@pytest.mark.parametrize("n_runs", [0, 1])
def test_a_project_whose_runs_left_no_files(how: str, n_runs: int, project: Path, tmp_path: Path) -> None:
    tracker = open_tracker(store_in(project))
    for _ in range(n_runs):
        tracker.start("killed", {"role": "run"})
    new = tmp_path / "new"
    shutil.copytree(project, new) if how == "copied" else project.rename(new)
    after = record(store_in(new), "after", tmp_path)
    assert (new / "mlruns" / "artifacts" / after / "artifacts" / "figures" / "name.txt").exists()
    assert project.exists() == (how == "copied")


def test_artifacts_that_were_moved_alone_are_found_where_they_are_said_to_be(
    project: Path, tmp_path: Path
) -> None:
    before = record(store_in(project), "before", tmp_path)
    (project / "mlruns" / "artifacts").rename(tmp_path / "large disk")
    moved = store_in(project, tmp_path / "large disk")
    assert fetched(moved, before, tmp_path / "out") == "before"
    after = record(moved, "after", tmp_path)
    assert (tmp_path / "large disk" / after).exists()


def test_a_database_that_was_copied_alone_keeps_the_place_of_its_files(project: Path, tmp_path: Path) -> None:
    before = record(store_in(project), "before", tmp_path)
    (tmp_path / "copy" / "mlruns").mkdir(parents=True)
    shutil.copy(project / "mlruns" / "mlflow.db", tmp_path / "copy" / "mlruns")
    kept_in = project / "mlruns" / "artifacts"
    with pytest.raises(TrackingError, match=r"none of its runs has files there\. Set tracking\.artifacts="):
        open_tracker(store_in(tmp_path / "copy"))
    assert fetched(store_in(tmp_path / "copy", kept_in), before, tmp_path / "out") == "before"


def test_a_run_that_a_copy_does_not_hold_is_read_where_it_was(project: Path, tmp_path: Path) -> None:
    left, taken = (record(store_in(project), name, tmp_path) for name in ("left", "taken"))
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    shutil.rmtree(copy / "mlruns" / "artifacts" / left)
    assert fetched(store_in(copy), left, tmp_path / "out") == "left"
    assert fetched(store_in(copy), taken, tmp_path / "out") == "taken"
    shutil.rmtree(project)
    assert fetched(store_in(copy), taken, tmp_path / "again") == "taken"


def test_the_same_folder_by_another_name_is_no_move(project: Path, tmp_path: Path) -> None:
    before = record(store_in(project), "before", tmp_path)
    link = tmp_path / "link"
    link.symlink_to(project)
    assert fetched(store_in(link), before, tmp_path / "out") == "before"
    client = MlflowClient(f"sqlite:///{project}/mlruns/mlflow.db")
    assert client.get_run(before).info.artifact_uri.startswith(f"{project}/")


def test_several_processes_may_find_a_store_moved_at_once(project: Path, tmp_path: Path) -> None:
    before = record(store_in(project), "before", tmp_path)
    new = project.rename(tmp_path / "new")
    script = "from tests.tracking.test_tracking_moved import *; " + (
        "print(fetched(store_in(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3])))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(new), before, str(tmp_path / f"out {i}")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(3)
    ]
    assert [process.communicate(timeout=100)[0] for process in processes] == ["before\n"] * 3


def test_the_pages_of_mlflow_show_the_files_of_a_store_that_was_moved(
    project: Path, tmp_path: Path, free_port: Callable[[], int], serve: Callable[[str, str], None]
) -> None:
    before = record(store_in(project), "before", tmp_path)
    new = project.rename(tmp_path / "new")
    open_tracker(store_in(new))
    port = free_port()
    serve(ui_command(store_in(new), port), f"http://127.0.0.1:{port}/health")
    page = f"http://127.0.0.1:{port}/get-artifact?path=figures/name.txt&run_uuid={before}"
    with urllib.request.urlopen(page, timeout=20) as answer:
        assert answer.read() == b"before"
