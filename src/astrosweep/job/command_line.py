"""The command line before Hydra reads it."""

import sys
from collections.abc import Collection

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


def read_command_line(section: str = "", keys: Collection[str] = ()) -> None:
    """Replace the words of this command by those that Hydra is given, none of which holds a password.

    A word that cannot be read ends the program with a message and exit code 1.

    Args:
        section: Part of the configuration that is this command's own.
        keys: Its keys that need not name it: ``model=x`` stands for ``<section>.model=x``, where Hydra would
            look for a group of that name.
    """
    try:
        words = [f"{section}.{word}" if word.partition("=")[0] in keys else word for word in sys.argv[1:]]
        sys.argv[1:] = judged_by_pydantic(without_passwords(words))
    except ConfigError as error:
        sys.exit(hide_password(str(error)))
