"""Runs kept in the memory of this process, for ``tracking=none`` and for tests."""

import shutil
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from astrosweep.core.errors import MissingArtifactError, TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.tracking.points import last_values
from astrosweep.tracking.summary import RunSummary, the_one_named


@dataclass(frozen=True)
class _Run:
    summary: RunSummary
    artifacts: Path | None = None


class MemoryTracker:
    """A tracker that forgets with its process; it keeps where artifacts are, and copies none.

    The jobs of a command may run in other processes and belong to runs that were started here, or the other
    way round. So the values and the end of a run that is not known here are not for this tracker, and it lets
    them go.
    """

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def start(
        self,
        name: str,
        tags: Mapping[str, str],
        parent_id: str | None = None,
        *,
        resumed: str | None = None,
    ) -> str:
        """See ``Tracker.start``."""
        if resumed is not None:
            run = self._run(resumed)
            summary = replace(
                run.summary, status="running", tags={**run.summary.tags, **tags}, duration_s=0.0
            )
            self._runs[resumed] = replace(run, summary=summary)
            return resumed
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
        if run_id not in self._runs or self._run(run_id).summary.status != "running":
            return
        self.write(run_id, record, artifacts)
        run = self._run(run_id)
        ended = replace(run.summary, status=record.status, duration_s=record.duration_s)
        self._runs[run_id] = replace(run, summary=ended)

    def write(self, run_id: str, record: RunRecord, artifacts: Path | None = None) -> None:
        """See ``Tracker.write``."""
        if run_id not in self._runs:
            return
        run = self._run(run_id)
        summary = replace(
            run.summary,
            tags={**run.summary.tags, **record.tags},
            params={**run.summary.params, **{key: str(value) for key, value in record.params.items()}},
            metrics={**run.summary.metrics, **last_values(record)},
            error=record.error or run.summary.error,
        )
        self._runs[run_id] = _Run(summary, artifacts or run.artifacts)

    def find(self, name_or_id: str) -> RunSummary:
        """See ``Tracker.find``."""
        if name_or_id in self._runs:
            return self._runs[name_or_id].summary
        return the_one_named(name_or_id, [run for run in self.runs() if run.name == name_or_id])

    def runs(
        self,
        parent_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        *,
        running: bool = False,
    ) -> list[RunSummary]:
        """See ``Tracker.runs``."""
        wanted = (tags or {}).items()
        return [
            run.summary
            for run in list(self._runs.values())
            if parent_id in (None, run.summary.parent_id)
            and wanted <= run.summary.tags.items()
            and (not running or run.summary.status == "running")
        ]

    def fetch(self, run_id: str, folder: Path, only: Sequence[str] = ()) -> Path:
        """See ``Tracker.fetch``."""
        root = self._run(run_id).artifacts
        if root is None or not root.is_dir() or not any(root.iterdir()):
            raise MissingArtifactError(f"Run {run_id} has no artifacts.")
        for name in only:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if not (root / name).is_file():
                raise MissingArtifactError(f"Run {run_id} has no artifact {name}.")
            shutil.copyfile(root / name, folder / name)
        if only:
            return folder
        return Path(shutil.copytree(root, folder, dirs_exist_ok=True))

    def _run(self, run_id: str) -> _Run:
        if run_id not in self._runs:
            raise TrackingError(f"There is no run {run_id}.")
        return self._runs[run_id]
