"""Locks beside a database: one process at a time makes its tables, or takes a place in a study."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import filelock
import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

SQLITE = "sqlite:///"
_CONNECT_S = 10
_POLL_S = 0.005


class Lock(Protocol):
    """One process at a time holds it; it is released when the process ends, however it ends."""

    def acquire(self) -> None:
        """Wait for the lock."""
        ...

    def release(self) -> None:
        """Give the lock back; harmless where it is not held."""
        ...


def absolute(uri: str) -> str:
    """The address of a database, with an absolute path if it is a file; ``~`` is the home folder."""
    if not uri.startswith(SQLITE):
        return uri
    return f"{SQLITE}{os.path.abspath(os.path.expanduser(uri.removeprefix(SQLITE)))}"


def open_lock(uri: str, name: str, timeout_s: float = -1.0) -> Lock:
    """The lock of a name in a database: a locked file beside SQLite's, an advisory lock of PostgreSQL's.

    Args:
        uri: Address of the database.
        name: What is locked.
        timeout_s: Longest wait for a locked file, which then raises ``TimeoutError``; negative for no limit.

    Returns:
        The lock, not held.
    """
    key, address = zlib.crc32(name.encode()), absolute(uri)
    if address.startswith(SQLITE):
        file = Path(address.removeprefix(SQLITE))
        return _FileLock(file.with_name(f"{file.name}.{key:08x}.lock"), timeout_s)
    return _AdvisoryLock(address, key)


@contextmanager
def held(lock: Lock) -> Iterator[None]:
    """Hold a lock for a while."""
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


class _FileLock:
    def __init__(self, path: Path, timeout_s: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(path, timeout_s, thread_local=False)

    def acquire(self) -> None:
        self._lock.acquire(poll_interval=_POLL_S)

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
