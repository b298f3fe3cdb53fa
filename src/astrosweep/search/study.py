"""A study: the trials in Optuna's storage and their runs in the record, kept in step."""

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

from astrosweep.config import StudyConfig
from astrosweep.core.errors import StudyError, TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.data.report import DataReport
from astrosweep.recording import tags_of, tags_of_data
from astrosweep.search.counts import ERROR, RUN_ID, Counts, abandoned, count
from astrosweep.search.identity import check_unchanged, identity_of
from astrosweep.search.pruning import build_pruner, count_stages, stride_of
from astrosweep.search.samplers import build_sampler
from astrosweep.search.space import enqueued
from astrosweep.search.storage import explained, open_storage
from astrosweep.tracking import Lock, RunSummary, Tracker, open_lock

_log = logging.getLogger(__name__)
_IDENTITY = "identity"
_ENQUEUED = "enqueued"
TRIAL_NUMBER = "trial_number"


@dataclass
class Study:
    """One study as a worker has it open.

    Attributes:
        config: The study's configuration.
        name: Name in the storage.
        optuna: Optuna's study.
        storage: The storage that it is in.
        tracker: The record of runs.
        lock: Held while a worker takes a place or closes the study.
        run_id: The study's own run, parent of those of its trials.
        together: Whether its trials train their folds together.
    """

    config: StudyConfig
    name: str
    optuna: optuna.Study
    storage: RDBStorage
    tracker: Tracker
    lock: Lock
    run_id: str = ""
    together: bool = False

    def counts(self) -> Counts:
        """How far the study is."""
        return count(self.optuna, self.config)

    def give_back(self, trial: FrozenTrial) -> None:
        """Put the parameters of a trial that was cut off into the queue; close its run as killed."""
        retry(self.config.search.max_retries)(self.optuna, trial)
        run_id = trial.user_attrs.get(RUN_ID)
        if run_id:
            self._close(run_id, "killed", "its worker was stopped or died; the trial is tried again")

    def reconcile(self) -> None:
        """Bring trials and runs in step after a worker died between two writes.

        A trial that ended without anybody noticing goes back into the queue. A run without an end whose trial
        has one gets it: finished for a complete or pruned trial, whose values are written before Optuna is
        told; failed or killed for any other.
        """
        trials = self.optuna.get_trials(deepcopy=False)
        for trial in abandoned(trials):
            self.give_back(trial)
        for run in self.tracker.runs(self.run_id, {"role": "trial"}, running=True):
            number = int(run.tags.get(TRIAL_NUMBER, -1))
            self._end_of(run, trials[number] if 0 <= number < len(trials) else None)

    def _end_of(self, run: RunSummary, trial: FrozenTrial | None) -> None:
        own = trial is not None and trial.user_attrs.get(RUN_ID, run.run_id) == run.run_id
        if trial is not None and own and trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
            self._close(run.run_id, "finished")
        elif trial is not None and own and trial.state == TrialState.FAIL and ERROR in trial.user_attrs:
            self._close(run.run_id, "failed", str(trial.user_attrs[ERROR]))
        elif trial is None or not own or trial.state != TrialState.RUNNING:
            self._close(run.run_id, "killed", "its worker died")

    def _close(self, run_id: str, status: Any, error: str = "") -> None:
        try:
            self.tracker.finish(run_id, RunRecord(name=self.name, status=status, error=error))
        except TrackingError as fault:
            _log.warning("%s", fault)


def retry(max_retries: int) -> RetryHeartbeatStaleTrialCallback:
    """What puts the parameters of a trial into the queue again, with Optuna's own history."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return RetryHeartbeatStaleTrialCallback(max_retry=max_retries)


def join(config: StudyConfig, tracker: Tracker, report: DataReport, *, together: bool = False) -> Study:
    """Open a study, making it if it is new.

    Args:
        config: The study's configuration.
        tracker: The record of runs.
        report: The report of the data that the caller has loaded.
        together: Whether trials train their folds together, see ``trains_together``.

    Returns:
        The study, reconciled.

    Raises:
        StudyError: The study exists and changed since it began.
        StorageError: The storage cannot be reached, opened or made.
        TrackingError: The record cannot be reached.
    """
    search, name = config.search, config.study_name
    opened: list[Study] = []
    storage = open_storage(config.storage, search, on_stale=lambda _, trial: opened[0].give_back(trial))
    lock = open_lock(config.storage, name)
    with explained(config.storage):
        lock.acquire()
    try:
        with explained(config.storage):
            found = optuna.create_study(
                storage=storage,
                study_name=name,
                directions=["minimize"] * len(search.objectives),
                load_if_exists=True,
            )
            n_trials = len(found.get_trials(deepcopy=False))
        found.sampler = build_sampler(search, config.worker, n_trials)
        found.pruner = build_pruner(
            search.pruner, stride_of(config) * count_stages(config, together=together)
        )
        study = Study(config, name, found, storage, tracker, lock, together=together)
        opened.append(study)
        _identify(study, report)
        study.run_id = _open_run(study, report)
        _enqueue(study)
        study.reconcile()
    finally:
        lock.release()
    return study


def _identify(study: Study, report: DataReport) -> None:
    now, search = identity_of(study.config, report), study.config.search
    then = study.optuna.user_attrs.get(_IDENTITY)
    if then is not None and len(study.optuna.directions) != len(search.objectives):
        raise StudyError(
            f"Study {study.name!r} has {len(study.optuna.directions)} objectives, now there are "
            f"{len(search.objectives)}; choose another search.study=<name>."
        )
    if then is not None and search.on_change == "refuse":
        check_unchanged(study.name, then, now)
    if then != now:
        study.optuna.set_user_attr(_IDENTITY, now)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.optuna.set_metric_names(search.objectives)


def _enqueue(study: Study) -> None:
    """Put the settings that are to be tried first into the queue of a new study.

    A worker may die in between: what is in the queue already is not put there again.
    """
    wanted = enqueued(study.config)
    trials = study.optuna.get_trials(deepcopy=False)
    known = study.optuna.user_attrs.get(_ENQUEUED)
    if known is None and all(trial.state == TrialState.WAITING for trial in trials):
        for values in wanted[len(trials) :]:
            study.optuna.enqueue_trial(values)
        study.optuna.set_user_attr(_ENQUEUED, wanted)
    elif wanted and wanted != known:
        _log.warning("Study %r has begun: search.enqueue is for new ones and not looked at.", study.name)


def _open_run(study: Study, report: DataReport) -> str:
    """The study's own run: the one it has, or a new one where the record does not know it."""
    known = study.optuna.user_attrs.get(RUN_ID)
    if known:
        try:
            run = study.tracker.find(known)
        except TrackingError:
            _log.info("The record has no run of study %r: a new one is started.", study.name)
        else:
            if run.status != "running" and not study.counts().is_done:
                study.tracker.start(study.name, {}, resumed=run.run_id)
            return run.run_id
    tags = {**tags_of(study.config), **tags_of_data(report), "role": "study", "study": study.name}
    run_id = study.tracker.start(study.name, tags)
    study.optuna.set_user_attr(RUN_ID, run_id)
    return run_id
