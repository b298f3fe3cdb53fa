"""What went wrong with a store, in words that say what to do."""

import errno
import re
from collections.abc import Iterator

from astrosweep.tracking.address import Address
from astrosweep.tracking.commands import upgrade_command

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_DISK_FULL = "the disk is full, or a quota is used up. Free some space and run the command again"
_CLOSED = "it cannot be opened. Check the permissions of the file and its folder, or choose another place"
_READ_ONLY = (
    "it is read-only, or was removed or replaced while in use. "
    "Check the permissions of the file and its folder, or start a new process"
)
_NO_DRIVER = 'the PostgreSQL driver is not installed. Run: pip install "psycopg[binary]"'

_PHRASES = (
    ("file is not a database", "the file is not an SQLite database. Move it away, or choose another place"),
    ("database is locked", "another process holds a lock on it. End it, then run the command again"),
    ("readonly database", _READ_ONLY),
    ("unable to open database file", _CLOSED),
    ("disk is full", _DISK_FULL),
    ("disk I/O error", "the disk is full or failing. Free some space and run the command again"),
    ("no such table", "it was removed or replaced while in use. Start a new process"),
    ("No module named 'psycopg", _NO_DRIVER),
)


def diagnose(error: BaseException, address: Address) -> str:
    """Say what happened and what to do.

    Args:
        error: What MLflow, SQLAlchemy, requests or the operating system raised.
        address: The store.

    Returns:
        One or two sentences without the final full stop.
    """
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return _DISK_FULL
        if isinstance(cause, OSError) and cause.errno in _FORBIDDEN:
            return f"{cause.filename} cannot be written. Check its permissions, or choose another place"
    return _diagnose_server(error, address) if address.is_server else _diagnose_database(error, address)


def known_reason(text: str) -> str | None:
    """What a database driver's message means and what to do, if it is one that users meet."""
    return next((reason for phrase, reason in _PHRASES if phrase in text), None)


def was_not_served(error: BaseException) -> bool:
    """Whether the server certainly did nothing, so that the request can be sent again."""
    from requests.exceptions import RetryError
    from urllib3.exceptions import NewConnectionError

    return any(
        isinstance(cause, NewConnectionError)
        or (isinstance(cause, RetryError) and _status(cause) in ("429", "503"))
        for cause in _causes(error)
    )


def _diagnose_database(error: BaseException, address: Address) -> str:
    text = str(error)
    if reason := known_reason(text):
        return reason
    if "out-of-date database schema" in text:
        return f"another version of MLflow made it. Keep a copy, then upgrade it ({upgrade_command(address)})"
    if address.sqlite_file is None and "OperationalError" in text:
        return f"the database does not answer: {_first_line(text)}. Check that it runs, and tracking.uri"
    return _first_line(text)


def _diagnose_server(error: BaseException, address: Address) -> str:
    from requests.exceptions import ConnectionError, RetryError, Timeout
    from urllib3.exceptions import NewConnectionError, ReadTimeoutError

    check = "Check that the server runs, and tracking.uri"
    causes = list(_causes(error))
    is_there = not any(isinstance(cause, NewConnectionError) for cause in causes)
    for cause in causes:
        if isinstance(cause, RetryError):
            return f"the server answered with error {_status(cause)}. See its log"
        if isinstance(cause, Timeout | ReadTimeoutError) and is_there:
            return f"the server did not answer within {address.timeout_s:g} s. {check} and tracking.timeout_s"
    if any(isinstance(cause, ConnectionError) for cause in causes):
        return f"the server cannot be reached. {check}"
    if status := re.search(r"failed with error code (\d+)", str(error)):
        return f"the server answered with error {status[1]}. Check that it is MLflow's, and tracking.uri"
    return _first_line(str(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, then what it was raised from; MLflow wraps without ``from``."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _status(error: BaseException) -> str:
    """The HTTP status in urllib3's "too many 503 error responses"."""
    found = re.search(r"too many (\d+) error", str(error))
    return found[1] if found else "unknown"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].rstrip(".")
