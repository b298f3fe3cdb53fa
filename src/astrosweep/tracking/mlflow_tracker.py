"""Runs recorded by MLflow: in its SQLite or PostgreSQL database, or by its server."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from astrosweep.config import TrackingConfig
from astrosweep.core.types import RunRecord
from astrosweep.tracking.address import Address
from astrosweep.tracking.artifacts import Artifacts
from astrosweep.tracking.calls import Calls
from astrosweep.tracking.database import Database
from astrosweep.tracking.entities import (
    PARENT,
    as_metrics,
    as_params,
    as_tags,
    filter_text,
    summarize,
    tag_field,
)
from astrosweep.tracking.points import earlier_points, last_points
from astrosweep.tracking.stores import open_store
from astrosweep.tracking.summary import RunSummary, the_one_named

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.store.entities import PagedList

_PAGE_SIZE = 1000
_LOCK_WAIT_S = 20.0
"""As long as MLflow itself waits."""


class MlflowTracker:
    """A tracker on an MLflow store. Several processes may write to one store at once.

    Args:
        config: Where runs are recorded.

    Raises:
        TrackingError: The store cannot be reached or made.
    """

    def __init__(self, config: TrackingConfig) -> None:
        address = Address.of(config)
        self._client, self._experiment_id = open_store(address)
        self._database = None if address.is_server else Database(address, _LOCK_WAIT_S)
        self._call = Calls(address)
        self._artifacts = Artifacts(address, self._client, self._call)

    def start(
        self,
        name: str,
        tags: Mapping[str, str],
        parent_id: str | None = None,
        *,
        resumed: str | None = None,
    ) -> str:
        """See ``Tracker.start``."""
        all_tags = {**tags, PARENT: parent_id} if parent_id else dict(tags)
        if resumed is not None:
            self._call(f"Run {name!r} cannot be resumed", partial(self._resume, resumed, all_tags))
            return resumed
        run = self._call(
            f"Run {name!r} cannot be recorded",
            lambda: self._client.create_run(self._experiment_id, tags=all_tags, run_name=name),
        )
        return str(run.info.run_id)

    def finish(self, run_id: str, record: RunRecord, artifacts: Path | None = None) -> None:
        """See ``Tracker.finish``."""
        purpose = f"Run {record.name!r} cannot be recorded"
        kept = f"Its files are in {artifacts.absolute()}." if artifacts else ""
        info = self._call(purpose, lambda: self._client.get_run(run_id), kept).info
        if info.status != "RUNNING":
            return
        self._write(purpose, run_id, record, info.start_time, artifacts)
        finished_ms = info.start_time + round(1000 * record.duration_s)
        self._call(
            purpose,
            lambda: self._client.set_terminated(run_id, record.status.upper(), finished_ms),
            kept,
        )

    def write(self, run_id: str, record: RunRecord, artifacts: Path | None = None) -> None:
        """See ``Tracker.write``."""
        purpose = f"Run {record.name!r} cannot be recorded"
        started_ms = round(1000 * (time.time() - record.duration_s))
        self._write(purpose, run_id, record, started_ms, artifacts)

    def find(self, name_or_id: str) -> RunSummary:
        """See ``Tracker.find``."""
        matches = self._search(filter_text({"attributes.run_id": name_or_id})) or self._search(
            filter_text({"attributes.run_name": name_or_id})
        )
        return the_one_named(name_or_id, matches)

    def runs(
        self,
        parent_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        *,
        running: bool = False,
    ) -> list[RunSummary]:
        """See ``Tracker.runs``."""
        wanted = {tag_field(key): tag for key, tag in (tags or {}).items()}
        if running:
            wanted["attributes.status"] = "RUNNING"
        if parent_id is not None:
            wanted[tag_field(PARENT)] = parent_id
        return self._search(filter_text(wanted))

    def fetch(self, run_id: str, folder: Path, only: Sequence[str] = ()) -> Path:
        """See ``Tracker.fetch``."""
        return self._artifacts.fetch(run_id, folder, only)

    def _resume(self, run_id: str, tags: Mapping[str, str]) -> None:
        self._client.update_run(run_id, status="RUNNING")
        self._client.log_batch(run_id, tags=as_tags(RunRecord("", "finished", tags=tags)))

    def _write(
        self, purpose: str, run_id: str, record: RunRecord, started_ms: int, artifacts: Path | None
    ) -> None:
        kept = f"Its files are in {artifacts.absolute()}." if artifacts else ""
        self._call(purpose, lambda: self._write_values(run_id, record, started_ms), kept)
        if artifacts is not None:
            self._call(purpose, lambda: self._client.log_artifacts(run_id, str(artifacts)), kept)

    def _write_values(self, run_id: str, record: RunRecord, started_ms: int) -> None:
        if not (record.metrics or record.params or record.tags or record.curves or record.error):
            return
        points = last_points(record, started_ms)
        history = earlier_points(record, started_ms)
        if self._database is None:
            points.extend(history)
        self._client.log_batch(run_id, as_metrics(points), as_params(record), as_tags(record))
        if self._database is not None:
            self._database.add_history(run_id, history)

    def _search(self, wanted: str) -> list[RunSummary]:
        found: list[RunSummary] = []
        token: str | None = None
        while True:
            page = self._call("Runs cannot be read", partial(self._page, wanted, token))
            for run in page:
                self._artifacts.learn(run)
                found.append(summarize(run))
            token = page.token
            if not token:
                return found

    def _page(self, wanted: str, token: str | None) -> "PagedList[Run]":
        return self._client.search_runs(
            [self._experiment_id],
            wanted,
            max_results=_PAGE_SIZE,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
