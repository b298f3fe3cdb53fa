"""Processes of joblib whose launcher is killed outright end by themselves, and give back what they had."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import optuna
import psutil
import pytest
from optuna.trial import TrialState

from astrosweep.search import open_storage
from tests.job.commands import command, wait_for

pytestmark = pytest.mark.process

SEARCH = (
    *("-m", "data=cepheid", "data.simulation.n_stars=300", "tracking.figures=false"),
    *("trainer.max_epochs=100000", "trainer.early_stopping.patience=null"),
    *("search=random", "search/pruner=none", "search.n_trials=2", "search.study=orphans", "worker=0,1"),
    *("hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
)


@contextmanager
def started(folder: Path, *words: str) -> Iterator[psutil.Popen]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = psutil.Popen(words, cwd=folder, start_new_session=True, **quiet)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def left_by(process: psutil.Popen) -> list[psutil.Process]:
    """Kill a launcher outright; its processes that are still there two minutes later."""
    children = process.children(recursive=True)
    assert children
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=120.0)
    return [child for child in alive if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_nothing_is_left_of_a_command_that_was_killed_at_its_start(tmp_path):
    with started(tmp_path, *command(*SEARCH)) as process:
        wait_for(process.children)
        assert left_by(process) == []


def test_trials_of_a_command_that_was_killed_are_given_back(tmp_path):
    def states() -> list[TrialState]:
        if not (tmp_path / "mlruns" / "studies.db").exists():
            return []
        storage = open_storage(f"sqlite:///{tmp_path}/mlruns/studies.db")
        try:
            return [trial.state for trial in optuna.load_study(study_name="orphans", storage=storage).trials]
        except KeyError:
            return []

    with started(tmp_path, *command(*SEARCH)) as process:
        wait_for(lambda: states() == [TrialState.RUNNING] * 2)
        assert left_by(process) == []
    assert sorted(states()) == [TrialState.FAIL] * 2 + [TrialState.WAITING] * 2


@pytest.mark.parametrize("method", ["loky", "forkserver"])
def test_a_process_that_waits_for_a_job_ends_with_its_launcher(tmp_path, method):
    """Also one that joblib starts itself, as where there is a GPU."""
    script = f"""
        import time
        from pathlib import Path
        from joblib import Parallel, delayed
        from joblib.externals.loky.backend.context import set_start_method
        from astrosweep.job.orphan import end_with_launcher

        def meet(number):
            end_with_launcher()
            Path(str(number)).touch()
            while not (Path("0").exists() and Path("1").exists()):
                time.sleep(0.1)

        if __name__ == "__main__":
            set_start_method({method!r}, force=True)
            Parallel(n_jobs=2, batch_size=1)(delayed(meet)(number) for number in (0, 1))
            Path("ready").touch()
            time.sleep(600.0)
    """
    (tmp_path / "launch.py").write_text(textwrap.dedent(script))
    with started(tmp_path, sys.executable, "launch.py") as process:
        wait_for((tmp_path / "ready").exists)
        assert left_by(process) == []
