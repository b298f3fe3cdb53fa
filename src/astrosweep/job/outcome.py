"""What the jobs of a multirun and the process that launched them tell each other: one small file each.

The files of a command lie below its sweep folder in a folder of its own, which its jobs are given by name. So
they are found whatever the jobs' folders are called, and never taken for those of another command.
"""

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import filelock

from astrosweep.core.errors import ConfigError, TrackingError
from astrosweep.core.files import write_json
from astrosweep.core.types import RunRecord

_log = logging.getLogger(__name__)

WORKER = "worker"
"""The role of a job that ran trials of a study."""
VARIABLE = "ASTROSWEEP_SWEEP"
"""The variable that Hydra sets for each job, with the folder of the command's files."""
_FACTS = "sweep.json"
_COMMANDS = ".sweep"


@dataclass(frozen=True)
class Sweep:
    """What the jobs of one multirun share.

    Attributes:
        parent_id: The multirun's own run; None if all jobs are workers of studies, which have their own.
        swept: Keys that differ between jobs.
        given_in: The folder where the command was given.
    """

    parent_id: str | None
    swept: tuple[str, ...]
    given_in: str


def claim(sweep_folder: Path) -> filelock.BaseFileLock:
    """Keep other commands out of a sweep's folder, as long as this process lives or until it is released.

    Raises:
        ConfigError: Another command is at work in it.
    """
    lock = filelock.FileLock(sweep_folder.absolute() / _COMMANDS / "lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise ConfigError(
            f"Another command is at work in {sweep_folder}, and their jobs would write over each other. Wait "
            "for its end, or set hydra.sweep.dir=<another folder>."
        ) from error
    except (OSError, NotImplementedError) as error:
        _log.debug("%s: cannot be locked: %s", sweep_folder, error)  # by a network's file system
    return lock


def new_exchange(sweep_folder: Path) -> Path:
    """A folder that no other command has, for the files of this one."""
    return sweep_folder.absolute() / _COMMANDS / uuid.uuid4().hex


def exchange_of(variables: Mapping[str, str]) -> Path | None:
    """The folder of the command's files, from what Hydra sets for a job; None outside of a multirun."""
    return Path(variables[VARIABLE]) if VARIABLE in variables else None


def write_sweep(exchange: Path, sweep: Sweep) -> None:
    """Leave the facts of a multirun for its jobs."""
    exchange.mkdir(parents=True, exist_ok=True)
    write_json(exchange / _FACTS, vars(sweep))


def read_sweep(exchange: Path) -> Sweep:
    """Facts of a multirun.

    Raises:
        TrackingError: The file is missing, as on a machine that does not share the folder, or damaged.
    """
    path = exchange / _FACTS
    try:
        found = json.loads(path.read_text())
        return Sweep(found["parent_id"], tuple(found["swept"]), found["given_in"])
    except FileNotFoundError as error:
        raise TrackingError(
            f"{path} is missing: a job must see the folder of its sweep as the command that launched it "
            "does, at the same path on every machine. Set hydra.sweep.dir=<folder that all share>."
        ) from error
    except (OSError, ValueError, KeyError) as error:
        raise TrackingError(f"{path} is damaged: {error}") from error


def write_outcome(exchange: Path, job: int, record: RunRecord) -> None:
    """Leave a job's record, without parameters and curves, for the process that launched it."""
    exchange.mkdir(parents=True, exist_ok=True)
    write_json(
        exchange / f"{job}.json",
        {
            "name": record.name,
            "status": record.status,
            "metrics": record.metrics,
            "tags": record.tags,
            "error": record.error,
            "duration_s": record.duration_s,
        },
    )


def read_outcomes(exchange: Path, names: Sequence[str]) -> list[RunRecord]:
    """Records of all jobs of a multirun.

    Args:
        exchange: The folder of the command's files.
        names: Names of the jobs.

    Returns:
        One record per job; a job that left none is listed as failed.
    """
    records = []
    for job, name in enumerate(names):
        try:
            found = json.loads((exchange / f"{job}.json").read_text())
            metrics = {key: float("nan") if v is None else v for key, v in found.pop("metrics").items()}
            records.append(RunRecord(metrics=metrics, **found))
        except (OSError, ValueError, KeyError, TypeError):
            records.append(RunRecord(name, "failed", error="left no outcome: not run, or killed"))
    return records
