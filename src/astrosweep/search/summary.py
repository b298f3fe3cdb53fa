"""How far a study is, as other processes than its workers see it."""

from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

from astrosweep.config import StudyConfig
from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunRecord, RunStatus
from astrosweep.report import StudyRow
from astrosweep.search.counts import RUN_ID, Counts, count
from astrosweep.search.storage import open_storage
from astrosweep.tracking import RunSummary, Tracker


def interrupt(config: StudyConfig, tracker: Tracker) -> None:
    """Mark the run of a study that was stopped before its end, without plots; the same command goes on."""
    found = _load(config)
    if found is None or not (run_id := found.user_attrs.get(RUN_ID)) or count(found, config).is_done:
        return
    error = "stopped before its end; the same command again goes on"
    tracker.finish(run_id, RunRecord(name=found.study_name, status="killed", error=error))


def summarize(config: StudyConfig, tracker: Tracker) -> StudyRow:
    """How far a study is and what is best so far, read from storage and record.

    Raises:
        StorageError: The storage does not answer.
    """
    search, name, objectives = config.search, config.study_name, tuple(config.search.objectives)
    found = _load(config)
    if found is None:
        return StudyRow(name=name, status="failed", n_trials=search.n_trials, objective_names=objectives)
    counts = count(found, config)
    best = best_trials(found)
    run = run_of(tracker, best[0]) if len(best) == 1 else None
    return StudyRow(
        name=name,
        status=_status(found, counts, tracker),
        n_trials=counts.target,
        n_complete=counts.complete,
        n_pruned=counts.pruned,
        n_failed=counts.failed,
        objective_names=objectives,
        best_values=tuple(best[0].values) if len(best) == 1 else (),
        n_pareto=len(best) if len(objectives) > 1 else 0,
        best_trial=best[0].number if len(best) == 1 else None,
        best_run_id=str(best[0].user_attrs.get(RUN_ID, "")) if len(best) == 1 else "",
        metrics={**_objectives_of(best, objectives), **(run.metrics if run else {})},
        duration_s=duration_of(found.get_trials(deepcopy=False)),
    )


def _objectives_of(best: Sequence[FrozenTrial], names: Sequence[str]) -> dict[str, float]:
    """Metrics of the best trial that the storage knows itself, for a study whose runs nobody recorded."""
    if len(best) != 1:
        return {}
    values = zip(names, best[0].values, strict=True)
    return {name.removeprefix("-"): -value if name.startswith("-") else value for name, value in values}


def _status(study: optuna.Study, counts: Counts, tracker: Tracker) -> RunStatus:
    """How the study's own run ended; without that record, whether it has all its trials."""
    try:
        ended = tracker.find(str(study.user_attrs.get(RUN_ID, ""))).status
    except TrackingError:
        ended = "running"
    if ended == "running":
        return "finished" if counts.is_done else "killed"
    return ended


def best_trials(study: optuna.Study) -> list[FrozenTrial]:
    """The best complete trial, or the Pareto front of several objectives, best first objective first."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        return []
    if len(study.directions) > 1:
        return sorted(study.best_trials, key=lambda trial: trial.values[0])
    return [min(complete, key=lambda trial: (trial.values[0], trial.number))]


def run_of(tracker: Tracker, trial: FrozenTrial) -> RunSummary | None:
    """The run of a trial; None where the record does not know it."""
    try:
        return tracker.find(str(trial.user_attrs.get(RUN_ID, "")))
    except TrackingError:
        return None


def _load(config: StudyConfig) -> optuna.Study | None:
    try:
        return optuna.load_study(study_name=config.study_name, storage=open_storage(config.storage))
    except KeyError:
        return None


def duration_of(trials: Sequence[FrozenTrial]) -> float:
    """Wall time from the first trial's start to the last one's end, in seconds."""
    starts = [trial.datetime_start for trial in trials if trial.datetime_start]
    ends = [trial.datetime_complete for trial in trials if trial.datetime_complete]
    return (max(ends) - min(starts)).total_seconds() if starts and ends else 0.0
