"""One process at a time makes a store."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WAIT_S = 120.0
_PAUSE_S = 0.05


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file, which the system releases when the process ends, however it ends.

    Args:
        path: The lock file; made with its folder if missing, and left in place, since removing a lock file
            lets two processes lock two files of the same name.

    Raises:
        TimeoutError: Another process has held the lock for two minutes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline_s = time.monotonic() + _WAIT_S
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise TimeoutError(f"another process has held {path} for {_WAIT_S:g} s") from None
                time.sleep(_PAUSE_S)
        yield
