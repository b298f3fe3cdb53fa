"""One run as it is read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunStatus


@dataclass(frozen=True)
class RunSummary:
    """What a store tells of one run.

    Attributes:
        run_id: Identifier in the store.
        name: The name it was started with.
        status: ``running`` until it is finished; a run whose process died keeps it.
        parent_id: Run that this one belongs to.
        tags: Tags of the start and of the record.
        params: Parameters, as text.
        metrics: ``<split>/<metric>`` to value; a curve without a metric of its name gives its last point.
        error: What went wrong, empty for a finished run.
        started_s: Start in seconds since 1970-01-01 UTC.
        duration_s: Wall time in seconds to the millisecond, 0 while running.
    """

    run_id: str
    name: str
    status: RunStatus | Literal["running"]
    parent_id: str | None
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    error: str
    started_s: float
    duration_s: float


def the_one_named(name: str, found: Sequence[RunSummary]) -> RunSummary:
    """The single run of a name.

    Args:
        name: The name or identifier asked for.
        found: All runs that have it, oldest first.

    Raises:
        TrackingError: There is none, or more than one.
    """
    if not found:
        raise TrackingError(f"No run has the name or the id {name!r}.")
    if len(found) > 1:
        newest = ", ".join(run.run_id for run in reversed(found[-5:]))
        raise TrackingError(
            f"{len(found)} runs are named {name!r}; give the id of one. Newest first: {newest}"
        )
    return found[0]
