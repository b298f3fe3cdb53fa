"""Readable names of the jobs of a multirun."""

from collections.abc import Sequence

from astrosweep.config import RunConfig


def name_by_sweep(config: RunConfig, swept: Sequence[str], overrides: Sequence[str]) -> RunConfig:
    """Append what differs between the jobs, other than the groups that the name already tells.

    The number of a worker is left out: all workers of a study must find the same one.

    Args:
        config: The job's configuration.
        swept: Keys that differ between the jobs.
        overrides: The job's overrides.

    Returns:
        The configuration with its name.
    """
    told = {"worker"} if config.name else {"data", "model", "target", "worker"}
    values = dict(override.lstrip("+~").split("=", 1) for override in overrides if "=" in override)
    parts = [f"{key.split('.')[-1]}={values[key]}" for key in swept if key not in told and key in values]
    return config.model_copy(update={"name": " ".join([config.run_name, *parts])})
