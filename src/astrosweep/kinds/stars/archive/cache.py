"""The files of one downloaded table: its pages while it grows, then one Parquet and its JSON sidecar.

::

    <cache_dir>/<key>.parquet    the table
    <cache_dir>/<key>.json       how it came about, and the checksum of the Parquet; written last
    <cache_dir>/<key>.parts/     the pages of an unfinished download, and what the service announced
    <cache_dir>/<key>.lock       held by the process that downloads

A file under its own name is complete: it was written under another and moved.
"""

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from astrosweep.core.errors import ArchiveError
from astrosweep.kinds.stars.archive.files import sha256, write_json, write_whole
from astrosweep.kinds.stars.schema import ID

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """What is held of an unfinished download.

    Attributes:
        n_pages: Complete pages.
        n_rows: Their rows.
        last_id: Their last ``source_id``; none before the first page.
    """

    n_pages: int = 0
    n_rows: int = 0
    last_id: int | None = None

    def after(self, page: pa.Table) -> "Progress":
        """Return the progress with one more page, which holds at least one row.

        Raises:
            ArchiveError: The page does not continue the one before.
        """
        ids = page.column(ID).to_numpy()
        if (self.last_id is not None and ids[0] <= self.last_id) or not (ids[1:] > ids[:-1]).all():
            raise ArchiveError(f"rows are not in rising order of {ID}, or were sent before")
        return Progress(self.n_pages + 1, self.n_rows + len(ids), int(ids[-1]))


class Cache:
    """The files of one table.

    Args:
        folder: Folder of all downloaded tables; made when something is written.
        key: Name that belongs to one service, query and row limit.

    Attributes:
        parts: Folder of the pages of an unfinished download.
    """

    def __init__(self, folder: Path, key: str):
        self._folder = folder
        self._table = folder / f"{key}.parquet"
        self._sidecar = folder / f"{key}.json"
        self._lock = folder / f"{key}.lock"
        self._announcement = folder / f"{key}.parts" / "announcement.json"
        self.parts = folder / f"{key}.parts"

    def is_complete(self) -> bool:
        """Say whether the whole table is held."""
        return self._sidecar.exists()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process at a time download; the others wait.

        Raises:
            ArchiveError: The folder cannot be written.
        """
        lock = FileLock(self._lock)
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                _log.info("another process is downloading %s; waiting for it", self._table.name)
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def announce(self, announcement: Mapping[str, Any]) -> None:
        """Begin a download: keep what the service announced.

        Raises:
            ArchiveError: The folder cannot be written.
        """
        with self._writing():
            self.parts.mkdir(exist_ok=True)
            write_json(self._announcement, announcement)

    def announced(self) -> dict[str, Any] | None:
        """Return what ``announce`` kept; none where no download has begun.

        Raises:
            ArchiveError: The file is damaged.
        """
        return self._read_json(self._announcement, self.parts) if self._announcement.exists() else None

    def progress(self) -> Progress:
        """Look up which pages are held.

        Raises:
            ArchiveError: A page is damaged.
        """
        progress = Progress()
        while (path := self._page(progress.n_pages)).exists():
            progress = progress.after(self._read_page(path, [ID]))
        return progress

    def add(self, page: pa.Table, number: int) -> None:
        """Keep one page.

        Raises:
            ArchiveError: The folder cannot be written.
        """
        with self._writing():
            write_whole(self._page(number), lambda path: pq.write_table(page, path, write_page_checksum=True))

    def finish(self, schema: pa.Schema, n_pages: int, record: Mapping[str, Any]) -> None:
        """Join the pages to the table, write the sidecar and drop the pages.

        Args:
            schema: Columns of the table.
            n_pages: Number of pages.
            record: Contents of the sidecar, beside the counts and the checksum.

        Raises:
            ArchiveError: A page is damaged or out of order, or the folder cannot be written.
        """
        joined = Progress()

        def join(path: Path) -> None:
            nonlocal joined
            with pq.ParquetWriter(path, schema) as writer:
                while joined.n_pages < n_pages:
                    page = self._read_page(self._page(joined.n_pages))
                    joined = joined.after(page)
                    writer.write_table(page)

        with self._writing():
            write_whole(self._table, join)
            counts = {"n_rows": joined.n_rows, "n_pages": joined.n_pages, "sha256": sha256(self._table)}
            write_json(self._sidecar, {**record, **counts})
            # Moved first: half a folder under its own name would be taken for a download to resume.
            dropped = self.parts.with_suffix(".dropped")
            shutil.rmtree(dropped, ignore_errors=True)
            os.replace(self.parts, dropped)
            shutil.rmtree(dropped, ignore_errors=True)

    def load(self) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Read the table and its sidecar.

        Raises:
            ArchiveError: A file is absent or not the one that was written.
        """
        record = self._read_json(self._sidecar, self._table)
        try:
            if sha256(self._table) != record["sha256"]:
                raise _damaged(self._table, "its SHA-256 is not the recorded one", self._sidecar)
            frame = pd.read_parquet(self._table)
        except OSError as error:
            raise _damaged(self._table, str(error), self._sidecar) from error
        if len(frame) != record["n_rows"]:
            counts = f"it holds {len(frame)} rows, recorded are {record['n_rows']}"
            raise _damaged(self._table, counts, self._sidecar)
        return frame, record

    def _page(self, number: int) -> Path:
        return self.parts / f"page-{number:05d}.parquet"

    def _read_page(self, path: Path, columns: list[str] | None = None) -> pa.Table:
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                return file.read(columns=columns)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(path, str(error), self.parts) from error

    def _read_json(self, path: Path, companion: Path) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(path, str(error), companion) from error
        return record

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArchiveError(
                f"the cache folder {self._folder} cannot be written: {error}. Make room, or name another "
                "folder as data.archive.cache_dir"
            ) from error


def _damaged(path: Path, why: str, companion: Path) -> ArchiveError:
    return ArchiveError(
        f"{path} is damaged: {why}. Delete it together with {companion} and run the same command again, "
        "which downloads the table anew"
    )
