"""The download of one table: count, pages along ``source_id``, resume."""

import logging
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from astrosweep import __version__
from astrosweep.config.kinds.stars import ArchiveConfig
from astrosweep.core.errors import ArchiveError
from astrosweep.kinds.stars.archive.answer import arrow_page, arrow_schema
from astrosweep.kinds.stars.archive.cache import Cache, Progress
from astrosweep.kinds.stars.archive.queries import StarQuery

if TYPE_CHECKING:
    from astrosweep.kinds.stars.archive.service import Service

_log = logging.getLogger(__name__)


def download(query: StarQuery, config: ArchiveConfig, cache: Cache) -> None:
    """Fetch what the cache lacks of a table and finish it.

    Pages go by keyset (``source_id > last ORDER BY source_id``), so that a page costs the service the same
    wherever it lies. The stars are counted first: a page that is shorter than asked, whether the service says
    so or not, is then never taken for the last one.

    Args:
        query: What is asked.
        config: Service, paging and retries.
        cache: Where it is kept.

    Raises:
        ArchiveError: See ``fetch``; the message says how much is kept.
    """
    progress = cache.progress()
    if progress.n_rows:
        _log.info("%s: resuming after %d rows, %d pages", query.star_class, progress.n_rows, progress.n_pages)
    step = "the row count"
    try:
        service = _service(config)
        n_wanted = _announced(service, query, config, cache)
        while progress.n_rows < n_wanted:
            step = f"page {progress.n_pages + 1}"
            limit = min(config.page_size, n_wanted - progress.n_rows)
            progress = _next_page(service, query, cache, progress, limit)
            counts = (progress.n_rows, n_wanted, progress.n_pages)
            _log.info("%s: %d of %d rows, %d pages", query.star_class, *counts)
        step = "joining the pages"
        cache.finish(arrow_schema(query.columns), progress.n_pages, _record(query, config))
    except ArchiveError as error:
        kept = "Nothing is kept yet"
        if progress.n_rows:
            kept = f"{progress.n_rows} rows are kept in {cache.parts} and the same command resumes after them"
        raise ArchiveError(f"{query.star_class} from {config.url}, {step}: {error}. {kept}.") from error


def _service(config: ArchiveConfig) -> "Service":
    try:
        from astrosweep.kinds.stars.archive.service import Service
    except ImportError as error:
        raise ArchiveError(
            f"downloads need pyvo, which cannot be imported ({error}): pip install astrosweep[archive]"
        ) from error
    return Service(config.url.rstrip("/"), config.timeout_s, config.retries)


def _announced(service: "Service", query: StarQuery, config: ArchiveConfig, cache: Cache) -> int:
    """Return the number of rows of the whole download, asked of the service once."""
    announcement = cache.announced()
    if announcement is None:
        table, _ = service.run(query.count, 1)
        n_stars = int(table.array[0][0])
        if n_stars == 0:
            cuts = " and ".join(query.conditions) or "no cuts"
            raise ArchiveError(f"no star of {query.table} passes ({cuts}); loosen the cuts of data.archive")
        announcement = {"service": config.url, "query": query.text, "n_stars": n_stars}
        cache.announce(announcement)
    counted: int = announcement["n_stars"]
    return min(counted, query.max_rows or counted)


def _next_page(
    service: "Service", query: StarQuery, cache: Cache, progress: Progress, limit: int
) -> Progress:
    table, overflow = service.run(query.page(progress.last_id, limit), limit)
    page = arrow_page(table, query.columns)
    if len(page) == 0:
        raise ArchiveError(
            "the service sent no rows, although by its own count some are left; if that stays so, delete "
            f"{cache.parts}"
        )
    if len(page) > limit:
        raise ArchiveError(f"the service sent {len(page)} rows for TOP {limit}")
    if len(page) < limit:
        said = "with" if overflow else "without"
        _log.warning("%d rows of %d came, %s OVERFLOW; the next page follows", len(page), limit, said)
    following = progress.after(page)
    cache.add(page, progress.n_pages)
    return following


def _record(query: StarQuery, config: ArchiveConfig) -> dict[str, object]:
    return {
        "star_class": query.star_class,
        "service": config.url,
        "query": query.text,
        "columns": dict(query.columns),
        "date_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "astrosweep_version": __version__,
        "pyvo_version": version("pyvo"),
    }
