"""The end of a study: its result, importances and plots in its own run."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from astrosweep.core.files import write_json
from astrosweep.core.types import RunRecord, RunStatus
from astrosweep.recording import write_config
from astrosweep.report.study import importances, write_study_figures
from astrosweep.search.counts import RUN_ID, Counts
from astrosweep.search.study import Study
from astrosweep.search.summary import best_trials, duration_of, run_of
from astrosweep.tracking import held, open_lock

_CONCLUDED = "concluded"
BEST_RUN = "best_run_id"


def conclude(study: Study, status: RunStatus, error: str = "") -> None:
    """Write the result of a study into its run and end the run, unless another worker has done so.

    Written are ``study.json`` (best trial or Pareto front, counts), ``importances.json``, ``trials.csv`` and
    Optuna's plots in ``figures/``.

    Args:
        study: The study; trials may still run elsewhere.
        status: ``finished`` when it has all its trials, ``killed`` when it was stopped before.
        error: Why it stopped.

    Raises:
        TrackingError: The record cannot take it.
        StorageError: The storage does not answer.
    """
    with held(open_lock(study.config.storage, f"{study.name}.conclusion")):
        study.reconcile()
        counts = study.counts()
        mark = [counts.complete, counts.pruned, counts.failed, status]
        has_end = study.tracker.find(study.run_id).status != "running"
        if has_end and study.optuna.user_attrs.get(_CONCLUDED) == mark:
            return
        folder = Path(tempfile.mkdtemp(prefix="astrosweep-study-"))
        try:
            record = _write(study, counts, folder, status, error)
            study.tracker.start(study.name, {}, resumed=study.run_id)
            study.tracker.finish(study.run_id, record, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        study.optuna.set_user_attr(_CONCLUDED, mark)


def _write(study: Study, counts: Counts, folder: Path, status: RunStatus, error: str) -> RunRecord:
    search, best = study.config.search, best_trials(study.optuna)
    write_config(folder, study.config)
    study.optuna.trials_dataframe().to_csv(folder / "trials.csv", index=False)
    write_json(
        folder / "study.json",
        {
            "study": study.name,
            "objectives": search.objectives,
            "counts": vars(counts),
            "best": [_as_dict(trial) for trial in best],
        },
    )
    metrics = {f"study/{key}": float(value) for key, value in vars(counts).items()}
    tags: dict[str, str] = {}
    if best:
        by_objective = {
            objective: importances(study.optuna, index) for index, objective in enumerate(search.objectives)
        }
        write_json(folder / "importances.json", by_objective)
        write_study_figures(study.optuna, folder / "figures", search.objectives)
        if len(search.objectives) == 1:
            for key, value in by_objective[search.objectives[0]].items():
                metrics[f"importance/{key}"] = value
    if len(search.objectives) > 1:
        metrics["study/n_pareto"] = float(len(best))
    if len(best) == 1:
        tags = {BEST_RUN: str(best[0].user_attrs.get(RUN_ID, "")), "best_trial": str(best[0].number)}
        tags |= {f"best.{key}": str(value) for key, value in best[0].params.items()}
        metrics |= {f"best/{name}": v for name, v in zip(search.objectives, best[0].values, strict=True)}
        run = run_of(study.tracker, best[0])
        metrics |= {
            key: value for key, value in (run.metrics if run else {}).items() if key.startswith("val/")
        }
    duration_s = duration_of(study.optuna.get_trials(deepcopy=False))
    return RunRecord(study.name, status, metrics, tags=tags, error=error, duration_s=duration_s)


def _as_dict(trial: FrozenTrial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "run_id": trial.user_attrs.get(RUN_ID),
        "values": trial.values,
        "params": {key: _plain(value) for key, value in trial.params.items()},
    }


def _plain(value: Any) -> Any:
    """A choice as the configuration takes it: a list was stored as its text."""
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value
