"""Configuration of the kinds of data, one file each; ``DataConfig`` is any of them."""

from typing import Annotated, get_args

from pydantic import Field

from astrosweep.config.kinds._base import Column, Headline, KindConfig
from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.config.kinds.tables import TableDataConfig

DataConfig = Annotated[StarDataConfig | ClusterDataConfig | TableDataConfig, Field(discriminator="name")]

__all__ = ["Column", "DataConfig", "Headline", "KindConfig", "headline_of"]

_KINDS: tuple[type[KindConfig], ...] = (StarDataConfig, ClusterDataConfig, TableDataConfig)


def headline_of(name: str) -> Headline:
    """What the table of results shows of runs on the data that ``KindConfig.name`` names.

    Raises:
        KeyError: There are no such data.
    """
    by_name = {option: kind for kind in _KINDS for option in get_args(kind.model_fields["name"].annotation)}
    return by_name[name].headline
