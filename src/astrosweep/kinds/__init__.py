"""The kinds of data, one room each, and the dictionary that finds them by configuration.

This door opens fast: a kind is imported when it is asked for, so that a process that only launches need not
wait for what trains.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astrosweep.config import KindConfig, RunConfig
from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.config.kinds.tables import TableDataConfig

if TYPE_CHECKING:
    from astrosweep.data.kind import Kind, PreparedData

__all__ = ["import_kinds", "kind_of", "load_data", "resolve"]


def _stars() -> "Kind[Any, Any, Any]":
    from astrosweep.kinds.stars.kind import StarKind

    return StarKind()


def _clusters() -> "Kind[Any, Any, Any]":
    from astrosweep.kinds.clusters.kind import ClusterKind

    return ClusterKind()


def _tables() -> "Kind[Any, Any, Any]":
    from astrosweep.kinds.tables.kind import TableKind

    return TableKind()


def _cluster_settings(config: RunConfig) -> RunConfig:
    if getattr(config.data, "input_file", None) is None:
        return config
    from astrosweep.kinds.clusters.profiles.input_file import with_input_file

    return with_input_file(config)


_KINDS: dict[type[KindConfig], Callable[[], "Kind[Any, Any, Any]"]] = {
    StarDataConfig: _stars,
    ClusterDataConfig: _clusters,
    TableDataConfig: _tables,
}
_SETTINGS: dict[type[KindConfig], Callable[[RunConfig], RunConfig]] = {ClusterDataConfig: _cluster_settings}


def kind_of(config: RunConfig) -> "Kind[Any, Any, Any]":
    """The kind of data that a configuration asks for."""
    return _KINDS[type(config.data)]()


def import_kinds() -> None:
    """Import every room: for a process from which those that train are forked."""
    for room in _KINDS.values():
        room()


def resolve(config: RunConfig) -> RunConfig:
    """Let settings that a configuration only points to take their place, so that it stands by itself.

    Raises:
        ConfigError: A file of settings cannot be used.
    """
    settle = _SETTINGS.get(type(config.data))
    return settle(config) if settle else config


def load_data(config: RunConfig) -> "PreparedData[Any, Any, Any]":
    """Read or simulate the data of a run, seal the test part and prepare every fold.

    Raises:
        DataError: A file or a table cannot be used, or a step leaves nothing.
        LeakageError: A feature is derived from the target.
        ArchiveError: An archive cannot be reached or refuses the query.
    """
    from astrosweep.data.kind import PreparedData

    kind = kind_of(config)
    development = kind.develop(config)
    folds = tuple(kind.prepare(config, development, k) for k in range(development.n_folds))
    return PreparedData(kind, development.report, folds)
