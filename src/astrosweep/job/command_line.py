"""The command line before Hydra reads it."""

import sys

from omegaconf import OmegaConf

from astrosweep.config.address import hide_password
from astrosweep.core.errors import ConfigError
from astrosweep.job.arguments import judged_by_pydantic
from astrosweep.job.passwords import without_passwords


def _cpu_count() -> int:
    """Cores that this process may use, as the joblib launcher counts them."""
    import joblib

    return int(joblib.cpu_count())


OmegaConf.register_new_resolver("cpu_count", _cpu_count, replace=True)


def read_command_line() -> None:
    """Replace the words of this command by those that Hydra is given, none of which holds a password.

    A word that cannot be read ends the program with a message and exit code 1.
    """
    try:
        sys.argv[1:] = judged_by_pydantic(without_passwords(sys.argv[1:]))
    except ConfigError as error:
        sys.exit(hide_password(str(error)))
