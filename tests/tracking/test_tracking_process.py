"""Runs whose process was killed get their end from the next command on the same machine; no others do."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from astrosweep.config import TrackingConfig
from astrosweep.core.types import RunRecord
from astrosweep.tracking import open_tracker, process, process_tags
from tests.conftest import ROOT

pytestmark = pytest.mark.process

REASON = "its process ended without a word"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[str]]:
    """A process that tells the tags of a run of its own, and lives until it is killed."""
    script = """
        import json, time
        from astrosweep.tracking import process_tags
        print(json.dumps(process_tags()), flush=True)
        time.sleep(600)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    yield child
    child.kill()
    child.communicate()


def tags_of(sleeper: subprocess.Popen[str]) -> dict[str, str]:
    assert sleeper.stdout is not None
    tags: dict[str, str] = json.loads(sleeper.stdout.readline())
    return tags


@pytest.fixture(params=["sqlite", "server", "postgresql"])
def config(request: pytest.FixtureRequest, sqlite_config: TrackingConfig, tmp_path: Path) -> TrackingConfig:
    if request.param == "sqlite":
        return sqlite_config
    uri = request.getfixturevalue(f"{request.param}_uri")
    return TrackingConfig(
        uri=uri, experiment=f"process-{uuid.uuid4().hex}", artifacts=f"{tmp_path}/artifacts"
    )


def test_a_run_ends_when_its_process_is_gone_and_not_before(
    config: TrackingConfig, sleeper: subprocess.Popen[str]
) -> None:
    run_id = open_tracker(config).start("slow", {"role": "run", **tags_of(sleeper)})
    assert open_tracker(config).find(run_id).status == "running"
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # a zombie: dead, and still listed
    found = open_tracker(config).find(run_id)
    assert found.status == "killed"
    assert REASON in found.error


def test_a_process_that_nobody_lists_any_more_is_gone(
    sqlite_config: TrackingConfig, sleeper: subprocess.Popen[str]
) -> None:
    run_id = open_tracker(sqlite_config).start("slow", {"role": "run", **tags_of(sleeper)})
    sleeper.kill()
    sleeper.wait()
    assert open_tracker(sqlite_config).find(run_id).status == "killed"


def test_another_process_with_the_same_number_is_not_the_one(sqlite_config: TrackingConfig) -> None:
    own = process_tags()
    number, boot, ticks = own["process"].split()
    processes = [f"{number} {boot} {int(ticks) - 1}", f"{number} {uuid.uuid4()} {ticks}"]
    tracker = open_tracker(sqlite_config)
    ids = [tracker.start("of before", {**own, "process": process}) for process in processes]
    mine = tracker.start("mine", own)
    again = open_tracker(sqlite_config)
    assert [again.find(run_id).status for run_id in ids] == ["killed", "killed"]
    assert again.find(mine).status == "running"


@pytest.mark.parametrize(
    "changed",
    [
        {"process_place": "another-host pid:[4026531836]"},
        {"process_place": f"{os.uname().nodename} pid:[1]"},
        {"process": ""},
        {"process": "of another version"},
        {"process_place": ""},
    ],
)
def test_runs_of_which_nothing_is_known_are_left_alone(
    changed: dict[str, str], sqlite_config: TrackingConfig
) -> None:
    dead = {**process_tags(), "process": f"{2**22 + 1} no-boot 1"}
    tracker = open_tracker(sqlite_config)
    known, unknown = tracker.start("known", dead), tracker.start("unknown", {**dead, **changed})
    again = open_tracker(sqlite_config)
    assert again.find(known).status == "killed"
    assert again.find(unknown).status == "running"


def test_a_run_that_has_an_end_keeps_it(sqlite_config: TrackingConfig) -> None:
    dead = {**process_tags(), "process": f"{2**22 + 1} no-boot 1"}
    tracker = open_tracker(sqlite_config)
    run_id = tracker.start("ended", dead)
    tracker.finish(run_id, RunRecord("ended", "failed", error="its own reason"))
    found = open_tracker(sqlite_config).find(run_id)
    assert (found.status, found.error) == ("failed", "its own reason")


def test_without_proc_only_a_free_number_tells_of_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PROC", Path("/nowhere"))
    assert process_tags()["process"] == str(os.getpid())
    assert not process._is_gone(f"{os.getpid()} some-boot 1")
    assert process._is_gone(f"{2**22 + 1} some-boot 1")


def _open(_: int, config: TrackingConfig) -> str:
    open_tracker(config)
    return "opened"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_processes_may_find_the_dead_at_once(
    kind: str,
    sqlite_config: TrackingConfig,
    request: pytest.FixtureRequest,
    together: Callable[..., list[str]],
) -> None:
    config = sqlite_config.model_copy(update={"timeout_s": 60.0})
    if kind == "postgresql":
        uri = request.getfixturevalue("postgresql_uri")
        config = config.model_copy(update={"uri": uri, "experiment": f"dead-{uuid.uuid4().hex}"})
    tracker = open_tracker(config)
    dead = {**process_tags(), "process": f"{2**22 + 1} no-boot 1"}
    ids = [tracker.start(f"dead-{i}", dead) for i in range(5)]
    assert together(4, _open, config) == ["opened"] * 4
    found = [tracker.find(run_id) for run_id in ids]
    assert [run.status for run in found] == ["killed"] * 5
    assert all(REASON in run.error for run in found)


def test_a_training_that_was_killed_is_ended_by_the_next_command(tmp_path: Path) -> None:
    """The job of a grid and the grid itself; trials are their study's concern."""
    quick = ("data=cepheid", "data.simulation.n_stars=300", "tracking.figures=false")
    slow = ("trainer.max_epochs=100000", "trainer.early_stopping.patience=null")
    command = [sys.executable, str(ROOT / "train.py")]
    config = TrackingConfig(
        uri=f"sqlite:///{tmp_path}/mlruns/mlflow.db", artifacts=f"{tmp_path}/mlruns/artifacts"
    )
    training = subprocess.Popen(
        [*command, "-m", "seed=1,2", *quick, *slow], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    try:
        deadline_s = time.monotonic() + 120.0
        roles: set[str] = set()
        while roles != {"sweep", "run"} and training.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.5)
            if (tmp_path / "mlruns" / "mlflow.db").exists():
                roles = {run.tags["role"] for run in open_tracker(config).runs(running=True)}
        assert roles == {"sweep", "run"}
    finally:
        training.send_signal(signal.SIGKILL)
        training.wait()
    trial = open_tracker(config).start("trial", {"role": "trial"})
    subprocess.run(
        [*command, *quick, "trainer.max_epochs=1"], cwd=tmp_path, check=True, capture_output=True, timeout=300
    )
    by_role = {role: open_tracker(config).runs(tags={"role": role}) for role in ("sweep", "run", "trial")}
    assert [run.status for run in by_role["sweep"]] == ["killed"]
    assert [run.status for run in by_role["run"]] == ["killed", "finished"]
    assert REASON in by_role["run"][0].error
    assert [(run.run_id, run.status) for run in by_role["trial"]] == [(trial, "running")]
