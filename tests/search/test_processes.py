"""Searches as commands: workers in processes of their own, killed, started together, and on a server."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import psutil
import pytest
import sqlalchemy
from optuna.trial import TrialState

from astrosweep.config import TrackingConfig
from astrosweep.search import open_storage
from astrosweep.tracking import open_tracker
from benchmarks.chaos import STUDY, Report, command_of, config_in, inspect, torment
from tests.conftest import ROOT
from tests.tracking.conftest import PostgresqlServer, free_port, postgresql_server  # noqa: F401  (fixtures)

pytestmark = pytest.mark.process
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
SMALL = (
    "data=cepheid",
    "data.simulation.n_stars=300",
    "trainer=quick",
    "search=random",
    "search/pruner=median",
)
SIGNS = ("search.heartbeat_s=1", "search.grace_s=4")


def start(folder: Path, *overrides: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *overrides],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, *overrides: str) -> tuple[int, str]:
    process = start(folder, *overrides)
    output, _ = process.communicate(timeout=400)
    return process.returncode, output


def trials_in(folder: Path, study: str) -> list[optuna.trial.FrozenTrial]:
    storage = open_storage(f"sqlite:///{folder}/mlruns/studies.db")
    return optuna.load_study(study_name=study, storage=storage).trials


def check(folder: Path, n_trials: int, monkeypatch) -> Report:
    monkeypatch.chdir(folder)
    report = Report()
    inspect(config_in(folder, ()), STUDY, n_trials, report)
    assert report.faults == []
    return report


def test_workers_that_are_killed_all_the_time_lose_nothing(tmp_path, monkeypatch):
    n_trials = 12
    slower = ("trainer.max_epochs=60", "trainer.early_stopping.patience=null")
    report = torment(tmp_path, n_trials, 2, kill_every_s=14.0, extra=slower, timeout_s=500.0)
    assert report.kills >= 1
    check(tmp_path, n_trials, monkeypatch)


def test_a_database_that_restarts_and_workers_that_are_killed_lose_nothing(
    tmp_path,
    monkeypatch,
    postgresql_server: PostgresqlServer,  # noqa: F811
):
    engine = sqlalchemy.create_engine(postgresql_server.uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("chaos_studies", "chaos_runs"):
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    server = postgresql_server.uri.rsplit("/", 1)[0]
    extra = (
        *("trainer.max_epochs=60", "trainer.early_stopping.patience=null"),
        *(f"storage={server}/chaos_studies", f"tracking.uri={server}/chaos_runs"),
    )
    restarts = []

    def restart() -> None:
        postgresql_server.restart()
        restarts.append(1)

    report = torment(tmp_path, 10, 2, 25.0, extra, restart, timeout_s=500.0)
    assert restarts
    monkeypatch.chdir(tmp_path)
    inspect(config_in(tmp_path, extra), STUDY, 10, report)
    assert report.faults == []


def test_eight_workers_start_at_once_in_an_empty_folder(tmp_path, monkeypatch):
    workers = [
        subprocess.Popen(
            command_of(i, 10, ()), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for i in range(8)
    ]
    outputs = [worker.communicate(timeout=500)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 8, outputs
    check(tmp_path, 10, monkeypatch)


def processes_of_joblib(command: psutil.Process) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Those that run jobs, and the server that they are forks of, if there is one."""
    found = [
        child
        for child in command.children(recursive=True)
        if re.search("multiprocessing.forkserver|popen_loky", " ".join(child.cmdline()))
    ]
    return [child for child in found if not child.children()], [child for child in found if child.children()]


@pytest.mark.parametrize("victim", ["worker", "fork server"])
def test_the_same_command_goes_on_after_a_process_of_joblib_was_killed(tmp_path, monkeypatch, victim):
    command = (
        *("-m", *SMALL, *SIGNS, "search.n_trials=8", f"search.study={STUDY}", "worker=range(2)"),
        *("hydra/launcher=joblib", "trainer.max_epochs=100", "trainer.early_stopping.patience=null"),
    )
    process = start(tmp_path, *command)
    database = tmp_path / "mlruns" / "studies.db"
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        time.sleep(0.3)
        if database.exists() and _n_running(tmp_path) == 2:
            break
    workers, servers = processes_of_joblib(psutil.Process(process.pid))
    assert len(workers) == 2
    if victim == "fork server" and not servers:
        process.kill()
        pytest.skip("processes of joblib are forks of a server on Linux without a GPU only")
    (workers if victim == "worker" else servers)[0].kill()
    output, _ = process.communicate(timeout=200)
    assert process.returncode != 0
    assert "killed" in output
    code, output = run(tmp_path, *command)
    assert code == 0, output
    check(tmp_path, 8, monkeypatch)
    before = trials_in(tmp_path, STUDY)
    code, output = run(tmp_path, *command)
    assert code == 0, output
    assert "8/8" in output
    assert len(trials_in(tmp_path, STUDY)) == len(before)


def _n_running(folder: Path) -> int:
    try:
        return sum(trial.state == TrialState.RUNNING for trial in trials_in(folder, STUDY))
    except Exception:
        return 0


def test_two_studies_of_one_command_end_with_a_table_and_the_best_can_be_repeated(tmp_path):
    code, output = run(
        tmp_path,
        "-m",
        *SMALL,
        "model=mlp,dnn",
        "search.n_trials=3",
        "worker=range(2)",
        "hydra/launcher=joblib",
    )
    assert code == 0, output
    for model in ("mlp", "dnn"):
        assert sum(t.state in ENDED for t in trials_in(tmp_path, f"cepheid-simulated-{model}")) == 3
    (best,) = set(re.findall(r"mlp: smallest val/rmse in run\s+([0-9a-f]{32})", output))
    tracker = open_tracker(
        TrackingConfig(uri=f"sqlite:///{tmp_path}/mlruns/mlflow.db", artifacts=f"{tmp_path}/mlruns/artifacts")
    )
    (study,) = tracker.runs(tags={"role": "study", "study": "cepheid-simulated-mlp"})
    assert study.tags["best_run_id"] == best
    for name in ("study.json", "importances.json", "trials.csv", "figures/study.html", "figures/history.png"):
        assert (tracker.fetch(study.run_id, tmp_path / "fetched") / name).stat().st_size > 0
    code, output = run(tmp_path, f"+reproduce={best}")
    assert code == 0, output
    assert "to the last bit" in output


def test_a_faulty_space_starts_nothing(tmp_path):
    code, output = run(tmp_path, "-m", *SMALL, "search.space.model.dropout=interval(0,2)", "worker=range(2)")
    assert code == 1
    assert "model.dropout = 2.0" in output
    assert "No job was started" in output
    assert not (tmp_path / "mlruns" / "studies.db").exists()


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_stopped_politely_goes_on(signal_number, tmp_path, monkeypatch):
    slower = ("trainer.max_epochs=2000", "trainer.early_stopping.patience=null", "search/pruner=none")
    process = start(tmp_path, *command_of(0, 3, slower)[2:])
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (
        (tmp_path / "mlruns" / "studies.db").exists() and _n_running(tmp_path) == 1
    ):
        time.sleep(0.3)
    time.sleep(1.0)
    process.send_signal(signal_number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    trials = trials_in(tmp_path, STUDY)
    assert [trial.state for trial in trials[-2:]] == [TrialState.FAIL, TrialState.WAITING]
    assert trials[-1].params == trials[-2].params
