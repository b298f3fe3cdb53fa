"""Runs kept in the memory of this process, for ``tracking=none`` and for tests."""

import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.tracking.points import last_values
from astrosweep.tracking.summary import RunSummary, the_one_named


@dataclass(frozen=True)
class _Run:
    summary: RunSummary
    artifacts: Path | None = None


class MemoryTracker:
    """A tracker that forgets with its process; it keeps where artifacts are, and copies none."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def start(self, name: str, tags: Mapping[str, str], parent_id: str | None = None) -> str:
        """See ``Tracker.start``."""
        run_id = uuid.uuid4().hex
        self._runs[run_id] = _Run(
            RunSummary(
                run_id=run_id,
                name=name,
                status="running",
                parent_id=parent_id,
                tags=dict(tags),
                params={},
                metrics={},
                error="",
                started_s=time.time(),
                duration_s=0.0,
            )
        )
        return run_id

    def finish(self, run_id: str, record: RunRecord, artifacts: Path | None = None) -> None:
        """See ``Tracker.finish``."""
        summary = self._run(run_id).summary
        if summary.status != "running":
            return
        self._runs[run_id] = _Run(
            replace(
                summary,
                status=record.status,
                tags={**summary.tags, **record.tags},
                params={key: str(value) for key, value in record.params.items()},
                metrics=last_values(record),
                error=record.error,
                duration_s=record.duration_s,
            ),
            artifacts,
        )

    def find(self, name_or_id: str) -> RunSummary:
        """See ``Tracker.find``."""
        if name_or_id in self._runs:
            return self._runs[name_or_id].summary
        return the_one_named(name_or_id, [run for run in self.runs() if run.name == name_or_id])

    def runs(self, parent_id: str | None = None, tags: Mapping[str, str] | None = None) -> list[RunSummary]:
        """See ``Tracker.runs``."""
        wanted = (tags or {}).items()
        return [
            run.summary
            for run in list(self._runs.values())
            if parent_id in (None, run.summary.parent_id) and wanted <= run.summary.tags.items()
        ]

    def fetch_artifact(self, run_id: str, name: str, folder: Path) -> Path:
        """See ``Tracker.fetch_artifact``."""
        root = self._run(run_id).artifacts
        if root is None or not _holds(root, name):
            raise TrackingError(f"Run {run_id} has no artifact {name!r}.")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copyfile(root / name, target))

    def _run(self, run_id: str) -> _Run:
        if run_id not in self._runs:
            raise TrackingError(f"There is no run {run_id}.")
        return self._runs[run_id]


def _holds(root: Path, name: str) -> bool:
    path = (root / name).resolve()
    return path.is_file() and path.is_relative_to(root.resolve())
