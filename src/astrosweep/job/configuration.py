"""From what Hydra composed to the configuration that a job runs."""

from collections.abc import Sequence

from omegaconf import DictConfig

from astrosweep.config import RunConfig, parse
from astrosweep.job.naming import name_by_sweep
from astrosweep.kinds import resolve


def configuration(composed: DictConfig, swept: Sequence[str], overrides: Sequence[str]) -> RunConfig:
    """The configuration of one job, as the job runs it and as the process that launches it expects it.

    Args:
        composed: What Hydra composed for the job.
        swept: Keys that differ between the jobs of the command; none for a single run.
        overrides: The job's overrides.

    Returns:
        The configuration with everything that files say taken in, and with its name.

    Raises:
        ConfigError: A key or a value is not allowed, or ``data.input_file`` cannot be used.
    """
    return name_by_sweep(resolve(parse(composed)), swept, overrides)
