"""The seal of the test objects: opened here and nowhere else, once, for a choice that is frozen.

An opening is a row in the record under the fingerprint of the sealed objects and the target, written before
the truth is read: whoever is killed in between has opened the seal, and the same command goes on. Another
choice finds it open and is refused; forced, it is one more row, and every report says so.
"""

import datetime
import getpass
import platform
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from astrosweep.config import RunConfig, TrackingConfig
from astrosweep.core.errors import StudyError
from astrosweep.core.types import RunRecord
from astrosweep.data.kind import Labelled
from astrosweep.ensemble.candidates import Group
from astrosweep.kinds import kind_of
from astrosweep.tracking import Address, RunSummary, Tracker, held, open_lock

ROLE = "seal"


@dataclass(frozen=True)
class Opening:
    """One opening of a seal.

    Attributes:
        choice: Fingerprint of what it was opened for.
        name: Name of that.
        opened_by: Who opened it, where.
        opened_s: When, in seconds since 1970-01-01 UTC.
    """

    choice: str
    name: str
    opened_by: str
    opened_s: float

    @property
    def text(self) -> str:
        """What was opened when, by whom."""
        when = datetime.datetime.fromtimestamp(self.opened_s, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"{self.name} (choice {self.choice[:8]}) on {when} by {self.opened_by}"


def openings(tracker: Tracker, group: Group) -> list[Opening]:
    """All openings of a seal, oldest first; those of one choice count once.

    Raises:
        TrackingError: The record cannot be read.
    """
    found: dict[str, Opening] = {}
    for run in tracker.runs(tags=_key(group)):
        found.setdefault(run.tags["choice"], _opening(run))
    return list(found.values())


def open_seal(
    tracker: Tracker,
    tracking: TrackingConfig,
    group: Group,
    name: str,
    choice: str,
    config: RunConfig,
    *,
    force: bool,
) -> tuple[Labelled[Any, Any], list[Opening]]:
    """Write down that the test objects are opened, and read their truth.

    Args:
        tracker: The record.
        tracking: Where it is.
        group: The data, the sealed objects and the target.
        name: Name of what they are opened for.
        choice: Its fingerprint: nothing about it may depend on what is read here.
        config: Configuration of the data.
        force: Whether they may be opened although they were for another choice.

    Returns:
        The test objects with their truth; all openings so far, this one last.

    Raises:
        StudyError: They were opened for another choice before.
        TrackingError: The opening cannot be recorded.
    """
    with _lock(tracking, group):
        before = openings(tracker, group)
        others = [opening for opening in before if opening.choice != choice]
        if others and not force:
            raise StudyError(
                f"The {group.target} of the sealed objects {group.sealed[:8]} was opened for another choice: "
                f"{'; '.join(opening.text for opening in others)}. Whoever chooses after that has seen the "
                "test. Take that ensemble, or say ensemble.force=true to open it again: the record and every "
                "report will say so."
            )
        _write(tracker, group, name, choice)
        mine = [opening for opening in openings(tracker, group) if opening.choice == choice]
    return kind_of(config).unseal(config), [*others, *mine]


def _write(tracker: Tracker, group: Group, name: str, choice: str) -> None:
    """Write an opening down, once; one that was begun and cut off gets its end."""
    tags = {**_key(group), "choice": choice, "opened_for": name, "opened_by": _who()}
    title = f"seal {group.sealed[:8]} opened for {name}"
    rows = tracker.runs(tags={**_key(group), "choice": choice})
    begun = [run.run_id for run in rows if run.status == "running"]
    for run_id in begun or ([] if rows else [tracker.start(title, tags)]):
        tracker.finish(run_id, RunRecord(title, "finished", tags=tags))


def _opening(run: RunSummary) -> Opening:
    return Opening(run.tags["choice"], run.tags["opened_for"], run.tags["opened_by"], run.started_s)


def _key(group: Group) -> dict[str, str]:
    return {"role": ROLE, "sealed_fingerprint": group.sealed, "target": group.target}


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "somebody"
    return f"{user} on {platform.node()}"


def _lock(tracking: TrackingConfig, group: Group) -> Any:
    """One opening at a time; a server has no lock that a client could take."""
    address = Address.of(tracking)
    if tracking.name != "mlflow" or address.is_server:
        return nullcontext()
    return held(open_lock(address.uri, f"seal {group.sealed} {group.target}"))
