"""A study whose workers are killed all the time: nothing may be lost, and nothing counted twice.

Usage: python benchmarks/chaos.py [--trials 200] [--workers 4] [--kill-every 5] [--postgresql URL URL]

Workers are started as ``python train.py search=random ... worker=<i>``. A random one is killed with
``kill -9`` every few seconds, once all of them are, and a killed worker's command is run again: the only
recovery step there is. With ``--postgresql`` studies and runs are kept in two databases of a server, and
``--restart COMMAND`` restarts that server once in the middle. The last line is JSON; the exit code is 1 if
anything was lost or counted twice.
"""

import argparse
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import optuna
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from astrosweep.config import RunConfig
from astrosweep.config.parse import load_run_config
from astrosweep.search import open_storage
from astrosweep.tracking import open_tracker

TRAIN = Path(__file__).parents[1] / "train.py"
STUDY = "chaos"
SQLITE = "sqlite:///mlruns/studies.db"


@dataclass
class Report:
    """What a study was like at its end.

    Attributes:
        states: Trials by state.
        kills: Workers killed.
        starts: Times that a worker's command was run.
        faults: What was lost or counted twice; empty if all is well.
        time_s: Wall time in seconds.
    """

    states: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    starts: int = 0
    faults: list[str] = field(default_factory=list)
    time_s: float = 0.0


def command_of(worker: int, n_trials: int, extra: Sequence[str]) -> list[str]:
    """The command of one worker."""
    return [
        sys.executable,
        str(TRAIN),
        "data=cepheid",
        "data.simulation.n_stars=300",
        "trainer=quick",
        "search=random",
        f"search.study={STUDY}",
        f"search.n_trials={n_trials}",
        "search.heartbeat_s=1",
        "search.grace_s=4",
        "search/pruner=median",
        f"worker={worker}",
        *extra,
    ]


