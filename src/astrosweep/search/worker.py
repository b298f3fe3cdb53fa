"""A worker: it joins a study and runs trials until the study has enough of them."""

import logging
import random
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import optuna

from astrosweep.config import StudyConfig
from astrosweep.core.errors import StorageError, TrackingError
from astrosweep.search.data import DataCache
from astrosweep.search.objective import Objective, TrialFailed
from astrosweep.search.pruning import trains_together
from astrosweep.search.storage import TROUBLE, give_first_sign
from astrosweep.search.study import Study, join
from astrosweep.tracking import Tracker
from astrosweep.training import on_own_device

_log = logging.getLogger(__name__)
_POLL_S = 1.0
_TAKEN_WORDS = ("Cannot tell a", "Should not reach")
"""What ``optimize`` says, as ValueError and AssertionError, of a trial that ended behind its back."""


class End(Enum):
    """Why a worker stopped."""

    DONE = "the study has all its trials"
    TIMEOUT = "search.timeout_s is over"
    FAILURES = "more trials than search.max_failures failed"


def work(config: StudyConfig, tracker: Tracker) -> tuple[Study, End]:
    """Run trials of one study until it has enough, too many failed, or the time is over.

    Args:
        config: The study's configuration.
        tracker: The record of runs.

    Returns:
        The study and why the worker stopped.

    Raises:
        StudyError: The study changed since it began.
        ConfigError: ``trainer.folds=together``, and the folds of its trials cannot be trained so.
        StorageError: The storage or the record has not answered for ``search.patience_s``.
        TrackingError: The record cannot be reached at the start.
        KeyboardInterrupt: The user or the scheduler stopped the worker; its trial is given back.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    config = on_own_device(config, config.worker)
    data = DataCache()
    own = data.get(config)
    study = join(config, tracker, own.report, together=trains_together(config, own))
    return study, _Worker(study, data).run()


class _Worker:
    def __init__(self, study: Study, data: DataCache) -> None:
        self._study = study
        self._search = study.config.search
        self._objective = Objective(study, data)
        self._started_s = time.monotonic()
        self._trouble_since_s: float | None = None

    def run(self) -> End:
        while True:
            try:
                end = self._turn()
            except (*TROUBLE, TrackingError, OSError) as error:
                self._wait_for(error)
                continue
            self._trouble_since_s = None
            if end is not None:
                return end

    def _turn(self) -> End | None:
        """Run one trial, or wait a little; return why the worker should stop, if it should."""
        study = self._study
        study.lock.acquire()
        try:
            counts = study.counts()
            if counts.is_done:
                return End.DONE if counts.done else End.FAILURES  # of a grid every point may fail
            if counts.failed > self._search.max_failures:
                return End.FAILURES
            if self._search.timeout_s and time.monotonic() - self._started_s > self._search.timeout_s:
                return End.TIMEOUT
            if counts.has_room:
                self._run_trial()
                return None
            give_first_sign(study.storage, study.name)
            _fail_stale_trials(study.optuna)
        finally:
            study.lock.release()
        time.sleep(_POLL_S)
        return None

    def _run_trial(self) -> None:
        objective = self._objective
        try:
            self._study.optuna.optimize(
                objective, n_trials=1, catch=(TrialFailed,), callbacks=[objective.close]
            )
        except BaseException as error:
            with _no_second_signal():
                objective.abandon()
            if not _was_taken(error):
                raise
            _log.warning("A trial was given to another worker, since this one gave no sign of life in time.")

    def _wait_for(self, error: BaseException) -> None:
        """Wait for a store that does not answer, at most ``search.patience_s``."""
        now_s = time.monotonic()
        if self._trouble_since_s is None:
            self._trouble_since_s = now_s
            _log.warning("Waiting up to %g s: %s", self._search.patience_s, error)
        if now_s - self._trouble_since_s > self._search.patience_s:
            raise StorageError(f"Given up after {self._search.patience_s:g} s: {error}") from error
        time.sleep(_POLL_S * (1.0 + random.random()))


@contextmanager
def _no_second_signal() -> Iterator[None]:
    """Let a trial be given back in peace: schedulers send more than one signal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _was_taken(error: BaseException) -> bool:
    if isinstance(error, ValueError | AssertionError):
        return any(words in str(error) for words in _TAKEN_WORDS)
    return isinstance(error, optuna.exceptions.UpdateFinishedTrialError)


def _fail_stale_trials(study: optuna.Study) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)
