"""The jobs of a multirun, before any of them runs."""

from collections.abc import Sequence

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from astrosweep.config import RunConfig
from astrosweep.config.address import hide_password
from astrosweep.core.errors import AstrosweepError, ConfigError
from astrosweep.job.configuration import configuration
from astrosweep.job.passwords import overrides_of, refuse_passwords


def append_workers(composed: DictConfig) -> None:
    """Move the workers that a preset or a sweep asks for to the end of the command line.

    There they vary fastest, so that all workers fill one study before the next. The command line's own
    workers come before those of a preset, and a grid without a search has none.
    """
    with open_dict(composed.hydra.sweeper):
        workers = (composed.hydra.sweeper.params or {}).pop("worker", None)
    overrides = overrides_of(composed.hydra)
    is_search = composed.get("search") or any(text.startswith("search=") for text in overrides)
    if workers and is_search and not any(text.startswith("worker=") for text in overrides):
        composed.hydra.overrides.task.append(f"worker={workers}")


def expand(overrides: Sequence[str]) -> tuple[list[list[str]], list[str]]:
    """Overrides of each job, in Hydra's order, and the keys that differ between jobs.

    Raises:
        ConfigError: An override cannot be read, or has no values.
    """
    hydra = GlobalHydra.instance()
    loader = hydra.config_loader() if hydra.is_initialized() else None
    try:
        parsed = OverridesParser.create(loader).parse_overrides(list(overrides))
        for override in parsed:
            _check(override)
        jobs = BasicSweeper.split_arguments(parsed, max_batch_size=None)[0]
    except (HydraException, ValueError) as error:
        raise error if isinstance(error, ConfigError) else ConfigError(str(error)) from error
    swept = [override.get_key_element() for override in parsed if override.is_sweep_override()]
    return jobs, [key.lstrip("+~") for key in swept]


def _check(override: Override) -> None:
    """Refuse a sweep without a list of values.

    Raises:
        ConfigError: It is endless or empty.
    """
    if not override.is_sweep_override():
        return
    if not override.is_discrete_sweep():
        raise ConfigError(
            f"{override.input_line}: an interval has no list of values for jobs. Allowed: a,b,c and "
            "range(start, stop[, step]); a search draws from it: search=tpe search.space.<key>=interval(...)"
        )
    if not list(override.sweep_string_iterator()):
        raise ConfigError(
            f"{override.input_line}: has no values, so there is no job; range(start, stop) leaves out stop"
        )


def configurations(config_name: str, jobs: Sequence[Sequence[str]], swept: Sequence[str]) -> list[RunConfig]:
    """Compose and validate every job.

    Args:
        config_name: The configuration that Hydra composes.
        jobs: Overrides of each job.
        swept: Keys that differ between the jobs.

    Returns:
        One configuration per job.

    Raises:
        ConfigError: At least one job is faulty; all faulty ones are named.
    """
    configs, faults = [], []
    for number, overrides in enumerate(jobs):
        try:
            composed = compose(config_name, list(overrides))
            OmegaConf.set_struct(composed, False)
            composed.pop("reproduce", None)
            refuse_passwords(composed)
            configs.append(configuration(composed, swept, overrides))
        except (AstrosweepError, HydraException, OmegaConfBaseException) as error:
            shown = " ".join(hide_password(text.lstrip("+")) for text in overrides)
            faults.append(f"Job {number} ({shown}): {hide_password(str(error))}")
    if faults:
        raise ConfigError("\n".join([*faults, "No job was started."]))
    return configs
