"""Readable names of the jobs of a multirun."""

import hashlib
from collections.abc import Sequence

from astrosweep.config import RunConfig
from astrosweep.job.grammar import QUOTES

LONGEST = 200
"""Letters of the longest name that a configuration takes."""


def name_by_sweep(config: RunConfig, swept: Sequence[str], overrides: Sequence[str]) -> RunConfig:
    """Append what differs between the jobs, other than the groups that the name already tells.

    The number of a worker is left out: all workers of a study must find the same one.

    Args:
        config: The job's configuration.
        swept: Keys that differ between the jobs.
        overrides: The job's overrides.

    Returns:
        The configuration with its name, which is never longer than ``RunConfig.name`` may be.
    """
    told = {"worker"} if config.name else {"data", "model", "target", "worker"} | _told_by(config)
    values = dict(override.lstrip("+~").split("=", 1) for override in overrides if "=" in override)
    keys = [key for key in swept if key not in told and key in values]
    parts = [f"{key.split('.')[-1]}={_plain(values[key])}" for key in keys]
    if not parts:
        return config
    return config.model_copy(update={"name": shortened(" ".join([config.run_name, *parts]))})


def _told_by(config: RunConfig) -> set[str]:
    """Further keys whose value stands in the automatic name as it is."""
    target = getattr(config.data, "target", None)
    return {"data.target"} if target and config.data.title.endswith(f"-{target}") else set()


def _plain(value: str) -> str:
    """A value without the quotes that are for Hydra."""
    is_quoted = len(value) > 1 and value[0] in QUOTES and value[-1] == value[0]
    return value[1:-1] if is_quoted else value


def shortened(name: str) -> str:
    """A name as it is, or cut, with a mark and a number that no other long name has."""
    if len(name) <= LONGEST:
        return name
    ending = f"… {hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{name[: LONGEST - len(ending)].rstrip()}{ending}"
