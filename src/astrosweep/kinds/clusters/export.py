"""What ``export_clusters.py`` calls: the clusters of a configuration as tables of profiles."""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig, open_dict

from astrosweep.config import parse
from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.core.errors import AstrosweepError, ConfigError
from astrosweep.kinds.clusters.kind import load_clusters
from astrosweep.kinds.clusters.profiles.input_file import with_input_file
from astrosweep.kinds.clusters.profiles.write import write_sample

_log = logging.getLogger(__name__)


def export_clusters(composed: DictConfig) -> None:
    """Write the clusters, ending the program with exit code 1 where that is impossible.

    Args:
        composed: A run's configuration with ``data=cluster``, and the key ``directory``, a new or an empty
            one; ``format`` is ``text`` (default), ``ecsv`` or ``fits``.
    """
    try:
        _export(composed)
    except AstrosweepError as error:
        _log.error("%s", error)
        sys.exit(1)


def _export(composed: DictConfig) -> None:
    with open_dict(composed):
        directory, format = composed.pop("directory", None), composed.pop("format", "text")
    if not directory:
        raise ConfigError("no directory given; add +directory=<a new directory>")
    if format not in ("text", "ecsv", "fits"):
        raise ConfigError(f"format={format}; allowed: text, ecsv, fits")
    config = with_input_file(parse(composed))
    if not isinstance(config.data, ClusterDataConfig):
        raise ConfigError(f"data={config.data.name} has no profiles to write; allowed: data=cluster")
    sample = load_clusters(config.data)
    write_sample(sample, Path(str(directory)), format)
    _log.info("%s: %d clusters, %s", directory, len(sample), sample.objects.origin)
