"""One run: load, develop, train, write the files, record; a failure is recorded too and loses nothing."""

import itertools
import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from astrosweep.config import RunConfig
from astrosweep.core.errors import AstrosweepError, TrackingError
from astrosweep.core.types import RunRecord, RunStatus
from astrosweep.recording.artifacts import write_artifacts
from astrosweep.recording.progress import progress_bar
from astrosweep.recording.provenance import tags_of
from astrosweep.recording.saved import write_config
from astrosweep.recording.start import load_prepared
from astrosweep.recording.values import curves_of, flatten, metrics_of, tags_of_data
from astrosweep.tracking import Tracker, process_tags
from astrosweep.training import TrainingResult, group_folds, train

_log = logging.getLogger(__name__)

STAGED = "artifacts"
"""Folder of a job's folder where its run's files are written."""


def train_and_record(
    config: RunConfig,
    tracker: Tracker,
    folder: Path,
    *,
    parent_id: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
) -> tuple[str, RunRecord]:
    """Train one configuration and record it.

    The record is opened before any work, so that a store that is down is noticed at once and a run in
    progress can be seen. Files are written below ``folder`` first; they stay there if the store cannot take
    them.

    Args:
        config: The run's configuration.
        tracker: The record.
        folder: The job's own folder.
        parent_id: The multirun's run.
        extra_tags: Further tags.

    Returns:
        The run's id and its record, whose status says whether it finished.

    Raises:
        TrackingError: The store cannot take the run; the message says where its files are.
        KeyboardInterrupt: The user stopped the run; it is recorded as killed. Whatever else is raised that is
            no ``AstrosweepError`` is a fault of the program; the run is recorded as failed.
    """
    start = time.perf_counter()
    tags = {**tags_of(config), **process_tags(), **(extra_tags or {})}
    run_id = tracker.start(config.run_name, tags, parent_id)
    params = flatten(config.model_dump(mode="json"))  # as JSON it has no passwords
    record = RunRecord(name=config.run_name, status="failed", params=params, tags=tags)
    staged = _new_folder(folder)
    try:
        staged.mkdir(parents=True)
        write_config(staged, config)
        results = _train(config)
        write_artifacts(staged, config, results)
        record = replace(
            record,
            status="finished",
            metrics=metrics_of(results),
            curves=curves_of(results),
            tags={**tags, **tags_of_data(results[0].report)},
        )
    except (AstrosweepError, OSError, MemoryError) as error:
        record = replace(record, error=reason_of(error, folder))
    except BaseException as error:
        status: RunStatus = "killed" if isinstance(error, KeyboardInterrupt | SystemExit) else "failed"
        reason = "stopped by the user or the scheduler" if status == "killed" else repr(error)
        tracker.finish(run_id, replace(record, status=status, error=reason, duration_s=_since(start)), staged)
        raise
    record = replace(record, duration_s=_since(start))
    try:
        tracker.finish(run_id, record, staged)
    except TrackingError as error:
        reason = f"{record.error}\n" if record.error else ""
        raise TrackingError(f"{reason}{error}\nThe run's files are kept in {staged}") from error
    if record.status == "finished" and config.tracking.name == "mlflow":
        shutil.rmtree(staged)
    return run_id, record


def _new_folder(folder: Path) -> Path:
    """A folder for the run's files that is not there yet: an earlier run may have left its own."""
    names = (STAGED if number == 1 else f"{STAGED}_{number}" for number in itertools.count(1))
    return next(folder / name for name in names if not (folder / name).exists())


def _train(config: RunConfig) -> tuple[TrainingResult, ...]:
    data = load_prepared(config)
    _log.info("%s: %s", config.run_name, data.whole_report.summary)
    if data.report.absent:
        _log.info("not in the table, so not used: %s", ", ".join(data.report.absent))
    groups = group_folds(config, data)
    with progress_bar(config, config.replicates * len(groups)) as listener:
        return train(config, data, listener, groups)


def reason_of(error: BaseException, folder: Path) -> str:
    """The reason of a failed run."""
    if isinstance(error, MemoryError):
        return "Out of memory: use a smaller data.batch_size or model"
    if isinstance(error, OSError):
        return f"A file of the run cannot be written or read ({folder}): {error}"
    return str(error)


def _since(start: float) -> float:
    return time.perf_counter() - start
