"""Variable stars of Gaia DR3, downloaded from the archive by the Table Access Protocol and kept in a cache.

The only door is ``fetch``. A download goes page by page along ``source_id``; every page is kept as soon as it
has arrived, so that the same command resumes an interrupted download and needs no network once it is done.
"""

from astrosweep.kinds.stars.archive.fetch import fetch

__all__ = ["fetch"]
