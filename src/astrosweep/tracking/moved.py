"""Artifacts of a store that was moved or copied.

MLflow keeps the absolute place of each experiment's and each run's artifacts: a relative one would depend on
the folder of whoever reads it, its own pages included. Where an SQLite file and its artifacts are no longer
where the database says, the database is told so, once.
"""

import logging
import os
from pathlib import Path

from astrosweep.tracking.address import Address
from astrosweep.tracking.database import Database, Place

_log = logging.getLogger(__name__)


def is_same(recorded: str, asked: str) -> bool:
    """Whether two places are one, perhaps by way of a link."""
    return recorded == asked or ("://" not in asked and os.path.realpath(recorded) == os.path.realpath(asked))


def follow(database: Database, recorded: str, address: Address) -> None:
    """Look for artifacts where the address has them, if that is where they are now.

    They are if any run has its folder there; or if no run has files in either place, and both are named
    alike: ``mlruns/artifacts`` of a project that was moved before a run had left a file. A run whose folder
    is only in the recorded place, as where a part of a store was copied, keeps it.

    Args:
        database: The store; the caller holds its lock.
        recorded: Folder in which the experiment keeps its artifacts.
        address: The store as it is asked for, an SQLite file with a local folder of artifacts.
    """
    assert address.artifacts is not None
    old, new = Path(recorded), Path(address.artifacts)
    places = database.places()
    runs = [place.path for place in places if place.table == "runs" and place.is_below(old)]
    are_here = any((new / path.relative_to(old)).exists() for path in runs)
    are_there = any(path.exists() for path in runs)
    if not are_here and (are_there or old.parts[-2:] != new.parts[-2:]):
        return
    old_root, new_root = _roots(old, new, address)
    changed = [
        place.moved(old_root, new_root)
        for place in places
        if place.is_below(old_root) and not _stays(place, old_root, new_root, old)
    ]
    database.record_places(changed)
    n_runs = sum(place.table == "runs" for place in changed)
    _log.warning(
        "The record was moved or copied: files of its %d runs are now %s, before %s", n_runs, new, old
    )


def _roots(old: Path, new: Path, address: Address) -> tuple[Path, Path]:
    """The folders that correspond: the databases' if artifacts lie in them, or else those of artifacts."""
    assert address.sqlite_file is not None
    root = address.sqlite_file.parent
    if new.is_relative_to(root):
        below = new.relative_to(root).parts
        if old.parts[-len(below) :] == below:
            return old.parents[len(below) - 1], root
    return old, new


def _stays(place: Place, old_root: Path, new_root: Path, old: Path) -> bool:
    """Whether the files of a place are only where they were; the experiment itself moves in any case."""
    return place.path != old and place.path.exists() and not place.moved(old_root, new_root).path.exists()
