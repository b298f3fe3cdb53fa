"""Studies whose workers are jobs of a real Slurm of one node, as docs/slurm.md starts them."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from astrosweep.config import TrackingConfig
from astrosweep.tracking import open_tracker
from tests.conftest import ROOT
from tests.search.slurm import SlurmNode, why_not
from tests.tracking.conftest import free_port, postgresql_server, postgresql_uri  # noqa: F401  (fixtures)

pytestmark = pytest.mark.process
WAIT_S = 300.0  # longest wait of one test; it is over much sooner
QUICK = (
    "data=cepheid",
    "data.simulation.n_stars=300",
    "data.batch_size=16",
    "model=mlp",
    "model.hidden=[8]",
    "trainer=quick",
    "trainer.early_stopping.patience=null",
    "tracking.figures=false",
    "search=random",
    "search/pruner=median",
    "search.pruner.n_startup_trials=100",  # it tells how far a trial is, and ends none
    "search/space=empty",
    "search.space.optimizer.lr=interval(1e-3, 1e-2)",
    "search.heartbeat_s=1",
    "search.grace_s=4",
    "worker=range(2)",
    "site=slurm",
)


@pytest.fixture(scope="module")
def slurm() -> Iterator[SlurmNode]:
    if reason := why_not():
        pytest.skip(reason)
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="the Slurm launcher is not installed")
    with SlurmNode() as node:
        yield node


@pytest.fixture(scope="module")
def server(postgresql_uri: str) -> str:  # noqa: F811
    """A PostgreSQL server with the two databases of the preset, without a database's name."""
    engine = sqlalchemy.create_engine(postgresql_uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("astrosweep_studies", "astrosweep_runs"):
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return postgresql_uri.rpartition("/")[0]


@pytest.fixture(scope="module")
def storage(server: str) -> Iterator[RDBStorage]:
    storage = RDBStorage(f"{server}/astrosweep_studies")
    yield storage
    storage.engine.dispose()


@pytest.fixture(scope="module")
def tracking(server: str, tmp_path_factory: pytest.TempPathFactory) -> TrackingConfig:
    artifacts = tmp_path_factory.mktemp("artifacts")
    return TrackingConfig(uri=f"{server}/astrosweep_runs", artifacts=str(artifacts))


@dataclass
class Search:
    """One study, by the command that a user gives again and again."""

    name: str
    slurm: SlurmNode
    server: str
    storage: RDBStorage
    tracking: TrackingConfig
    folder: Path

    def start(self, *overrides: str) -> subprocess.Popen[bytes]:
        own = (f"search.study={self.name}", f"tracking.artifacts={self.tracking.artifacts}")
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, str(ROOT / "train.py"), "-m", *QUICK, *own, *overrides],
                cwd=self.folder,
                env=self.slurm.environment
                | {
                    "ASTROSWEEP_STUDIES": f"{self.server}/astrosweep_studies",
                    "ASTROSWEEP_RUNS": f"{self.server}/astrosweep_runs",
                },
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> Path:
        return self.folder / "output"

    def assert_succeeds(self, command: subprocess.Popen[bytes]) -> None:
        assert command.wait(WAIT_S) == 0, self.logs()

    def trials(self) -> list[FrozenTrial]:
        try:
            return self.storage.get_all_trials(self.storage.get_study_id_from_name(self.name))
        except KeyError:
            return []

    def n(self, *states: TrialState) -> int:
        return sum(trial.state in states for trial in self.trials())

    def wait_until_both_train(self, command: subprocess.Popen[bytes], n_complete: int = 0) -> None:
        """Wait until so many trials are complete and each worker is in the middle of another one."""

        def reached() -> bool:
            assert command.poll() is None, self.logs()
            trials = self.trials()
            told = [bool(trial.intermediate_values) for trial in trials if trial.state == TrialState.RUNNING]
            return told == [True, True] and n_complete <= sum(t.state == TrialState.COMPLETE for t in trials)

        self.slurm.wait_for(reached, f"{n_complete} trials and both workers in another", WAIT_S)

    def logs(self) -> str:
        files = [self.output, *sorted(self.folder.glob("mlruns/jobs/*/slurm/*/*.out"))]
        return "\n".join(file.read_text() for file in files if file.exists())

    def assert_exact(self, n_trials: int) -> Counter[str]:
        """Exactly n trials ended with a result, each with exactly one finished run, and nothing is open.

        Returns:
            How many runs of trials ended how.
        """
        trials = self.trials()
        done = [trial for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
        assert len(done) == n_trials, self.logs()
        assert self.n(TrialState.RUNNING, TrialState.WAITING) == 0
        tracker = open_tracker(self.tracking)
        runs = tracker.runs(tags={"role": "trial", "study": self.name})
        finished = sorted(int(run.tags["trial_number"]) for run in runs if run.status == "finished")
        assert finished == sorted(trial.number for trial in done), self.logs()
        (study,) = tracker.runs(tags={"role": "study", "study": self.name})
        assert study.status == "finished"
        ends = Counter(run.status for run in runs)
        assert ends["running"] == 0, self.logs()
        return ends


@pytest.fixture
def search(
    slurm: SlurmNode,
    server: str,
    storage: RDBStorage,
    tracking: TrackingConfig,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Search]:
    yield Search(request.node.name, slurm, server, storage, tracking, tmp_path)
    slurm.end_jobs()


def test_two_jobs_share_a_study(search):
    search.assert_succeeds(search.start("search.n_trials=6"))
    assert search.assert_exact(6) == {"finished": 6}
    outcomes = list(search.folder.glob("mlruns/jobs/*/.sweep/*/[01].json"))
    assert len(outcomes) == 2
    (script,) = search.folder.glob("mlruns/jobs/*/slurm/*/*.sh")
    assert "#SBATCH --requeue\n" in script.read_text()


def test_the_same_command_finishes_what_cancelled_and_killed_jobs_left(search):
    overrides = ("search.n_trials=5", "trainer.max_epochs=300")
    command = search.start(*overrides)
    search.wait_until_both_train(command, n_complete=1)
    jobs = search.slurm.running()
    os.kill(search.slurm.worker(1), signal.SIGKILL)
    search.slurm.run("scancel", jobs[0])
    command.kill()  # the terminal is closed, too
    command.wait(WAIT_S)
    ended = dict(zip(jobs, ("CANCELLED", "FAILED"), strict=True))
    search.slurm.wait_for(lambda: search.slurm.states().items() >= ended.items(), "the end of both jobs")
    assert 1 <= search.n(TrialState.COMPLETE) < 5

    search.assert_succeeds(search.start(*overrides))
    assert search.assert_exact(5) == {"finished": 5, "killed": 2}


def test_jobs_at_their_time_limit_or_preempted_are_queued_again_and_go_on(search):
    command = search.start("search.n_trials=4", "trainer.max_epochs=300")
    search.wait_until_both_train(command)
    jobs = search.slurm.running()
    search.slurm.run("scancel", "--signal=USR2", jobs[0])  # as Slurm does before the time limit
    search.slurm.run("scancel", "--signal=TERM", jobs[1])  # as Slurm does at the start of the grace time
    search.assert_succeeds(command)
    assert search.assert_exact(4) == {"finished": 4, "killed": 2}
    assert [search.slurm.restarts(job) for job in jobs] == [1, 1]
