"""The table of stars that a configuration asks for, from whichever source."""

from astrosweep.config.data import StarDataConfig
from astrosweep.data.archive import fetch
from astrosweep.data.derive import derive
from astrosweep.data.files import load_file
from astrosweep.data.merge import merge
from astrosweep.data.simulate import simulate
from astrosweep.data.table import StarTable

_MERGED = ("cepheid", "rrlyrae")


def load_stars(config: StarDataConfig) -> StarTable:
    """Simulate, read or download the stars of ``config`` and add the derived columns.

    Raises:
        DataError: A file cannot be used.
        ArchiveError: The archive cannot be reached or refuses the query.
    """
    if config.source == "table":
        return load_file(config)
    if config.source == "simulated":
        return derive(simulate(config.name, config.simulation))
    if config.name == "cepheid_rrlyrae":
        return derive(merge([fetch(name, config.archive) for name in _MERGED]))
    return derive(fetch(config.name, config.archive))
