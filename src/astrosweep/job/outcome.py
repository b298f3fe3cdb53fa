"""What the jobs of a multirun leave for the process that launched them: one small file each."""

import json
from dataclasses import dataclass
from pathlib import Path

from astrosweep.core.errors import TrackingError
from astrosweep.core.files import write_json
from astrosweep.core.types import RunRecord

_OUTCOME = "outcome.json"
_SWEEP = "sweep.json"
WORKER = "worker"
"""The role of a job that ran trials of a study."""


@dataclass(frozen=True)
class Sweep:
    """What the jobs of one multirun share.

    Attributes:
        parent_id: The multirun's own run; None if all jobs are workers of studies, which have their own.
        n_jobs: Number of jobs.
        swept: Keys that differ between jobs.
    """

    parent_id: str | None
    n_jobs: int
    swept: tuple[str, ...]


def write_sweep(folder: Path, sweep: Sweep) -> None:
    """Leave the facts of a multirun in its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / _SWEEP, vars(sweep))


def read_sweep(folder: Path) -> Sweep | None:
    """Facts of the multirun in ``folder``; None if there is none.

    Raises:
        TrackingError: The file is damaged.
    """
    path = folder / _SWEEP
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        return Sweep(found["parent_id"], found["n_jobs"], tuple(found["swept"]))
    except (OSError, ValueError, KeyError) as error:
        raise TrackingError(f"{path} is damaged: {error}") from error


def write_outcome(folder: Path, record: RunRecord) -> None:
    """Leave a job's record, without parameters and curves, in the job's folder."""
    write_json(
        folder / _OUTCOME,
        {
            "name": record.name,
            "status": record.status,
            "metrics": record.metrics,
            "tags": record.tags,
            "error": record.error,
            "duration_s": record.duration_s,
        },
    )


def read_outcomes(sweep_folder: Path, n_jobs: int) -> list[RunRecord]:
    """Records of all jobs of a multirun; a job that left none is listed as failed."""
    records = []
    for job in range(n_jobs):
        path = sweep_folder / str(job) / _OUTCOME
        try:
            found = json.loads(path.read_text())
            metrics = {key: float("nan") if v is None else v for key, v in found.pop("metrics").items()}
            records.append(RunRecord(metrics=metrics, **found))
        except (OSError, ValueError, KeyError, TypeError):
            records.append(RunRecord(f"job {job}", "failed", error="left no outcome: not run, or killed"))
    return records
