"""A process of joblib whose launcher died ends by itself.

A launcher that is killed outright tells its processes nothing. They would wait for jobs that nobody sends,
and for ever where it died while they started: joblib's own time limit needs a lock that the launcher held.
"""

import _thread
import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection

_POLL_S = 1.0
_GRACE_S = 5.0
"""After Ctrl-C the job was told already; it ends in this time, undisturbed."""
_ENDED = 1


class _State:
    """Whether this process has a job now; the lock is held by whoever decides from it."""

    lock = threading.Lock()
    has_job = False
    is_watched = False


def end_with_launcher() -> None:
    """Let this process, which joblib started, end when its launcher died.

    Without a job it ends at once. A job is interrupted as by the scheduler: a run is recorded as killed, and
    a trial goes back into the queue of its study.
    """
    with _State.lock:
        if _State.is_watched:
            return
        _State.is_watched = True
    threading.Thread(target=_watch, name="orphan", daemon=True).start()


@contextmanager
def job_in_progress() -> Iterator[None]:
    """Let a job end in order if the launcher dies; it must obey SIGTERM."""
    if multiprocessing.parent_process() is not None:
        end_with_launcher()
    with _State.lock:
        if _State.is_watched and _launcher_died(0.0):
            os._exit(_ENDED)
        _State.has_job = True
    try:
        yield
    finally:
        _State.has_job = False


def _watch() -> None:
    while not _launcher_died(_POLL_S):
        pass
    _end_if_idle_within(_GRACE_S)
    _thread.interrupt_main(signal.SIGTERM)
    _end_if_idle_within(math.inf)


def _end_if_idle_within(wait_s: float) -> None:
    end_s = time.monotonic() + wait_s
    while time.monotonic() < end_s:
        with _State.lock:
            if not _State.has_job:
                os._exit(_ENDED)
        time.sleep(_POLL_S)


def _launcher_died(wait_s: float) -> bool:
    """Whether the launcher died, now or within ``wait_s``."""
    launcher = multiprocessing.parent_process()
    if launcher is None or launcher.pid == os.getppid():
        time.sleep(wait_s)
        # A fork knows its launcher only when it has read who that is.
        return launcher is not None and launcher.pid != os.getppid()
    # A fork of a server has the server as its parent, and a pipe that closes with the launcher.
    sentinel = getattr(launcher, "sentinel", None)
    return sentinel is None or bool(connection.wait([sentinel], wait_s))
