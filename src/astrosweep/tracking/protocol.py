"""What a record of runs can do."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from astrosweep.core.types import RunRecord
from astrosweep.tracking.summary import RunSummary


class Tracker(Protocol):
    """A record of runs.

    A multirun or a study is a parent run; its jobs or trials are started with ``parent_id``. Every method
    raises ``TrackingError`` when the store cannot be reached, read or written.
    """

    def start(
        self,
        name: str,
        tags: Mapping[str, str],
        parent_id: str | None = None,
        *,
        resumed: str | None = None,
    ) -> str:
        """Record that a run is in progress.

        Args:
            name: Readable name.
            tags: Role, class, model and the like; ``finish`` can add more.
            parent_id: Run that this one belongs to; it is not looked up.
            resumed: A run that had an end, to put back in progress instead of starting one: a study that
                goes on.

        Returns:
            The run's identifier.
        """
        ...

    def write(self, run_id: str, record: RunRecord, artifacts: Path | None = None) -> None:
        """Write values and files of a run without ending it; ``finish`` need not write them again.

        Args:
            run_id: What ``start`` returned.
            record: The values; its status is not used.
            artifacts: Folder whose files are kept; see ``finish``.
        """
        ...

    def finish(self, run_id: str, record: RunRecord, artifacts: Path | None = None) -> None:
        """Write everything there is to know about a run, then its final status.

        The status comes last, so a run that is not ``running`` is complete. A run has one end: a repeated
        call completes what a failed one left undone, without doubling it, and changes nothing once the
        status is final.

        Args:
            run_id: What ``start`` returned.
            record: The values; the run keeps the name of its start.
            artifacts: Folder whose files are kept with their sub-folders. It must stay in place when the
                tracker is a ``MemoryTracker``, which copies nothing.
        """
        ...

    def find(self, name_or_id: str) -> RunSummary:
        """Look up one run by its identifier or its name, for example to repeat it.

        Raises:
            TrackingError: No run or more than one run answers to it.
        """
        ...

    def runs(
        self,
        parent_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        *,
        running: bool = False,
    ) -> list[RunSummary]:
        """Read runs back, oldest first.

        Args:
            parent_id: Only the runs of this parent; all runs without it.
            tags: Only the runs that carry every one of these tags.
            running: Only the runs that have no end.
        """
        ...

    def fetch(self, run_id: str, folder: Path, only: Sequence[str] = ()) -> Path:
        """Copy artifacts of a run out of the record.

        Args:
            run_id: The run.
            folder: Where to put them, with their sub-folders; made if missing.
            only: The files that are wanted, by their paths in the run; all of them without.

        Returns:
            ``folder``.

        Raises:
            MissingArtifactError: The run has no artifacts, or not all of those.
        """
        ...