def torment(
    folder: Path,
    n_trials: int,
    n_workers: int,
    kill_every_s: float,
    extra: Sequence[str] = (),
    restart: Callable[[], None] | None = None,
    seed: int = 0,
    timeout_s: float = 3600.0,
) -> Report:
    """Run a study to its end while its workers are killed.

    Args:
        folder: Where the commands run.
        n_trials: Size of the study.
        n_workers: Number of workers.
        kill_every_s: Mean time between two kills, in seconds.
        extra: Further overrides.
        restart: Restarts the database server; called once, in the middle.
        seed: Seed of who is killed when.
        timeout_s: Longest time for everything.

    Returns:
        Kills, starts and time; ``inspect`` adds the rest.

    Raises:
        TimeoutError: The study did not end in time.
    """
    generator = random.Random(seed)
    report, start_s = Report(), time.monotonic()
    workers: list[subprocess.Popen[bytes] | None] = [None] * n_workers
    over = [False] * n_workers
    n_done = _Counter(folder, extra)
    next_kill_s = start_s + 2 * kill_every_s
    all_killed = restarted = False
    log = (folder / "workers.log").open("ab")
    try:
        while not all(over):
            if time.monotonic() - start_s > timeout_s:
                raise TimeoutError(f"the study did not end within {timeout_s:g} s")
            for i in range(n_workers):
                process = workers[i]
                if process is not None and process.poll() is not None:
                    over[i] = process.returncode == 0
                    workers[i] = None
                if workers[i] is None and not over[i]:
                    workers[i] = subprocess.Popen(
                        command_of(i, n_trials, extra),
                        cwd=folder,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                    report.starts += 1
            done = n_done()
            if restart is not None and not restarted and done >= n_trials // 2:
                restart()
                restarted = True
            alive = [process for process in workers if process is not None]
            victims: list[subprocess.Popen[bytes]] = []
            if not all_killed and n_trials // 3 <= done < n_trials:
                victims, all_killed = alive, True
            elif done < n_trials and time.monotonic() >= next_kill_s:
                victims = generator.sample(alive, min(1, len(alive)))
            for victim in victims:
                os.killpg(victim.pid, signal.SIGKILL)
                victim.wait()
                report.kills += 1
            if victims:
                next_kill_s = time.monotonic() + generator.uniform(0.5, 1.5) * kill_every_s
            time.sleep(0.5)
    finally:
        for process in workers:
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        log.close()
        n_done.close()
    report.time_s = time.monotonic() - start_s
    return report


def inspect(config: RunConfig, study: str, n_trials: int, report: Report) -> None:
    """Look for what was lost or counted twice.

    Args:
        config: Where studies and runs are.
        study: Name of the study.
        n_trials: Trials that it should have.
        report: Gets the states and the faults.
    """
    storage = open_storage(config.storage)
    found = optuna.load_study(study_name=study, storage=storage)
    trials = found.trials
    best_value = found.best_value
    storage.remove_session()
    storage.engine.dispose()
    states = Counter(trial.state.name for trial in trials)
    report.states = dict(states)
    faults = report.faults
    ended = [trial for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    if len(ended) != n_trials:
        faults.append(f"{len(ended)} complete or pruned trials instead of {n_trials}")
    if states["RUNNING"] or states["WAITING"]:
        faults.append(f"{states['RUNNING']} trials running, {states['WAITING']} waiting")
    tracker = open_tracker(config.tracking)
    runs = tracker.runs(tags={"role": "trial", "study": study})
    by_number = Counter(int(run.tags["trial_number"]) for run in runs if run.status == "finished")
    for trial in ended:
        if by_number[trial.number] != 1:
            faults.append(f"trial {trial.number} has {by_number[trial.number]} finished runs")
    if extra := set(by_number) - {trial.number for trial in ended}:
        faults.append(f"finished runs of trials without a result: {sorted(extra)}")
    if left := [run.name for run in runs if run.status == "running"]:
        faults.append(f"runs without an end: {left}")
    complete = {
        run.run_id: run.metrics["val/rmse"]
        for run in runs
        if run.status == "finished" and run.tags["trial_state"] == "complete"
    }
    if complete and best_value != min(complete.values()):
        faults.append(f"best of the study {best_value}, best of its runs {min(complete.values())}")
    (parent,) = tracker.runs(tags={"role": "study", "study": study})
    if parent.status != "finished":
        faults.append(f"the study's own run is {parent.status}")
    if parent.metrics.get("best/val/rmse") != best_value:
        faults.append("the study's own run does not have its best value")


def config_in(folder: Path, extra: Sequence[str]) -> RunConfig:
    """A recorded configuration, with the addresses of this study."""
    os.chdir(folder)
    written = next(iter(sorted(folder.glob("mlruns/artifacts/*/artifacts/config.yaml"))))
    config = load_run_config(written)
    uris = [word.split("=", 1)[1] for word in extra if word.startswith("tracking.uri=")]
    tracking = config.tracking.model_copy(update={"uri": uris[0]} if uris else {})
    return config.model_copy(update={"storage": _storage(extra), "tracking": tracking})


def _storage(extra: Sequence[str]) -> str:
    return next((word.split("=", 1)[1] for word in extra if word.startswith("storage=")), SQLITE)


class _Counter:
    """Completed and pruned trials so far; the last known number while the storage cannot be read."""

    def __init__(self, folder: Path, extra: Sequence[str]) -> None:
        url = _storage(extra)
        self._file = folder / "mlruns" / "studies.db" if url == SQLITE else None
        self._url = f"sqlite:///{self._file}" if self._file else url
        self._storage: RDBStorage | None = None
        self._study: optuna.Study | None = None
        self._last = 0

    def __call__(self) -> int:
        if self._file and not self._file.exists():
            return 0
        try:
            if self._study is None:
                self._storage = open_storage(self._url)
                self._study = optuna.load_study(study_name=STUDY, storage=self._storage)
            ended = (TrialState.COMPLETE, TrialState.PRUNED)
            self._last = len(self._study.get_trials(deepcopy=False, states=ended))
        except Exception:
            self.close()
        return self._last

    def close(self) -> None:
        """Let go of the database."""
        if self._storage is not None:
            self._storage.engine.dispose()
        self._storage = self._study = None


def main() -> None:
    """Torment a study and say what is left of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-every", type=float, default=5.0, help="seconds")
    parser.add_argument("--postgresql", nargs=2, metavar=("STUDIES", "RUNS"), help="two database addresses")
    parser.add_argument("--restart", help="shell command that restarts the PostgreSQL server")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    extra: list[str] = []
    if arguments.postgresql:
        extra = [f"storage={arguments.postgresql[0]}", f"tracking.uri={arguments.postgresql[1]}"]

    def restart() -> None:
        subprocess.run(shlex.split(arguments.restart), check=True)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = torment(
            folder,
            arguments.trials,
            arguments.workers,
            arguments.kill_every,
            extra,
            restart if arguments.restart else None,
        )
        inspect(config_in(folder, extra), STUDY, arguments.trials, report)
        os.chdir("/")
    for fault in report.faults:
        print(fault)
    print(json.dumps(vars(report)))
    sys.exit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
