"""Optuna's relational storage."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import optuna
import sqlalchemy
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from astrosweep.config import SearchConfig
from astrosweep.config.address import hide_password
from astrosweep.core.errors import StorageError
from astrosweep.tracking import SQLITE, absolute, held, known_reason, open_lock

StaleCallback = Callable[[optuna.Study, optuna.trial.FrozenTrial], None]

_LOCK_WAIT_S = 60.0
_CONNECT_S = 10
_SILENT = sqlalchemy.text(
    "SELECT trials.trial_id FROM trials JOIN studies ON studies.study_id = trials.study_id "
    "LEFT JOIN trial_heartbeats ON trial_heartbeats.trial_id = trials.trial_id "
    "WHERE studies.study_name = :name AND trials.state = 'RUNNING' AND trial_heartbeats.trial_id IS NULL"
)
TROUBLE = (SQLAlchemyError, optuna.exceptions.StorageInternalError)
"""What a database that does not answer makes Optuna raise."""


def open_storage(
    url: str, search: SearchConfig | None = None, on_stale: StaleCallback | None = None
) -> RDBStorage:
    """Open the storage of studies, making its tables if they are missing.

    Any number of processes may call it at the same time, also on an empty folder.

    Args:
        url: ``RunConfig.storage``.
        search: The search, whose workers then give signs of life; None to read only.
        on_stale: Called with each trial whose worker gave none for ``search.grace_s``.

    Returns:
        The storage.

    Raises:
        StorageError: The database cannot be reached, opened or made.
    """
    address = absolute(url)
    options: dict[str, Any] = {}
    if search is not None:
        options = {
            "heartbeat_interval": search.heartbeat_s,
            "grace_period": search.grace_s,
            "heartbeat_stale_trial_callback": on_stale,
        }
    with explained(url), warnings.catch_warnings(), held(open_lock(url, "creation")):
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return RDBStorage(address, engine_kwargs=_engine_options(address), **options)


def give_first_sign(storage: RDBStorage, study_name: str) -> None:
    """Record a sign of life for running trials that have given none.

    Optuna misses a worker by the age of its last sign. One that was killed after it took a trial and before
    its first sign would never be missed; with this one it is, after ``search.grace_s``. A living worker's
    trial only gets its first sign a little early.

    Args:
        storage: The storage of studies.
        study_name: The study.
    """
    with storage.engine.connect() as connection:
        silent = connection.execute(_SILENT, {"name": study_name}).scalars().all()
    for trial_id in silent:
        storage.record_heartbeat(trial_id)


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn what a database raises into a ``StorageError`` that says what to do."""
    try:
        yield
    except (*TROUBLE, OSError, ImportError, RuntimeError) as error:
        shown = hide_password(absolute(url))
        raise StorageError(f"Studies cannot be kept in {shown}: {_reason(error)}. Check storage.") from error


def _reason(error: BaseException) -> str:
    text = str(error.__cause__ or error)
    return known_reason(text) or text.strip().partition("\n")[0].rstrip(".")


def _engine_options(address: str) -> dict[str, Any]:
    if address.startswith(SQLITE):
        return {"connect_args": {"timeout": _LOCK_WAIT_S}}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": _CONNECT_S}}
