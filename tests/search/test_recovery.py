"""Interrupted, dead and displaced workers, and stores that fail: nothing is lost or counted twice."""

import tempfile
import time

import optuna
import pytest
from optuna.trial import TrialState

from astrosweep.core.errors import StorageError, TrackingError
from astrosweep.search import objective, open_storage
from astrosweep.search import worker as worker_module
from astrosweep.search.conclusion import conclude
from astrosweep.search.data import DataCache
from astrosweep.search.study import Study, join
from astrosweep.search.worker import End, work
from astrosweep.tracking import MemoryTracker, held, open_lock

pytestmark = pytest.mark.process  # heavy: it runs whole searches

ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


def trial_runs(tracker):
    return tracker.runs(tags={"role": "trial"})


def test_an_interrupted_trial_comes_back_with_its_parameters(search, tracker, monkeypatch):
    honest = objective.train
    calls = []

    def interrupt_once(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return honest(*arguments)

    def give_back_alone(study, trial):
        with pytest.raises(TimeoutError):
            open_lock(study.config.storage, study.name, timeout_s=0.0).acquire()
        returned.append(trial.number)
        honest_return(study, trial)

    returned = []
    honest_return = Study.give_back
    monkeypatch.setattr(objective, "train", interrupt_once)
    monkeypatch.setattr(Study, "give_back", give_back_alone)
    config = search("search.n_trials=3")
    with pytest.raises(KeyboardInterrupt):
        work(config, tracker)
    assert returned == [1]
    with held(open_lock(config.storage, config.study_name, timeout_s=0.0)):
        pass
    study, _ = work(config, tracker)
    states = [trial.state for trial in study.optuna.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE, TrialState.COMPLETE]
    assert study.optuna.trials[2].params == study.optuna.trials[1].params
    assert [run.status for run in trial_runs(tracker)] == ["finished", "killed", "finished", "finished"]


@pytest.mark.parametrize("moment", ["start", "write", "finish"])
def test_a_worker_may_die_between_any_two_writes(moment, search, monkeypatch):
    """What ``kill -9`` leaves, at each step of a trial: the next worker brings the records in step."""

    class Died(BaseException):
        pass

    class Fragile(MemoryTracker):
        dies = True

        def _die(self, run_id, before):
            role = self.find(run_id).tags["role"] if run_id else "trial"
            if self.dies and role == "trial":
                self.dies = False
                raise Died

        def start(self, name, tags, parent_id=None, *, resumed=None):
            run_id = super().start(name, tags, parent_id, resumed=resumed)
            if moment == "start" and tags.get("role") == "trial":
                self._die(run_id, moment)
            return run_id

        def write(self, run_id, record, artifacts=None):
            super().write(run_id, record, artifacts)
            if moment == "write":
                self._die(run_id, moment)

        def finish(self, run_id, record, artifacts=None):
            if moment == "finish":
                self._die(run_id, moment)
            super().finish(run_id, record, artifacts)

    monkeypatch.setattr(objective.Objective, "abandon", lambda self: None)
    fragile = Fragile()
    config = search("search.n_trials=2")
    with pytest.raises(Died):
        work(config, fragile)
    time.sleep(4.5 if moment != "finish" else 0.0)
    monkeypatch.setattr("astrosweep.search.conclusion.write_study_figures", lambda *arguments: None)
    study, _ = work(config, fragile)
    conclude(study, "finished")
    ended = [trial for trial in study.optuna.trials if trial.state in ENDED]
    assert len(ended) == 2
    assert not [trial for trial in study.optuna.trials if trial.state == TrialState.RUNNING]
    statuses = {run.run_id: run.status for run in trial_runs(fragile)}
    assert [statuses[trial.user_attrs["run_id"]] for trial in ended] == ["finished", "finished"]
    assert sorted(statuses.values()) == (
        ["finished"] * 2 if moment == "finish" else ["finished"] * 2 + ["killed"]
    )


def test_a_worker_may_die_before_its_first_sign_of_life(search, tracker):
    config = search("search.n_trials=1")
    work(config, tracker)
    config = search("search.n_trials=2", "search.timeout_s=60")  # not for ever if nobody misses it
    storage = open_storage(config.storage)
    dead = optuna.load_study(study_name=config.study_name, storage=storage).ask()  # gives no sign
    study, end = work(config, tracker)
    assert end is End.DONE
    assert [trial.state for trial in study.optuna.trials] == [
        TrialState.COMPLETE,
        TrialState.FAIL,
        TrialState.COMPLETE,
    ]
    assert study.optuna.trials[2].system_attrs["retry_history"] == [dead.number]


def test_a_trial_that_another_worker_took_over_is_let_go(search, tracker, monkeypatch):
    honest = objective.train
    calls = []

    def slow_once(*arguments):
        calls.append(1)
        result = honest(*arguments)
        if len(calls) == 1:
            storage = open_storage(config.storage)
            other = optuna.load_study(study_name=config.study_name, storage=storage)
            other.tell(0, state=TrialState.FAIL)
        return result

    monkeypatch.setattr(objective, "train", slow_once)
    config = search("search.n_trials=2")
    study, end = work(config, tracker)
    assert end is End.DONE
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 2
    assert sorted(run.status for run in trial_runs(tracker)) == ["finished", "finished", "killed"]


def test_a_store_that_comes_back_is_waited_for(search, tracker, monkeypatch):
    class Flaky(MemoryTracker):
        failures = 2

        def start(self, name, tags, parent_id=None, *, resumed=None):
            if tags.get("role") == "trial" and self.failures:
                self.failures -= 1
                raise TrackingError("the database does not answer")
            return super().start(name, tags, parent_id, resumed=resumed)

    monkeypatch.setattr(worker_module, "_POLL_S", 0.01)
    flaky = Flaky()
    study, _ = work(search("search.n_trials=2"), flaky)
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 2

    flaky.failures = 10**9
    with pytest.raises(StorageError, match=r"Given up after 0.1 s.*does not answer"):
        work(search("search.n_trials=3", "search.patience_s=0.1"), flaky)
    flaky.failures = 0
    study, _ = work(search("search.n_trials=3"), flaky)
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 3


@pytest.mark.parametrize(
    ("storage", "reason"),
    [
        ("sqlite:////proc/none/studies.db", "No such file or directory: '/proc/none'"),
        ("postgresql+psycopg://nobody:secret@localhost:1/none", "port 1 failed: Connection refused"),
        ("sqlite:///{tmp}/text.db", "not an SQLite database"),
    ],
)
def test_a_storage_that_cannot_be_used_is_named(storage, reason, search, tmp_path, tracker):
    (tmp_path / "text.db").write_text("this is no database " * 100)
    config = search().model_copy(update={"storage": storage.format(tmp=tmp_path)})
    with pytest.raises(StorageError, match=reason) as caught:
        join(config, tracker, report=None)
    assert "Studies cannot be kept in" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    url = f"sqlite:///{tmp_path}/studies.db"
    one, same, another = open_lock(url, "a"), open_lock(url, "a", 0.0), open_lock(url, "b", 0.0)
    one.acquire()
    another.acquire()
    same.release()  # it does not hold the lock: that of the other stays
    for taken in (same, open_lock(url, "b", 0.0)):
        with pytest.raises(TimeoutError):
            taken.acquire()
    for _ in range(2):
        one.release()
    same.acquire()
    with pytest.raises(TimeoutError):
        open_lock(url, "a", 0.0).acquire()
    same.release()
    another.release()


def test_a_full_disk_is_waited_for_and_named(search, tracker, monkeypatch):
    honest, full = objective.write_artifacts, [True]

    def write(*arguments):
        if full:
            full.pop()
            raise OSError(28, "No space left on device")
        honest(*arguments)

    monkeypatch.setattr(worker_module, "_POLL_S", 0.01)
    monkeypatch.setattr(objective, "write_artifacts", write)
    study, _ = work(search("search.n_trials=2"), tracker)
    states = [trial.state for trial in study.optuna.trials]
    assert states == [TrialState.FAIL, TrialState.COMPLETE, TrialState.COMPLETE]
    assert study.optuna.trials[1].params == study.optuna.trials[0].params

    full.extend([True] * 100_000)
    with pytest.raises(StorageError, match=r"Given up after 0 s.*No space left on device"):
        work(search("search.n_trials=3", "search.patience_s=0.0"), tracker)
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 2


def test_a_study_that_goes_on_is_in_progress_until_it_ends(search, tracker, monkeypatch):
    monkeypatch.setattr("astrosweep.search.conclusion.write_study_figures", lambda *arguments: None)
    study, _ = work(search("search.n_trials=1"), tracker)
    conclude(study, "finished")
    again = join(search("search.n_trials=1"), tracker, report_of(study))
    assert tracker.find(again.run_id).status == "finished"
    more = join(search("search.n_trials=2"), tracker, report_of(study))
    assert tracker.find(more.run_id).status == "running"
    study, _ = work(search("search.n_trials=2"), tracker)
    conclude(study, "finished")
    assert tracker.find(study.run_id).status == "finished"


def report_of(study):
    return DataCache().get(study.config).report


def test_a_worker_killed_in_training_leaves_no_temporary_files(search, tracker, tmp_path, monkeypatch):
    (temporary := tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    train, seen = objective.train, []

    def looked_at(*args, **kwargs):
        seen.append(list(temporary.iterdir()))
        return train(*args, **kwargs)

    monkeypatch.setattr(objective, "train", looked_at)
    work(search("search.n_trials=2"), tracker)
    assert seen == [[], []]
    assert list(temporary.iterdir()) == []


def test_a_trial_without_memory_for_its_files_fails_alone(search, tracker, monkeypatch):
    honest, full = objective.write_artifacts, [True]

    def write(*arguments):
        if full.pop() if full else False:
            raise MemoryError
        honest(*arguments)

    monkeypatch.setattr(objective, "write_artifacts", write)
    study, end = work(search("search.n_trials=1"), tracker)
    assert end is End.DONE
    assert [trial.state for trial in study.optuna.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert "Out of memory" in study.optuna.trials[0].user_attrs["error"]
    assert sorted(run.status for run in trial_runs(tracker)) == ["failed", "finished"]
