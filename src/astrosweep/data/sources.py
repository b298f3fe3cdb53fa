"""The data that a configuration asks for, from whichever source, split and prepared."""

from astrosweep.config.cluster import ClusterDataConfig
from astrosweep.config.data import StarDataConfig
from astrosweep.config.run import RunConfig
from astrosweep.core.errors import DataError
from astrosweep.data.archive import fetch
from astrosweep.data.clusters.development import ClusterDevelopment, develop_clusters
from astrosweep.data.clusters.input_file import apply_input_file
from astrosweep.data.clusters.preparation import TARGET_KEYS
from astrosweep.data.clusters.prepared import PreparedClusters, prepare_clusters
from astrosweep.data.clusters.rexcess import load_rexcess
from astrosweep.data.clusters.sample import ClusterSample
from astrosweep.data.clusters.simulate import simulate_clusters
from astrosweep.data.clusters.tables import read_tables
from astrosweep.data.derive import derive
from astrosweep.data.development import Development, develop
from astrosweep.data.files import load_file
from astrosweep.data.merge import merge
from astrosweep.data.prepare import PreparedFold, prepare
from astrosweep.data.simulate import simulate
from astrosweep.data.table import StarTable

AnyDevelopment = Development | ClusterDevelopment
AnyPreparedFold = PreparedFold | PreparedClusters
_MERGED = ("cepheid", "rrlyrae")


def load_development(config: RunConfig) -> AnyDevelopment:
    """Read or simulate the data of a run, split them and seal the test part.

    Raises:
        DataError: A file or a table cannot be used.
        LeakageError: A feature is derived from the target.
        ArchiveError: The archive cannot be reached or refuses the query.
    """
    if isinstance(config.data, StarDataConfig):
        return develop(load_stars(config.data), config.data, config.split)
    data, listed = apply_input_file(config.data)
    targets = config.targets
    if listed and config.target is None:
        targets = tuple(name for name, key in TARGET_KEYS.items() if key in listed)
    return develop_clusters(load_clusters(data), data, targets, config.split)


def prepare_fold(config: RunConfig, development: AnyDevelopment, k: int) -> AnyPreparedFold:
    """Prepare fold ``k``.

    Raises:
        DataError: A preparation step leaves nothing, or changes a profile.
    """
    if isinstance(development, ClusterDevelopment):
        return prepare_clusters(development, k)
    assert isinstance(config.data, StarDataConfig)
    return prepare(development, k, config.data.preparation, allow_leakage=config.data.allow_leakage)


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


def load_clusters(config: ClusterDataConfig) -> ClusterSample:
    """Simulate or read the clusters of ``config``.

    Raises:
        DataError: A file cannot be used.
    """
    if config.source == "simulated":
        return simulate_clusters(config.simulation)
    if config.path is None:
        raise DataError(f"data.source={config.source} needs data.path")
    if config.source == "rexcess":
        return load_rexcess(config.path, config.simulation)
    return read_tables(config.path, config.tables, config.cleaning, config.observables)
