"""Optuna's relational storage, and the lock that lets one worker at a time take a place in a study."""

import os
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import filelock
import optuna
import sqlalchemy
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from astrosweep.config import SearchConfig
from astrosweep.core.errors import StorageError
from astrosweep.tracking import hide_password

StaleCallback = Callable[[optuna.Study, optuna.trial.FrozenTrial], None]

_SQLITE = "sqlite:///"
_LOCK_WAIT_S = 60.0
_CONNECT_S = 10
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
    with explained(url), warnings.catch_warnings(), _creation_lock(address):
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return RDBStorage(address, engine_kwargs=_engine_options(address), **options)


def absolute(url: str) -> str:
    """The address with an absolute path, if it is a file."""
    if not url.startswith(_SQLITE):
        return url
    return f"{_SQLITE}{os.path.abspath(url.removeprefix(_SQLITE))}"


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn what a database raises into a ``StorageError`` that says what to do."""
    try:
        yield
    except (*TROUBLE, OSError, ImportError, RuntimeError) as error:
        shown = hide_password(absolute(url))
        raise StorageError(f"Studies cannot be kept in {shown}: {_reason(error)}. Check storage.") from error


def _reason(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return 'the PostgreSQL driver is not installed. Run: pip install "psycopg[binary]"'
    text = str(error.__cause__ or error)
    for phrase, reason in (
        ("file is not a database", "the file is not an SQLite database"),
        ("database is locked", "another process holds a lock on it"),
        ("readonly database", "it is read-only"),
        ("unable to open database file", "it cannot be opened; check the permissions of file and folder"),
        ("disk is full", "the disk is full, or a quota is used up"),
        ("disk I/O error", "the disk is full or failing"),
    ):
        if phrase in text:
            return reason
    return text.strip().partition("\n")[0].rstrip(".")


def _engine_options(address: str) -> dict[str, Any]:
    if address.startswith(_SQLITE):
        return {"connect_args": {"timeout": _LOCK_WAIT_S}}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": _CONNECT_S}}


class Lock(Protocol):
    """One process at a time holds it; it is released when the process ends, however it ends."""

    def acquire(self) -> None:
        """Wait for the lock."""
        ...

    def release(self) -> None:
        """Give the lock back; harmless where it is not held."""
        ...


def open_lock(url: str, name: str) -> Lock:
    """The lock of a name in a storage."""
    address = absolute(url)
    if address.startswith(_SQLITE):
        file = Path(address.removeprefix(_SQLITE))
        return _FileLock(file.with_name(f"{file.name}.{zlib.crc32(name.encode()):08x}.lock"))
    return _AdvisoryLock(address, zlib.crc32(name.encode()))


class _FileLock:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(path, thread_local=False)

    def acquire(self) -> None:
        self._lock.acquire(poll_interval=0.005)

    def release(self) -> None:
        self._lock.release(force=True)


class _AdvisoryLock:
    """PostgreSQL's lock of a transaction: it ends with the connection."""

    def __init__(self, address: str, key: int) -> None:
        self._engine = sqlalchemy.create_engine(
            address, poolclass=sqlalchemy.NullPool, connect_args={"connect_timeout": _CONNECT_S}
        )
        self._key = key
        self._connection: sqlalchemy.Connection | None = None

    def acquire(self) -> None:
        connection = self._engine.connect()
        try:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:key)"), {"key": self._key})
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        self._connection = connection

    def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.rollback()
        except SQLAlchemyError:
            connection.invalidate()
        finally:
            connection.close()


@contextmanager
def _creation_lock(address: str) -> Iterator[None]:
    """Hold the lock under which tables are made: several processes on a fresh database would collide."""
    lock = open_lock(address, "creation")
    lock.acquire()
    try:
        yield
    finally:
        lock.release()
