"""Whether the process of a run still lives: one that was killed with ``kill -9`` cannot record its end.

A process is told by its number and its birth, counted in ticks since the machine's start. The clock would not
do: it can be set, and a process that lives would seem to be another one. Where there is no ``/proc``, only a
number that nobody has tells of an end.
"""

import logging
import os
import platform
from pathlib import Path

from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.tracking.protocol import Tracker

_log = logging.getLogger(__name__)
_PROCESS = "process"
_PLACE = "process_place"
_PROC = Path("/proc")
_DEAD = ("Z", "X")
"""States of a process that has ended and is still listed."""


def process_tags() -> dict[str, str]:
    """Tags of a run that ends with this process: which one it is, and where its number means anything.

    Runs of studies do not carry them: a trial whose worker died is tried again, which the study sees to.
    """
    return {_PROCESS: f"{os.getpid()} {_birth(os.getpid())[1]}".strip(), _PLACE: _place()}


def end_dead_runs(tracker: Tracker) -> None:
    """Record as killed the runs in progress whose process was one of this machine and is gone.

    Any number of processes may call it at the same time. A run that ends by itself meanwhile keeps its end:
    processes are looked at after the record, and an end is not overwritten.

    Args:
        tracker: The record.

    Raises:
        TrackingError: The record cannot be read.
    """
    for run in tracker.runs(tags={_PLACE: _place()}, running=True):
        if not _is_gone(run.tags.get(_PROCESS, "")):
            continue
        reason = "its process ended without a word: killed, out of memory, or the machine was switched off"
        try:
            tracker.finish(run.run_id, RunRecord(run.name, "killed", error=reason))
        except TrackingError as error:  # another process may be recording the same
            _log.warning("%s", error)
        else:
            _log.info("Run %s (%s) was in progress; %s.", run.name, run.run_id, reason)


def _place() -> str:
    """This machine, and the container in it whose processes are numbered together."""
    try:
        return f"{platform.node()} {os.readlink(_PROC / 'self/ns/pid')}"
    except OSError:
        return platform.node()


def _is_gone(process: str) -> bool:
    number, _, birth = process.partition(" ")
    if os.name != "posix" or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass  # somebody else's
    state, born = _birth(int(number))
    return state in _DEAD or bool(born and birth and born != birth)


def _birth(number: int) -> tuple[str, str]:
    """State of a process and when it began: the machine's start, and ticks since; empty where not shown."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        fields = (_PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
        return fields[0], f"{boot} {fields[19]}"
    except OSError:
        return "", ""
