"""One trial: draw, train, record."""

import logging
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from astrosweep.config import RunConfig
from astrosweep.core.errors import AstrosweepError, ConfigError, StorageError, StudyError, TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.recording import (
    curves_of,
    finite,
    flatten,
    metrics_of,
    tags_of,
    tags_of_data,
    write_artifacts,
    write_config,
)
from astrosweep.search.counts import ERROR, RUN_ID, abandoned
from astrosweep.search.data import DataCache
from astrosweep.search.pruning import Reporter, count_stages, stride_of
from astrosweep.search.space import configure, suggest
from astrosweep.search.storage import TROUBLE
from astrosweep.search.study import TRIAL_NUMBER, Study
from astrosweep.tracking import held
from astrosweep.training import TrainingResult, group_folds, train

_log = logging.getLogger(__name__)
_NO_MEMORY = "Out of memory: use a smaller data.batch_size or model"


class TrialFailed(Exception):
    """A trial ended with an error of its own; the study goes on."""


@dataclass(frozen=True)
class _Written:
    run_id: str
    record: RunRecord


class Objective:
    """What ``study.optimize`` calls for each trial of one worker.

    A run is written in this order, so that a worker may die between any two steps: run started; values and
    files; Optuna told; run ended. ``Study.reconcile`` completes what is missing.

    Args:
        study: The study, whose lock is held when a trial begins.
        data: The worker's data.
    """

    def __init__(self, study: Study, data: DataCache) -> None:
        self._study = study
        self._search = study.config.search
        self._data = data
        self._stride = stride_of(study.config)
        self._number = -1
        self._written: _Written | None = None

    def __call__(self, trial: optuna.Trial) -> tuple[float, ...]:
        """Train one set of parameters.

        Returns:
            The values to minimise.

        Raises:
            TrialPruned: The pruner ended the trial.
            TrialFailed: The parameters do not work; the reason is recorded.
            TrackingError: The record cannot take the run.
        """
        self._number, self._written = trial.number, None
        self._study.lock.release()
        start = time.perf_counter()
        name = f"{self._study.name}-{trial.number:04d}"
        values: dict[str, Any] = {}
        fault = ""
        try:
            values = suggest(trial, self._search.distributions)
            config = configure(self._study.config, values, together=self._study.together)
        except ValueError as error:  # values that do not go together, or were queued for another space
            config, fault = self._study.config, str(error)
        tags = {
            **tags_of(config),
            "role": "trial",
            "study": self._study.name,
            TRIAL_NUMBER: str(trial.number),
        }
        run_id = self._study.tracker.start(name, tags, self._study.run_id)
        trial.set_user_attr(RUN_ID, run_id)
        params = flatten(config.model_dump(mode="json", exclude={"search"})) | values
        record = RunRecord(name=name, status="failed", params=params, tags=tags)
        reporter = self._reporter(trial)
        objectives, record, results = self._train(config, record, reporter, fault)
        with tempfile.TemporaryDirectory(prefix="astrosweep-trial-", ignore_cleanup_errors=True) as name_of:
            folder = Path(name_of)
            if not fault:
                write_config(folder, config)
            try:
                if results:
                    write_artifacts(folder, config, results)
            except MemoryError:
                objectives, record = (), _failed(record, _NO_MEMORY)
            record = replace(record, duration_s=time.perf_counter() - start)
            self._study.tracker.write(run_id, record, folder)
            self._written = _Written(run_id, record)
        if record.error:
            _log.warning("trial %d failed: %s Parameters: %s", trial.number, record.error, values)
            trial.set_user_attr(ERROR, record.error)
            raise TrialFailed(record.error)
        if reporter.pruned:
            _log.debug("trial %d pruned", trial.number)
            raise optuna.TrialPruned
        _log.debug("trial %d: %s", trial.number, objectives)
        return objectives

    def close(self, study: optuna.Study, trial: FrozenTrial) -> None:  # noqa: ARG002
        """End the run of a trial that Optuna knows the end of."""
        if self._written is None:
            return
        status = "failed" if trial.state == TrialState.FAIL else "finished"
        record = self._written.record
        end = RunRecord(name=record.name, status=status, duration_s=record.duration_s)  # type: ignore[arg-type]
        self._study.tracker.finish(self._written.run_id, end)
        self._number, self._written = -1, None

    def abandon(self) -> None:
        """Give back the trial that was cut off, unless another worker has taken it over already.

        No other worker takes a place between the end of the trial and its return to the queue. A database
        that does not answer is not waited for: the trial then comes back by its missing signs of life.
        """
        if self._number < 0:
            return
        study, number, self._number = self._study.optuna, self._number, -1
        self._study.lock.release()  # held still where the trial was cut off at its start
        with suppress(*TROUBLE, OSError), held(self._study.lock):
            if study.get_trials(deepcopy=False)[number].state == TrialState.RUNNING:
                study.tell(number, state=TrialState.FAIL)
            for trial in abandoned(study.get_trials(deepcopy=False)):
                if trial.number == number:
                    self._study.give_back(trial)

    def _reporter(self, trial: optuna.Trial) -> Reporter:
        return Reporter(
            trial,
            self._search.pruner,
            self._stride,
            count_stages(self._study.config, together=self._study.together),
            may_prune=len(self._search.objectives) == 1,
        )

    def _train(
        self, config: RunConfig, record: RunRecord, reporter: Reporter, fault: str
    ) -> tuple[tuple[float, ...], RunRecord, Sequence[TrainingResult]]:
        """Train and judge.

        Returns:
            The values to minimise, none if the trial was pruned or failed; the record; and what the training
            left, nothing if it could not train.
        """
        results: Sequence[TrainingResult] = ()
        try:
            if fault:
                raise ConfigError(fault)
            data = self._data.get(config)
            groups = group_folds(config, data)
            # A trial whose folds train otherwise than those of the study has other steps: it tells none.
            is_comparable = (len(groups) < len(data.folds)) == self._study.together
            results = train(config, data, reporter if is_comparable else None, groups)
            metrics = metrics_of(results)
            objectives = () if reporter.pruned else self._objectives(metrics)
        except (TrackingError, StorageError, StudyError):
            raise
        except MemoryError:
            return (), _failed(record, _NO_MEMORY), ()
        except AstrosweepError as error:
            return (), _failed(record, str(error)), results
        if reporter.pruned:
            metrics = {f"partial/{key}": value for key, value in metrics.items()}
        tags = _state(record, "pruned" if reporter.pruned else "complete")
        record = replace(
            record,
            status="finished",
            metrics=metrics,
            curves=curves_of(results),
            tags={**tags, **tags_of_data(results[0].report)},
        )
        return objectives, record, results

    def _objectives(self, metrics: dict[str, float]) -> tuple[float, ...]:
        values = []
        for objective in self._search.objectives:
            key = objective.removeprefix("-")
            if key not in metrics:
                close = ", ".join(sorted(name for name in metrics if name.startswith(("val/", "fit/"))))
                raise StudyError(f"search.objectives: a run has no metric {key}; it has: {close}")
            if not finite(metrics[key]):
                raise ConfigError(f"search.objectives: {key} = {metrics[key]} is no finite number")
            values.append(-metrics[key] if objective.startswith("-") else metrics[key])
        return tuple(values)


def _failed(record: RunRecord, error: str) -> RunRecord:
    return replace(record, status="failed", error=error, tags=_state(record, "failed"))


def _state(record: RunRecord, state: str) -> dict[str, Any]:
    return {**record.tags, "trial_state": state}
