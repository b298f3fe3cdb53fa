"""One class of variable stars from the Gaia archive or from its cache."""

from pathlib import Path

from astrosweep.config.kinds.stars import ArchiveConfig
from astrosweep.kinds.stars.archive.cache import Cache
from astrosweep.kinds.stars.archive.download import download
from astrosweep.kinds.stars.archive.queries import star_query
from astrosweep.kinds.stars.schema import ID
from astrosweep.kinds.tables.table import SourceTable


def fetch(star_class: str, config: ArchiveConfig) -> SourceTable:
    """Return a variability table of Gaia DR3 joined to ``gaia_source``.

    A complete table is served from the cache without any network. Otherwise the missing pages are downloaded;
    of several processes that ask at once, one downloads and the others wait for it.

    Args:
        star_class: ``cepheid``, ``rrlyrae`` or ``eclipsing_binary``.
        config: Service, cuts, paging and cache.

    Returns:
        The stars in order of ``source_id``, in the units of ``data.schema``. Eclipsing binaries have a
        ``frequency``, from which ``data.derive`` computes their period.

    Raises:
        DataError: The archive has no single table of this class.
        ArchiveError: pyvo is not installed, the service refuses or fails, no star passes the cuts, the cache
            folder cannot be written, or a cached file is damaged.
    """
    query = star_query(star_class, config)
    cache = Cache(Path(config.cache_dir).expanduser(), query.key(config.url.rstrip("/")))
    if not cache.is_complete():
        with cache.lock():
            if not cache.is_complete():
                download(query, config, cache)
    frame, sidecar = cache.load()
    origin = f"{query.table} from {sidecar['service']}, {len(frame)} rows, downloaded {sidecar['date_utc']}"
    lineage = {name: frozenset({column.partition(".")[2]}) for name, column in query.columns.items()}
    return SourceTable(frame, {ID: frozenset({ID})} | lineage, origin)
