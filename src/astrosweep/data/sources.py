"""The data that a configuration asks for, from whichever source, split and prepared."""

from collections.abc import Sequence
from pathlib import Path

from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.config.run import RunConfig
from astrosweep.core.errors import ConfigError, DataError
from astrosweep.kinds.clusters.development import ClusterDevelopment, develop_clusters
from astrosweep.kinds.clusters.forward.rexcess import load_rexcess
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.preparation import TARGET_KEYS
from astrosweep.kinds.clusters.prepared import PreparedClusters, prepare_clusters
from astrosweep.kinds.clusters.profiles.input_file import apply_input_file
from astrosweep.kinds.clusters.profiles.read import read_tables
from astrosweep.kinds.clusters.sample import ClusterSample
from astrosweep.kinds.stars.archive import fetch
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.stars.files import load_file
from astrosweep.kinds.stars.merge import merge
from astrosweep.kinds.stars.simulate import simulate
from astrosweep.kinds.tables.development import Development, develop
from astrosweep.kinds.tables.prepare import PreparedFold, prepare
from astrosweep.kinds.tables.table import StarTable

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
    wanted = tuple(TARGET_KEYS[name] for name in config.targets)
    return develop_clusters(load_clusters(config.data, wanted), config.data, config.targets, config.split)


def with_input_file(config: RunConfig) -> RunConfig:
    """Let the settings of ``data.input_file`` take the place of those of the configuration.

    Returns:
        The same run without an input file: what is recorded stands by itself.

    Raises:
        ConfigError: The file cannot be used, or asks for other targets than one or all three.
    """
    if isinstance(config.data, StarDataConfig) or config.data.input_file is None:
        return config
    data, listed = apply_input_file(config.data)
    update: dict[str, object] = {"data": data.model_copy(update={"input_file": None})}
    if listed and config.target is None:
        names = [name for name, key in TARGET_KEYS.items() if key in listed]
        if len(names) == 2:
            raise ConfigError(
                f"{config.data.input_file}: Output list has {', '.join(listed)}; allowed: one target or all"
            )
        update["target"] = names[0] if len(names) == 1 else "all"
    return config.model_copy(update=update)


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


def load_clusters(config: ClusterDataConfig, targets: Sequence[str] | None = None) -> ClusterSample:
    """Simulate or read the clusters of ``config``.

    Args:
        config: Source and settings.
        targets: Target profiles that tables must have; None reads those that are there.

    Raises:
        DataError: A file cannot be used.
    """
    if config.source == "simulated":
        return simulate_clusters(config.simulation)
    if config.path is None:
        raise DataError(f"data.source={config.source} needs data.path")
    if config.source == "rexcess":
        return load_rexcess(config.path, config.simulation)
    return read_tables(Path(config.path), config.tables, config.cleaning, config.observables, targets)
