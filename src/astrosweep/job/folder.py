"""The folder that a command works in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from astrosweep.core.errors import ConfigError


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Take relative paths from the folder where the command was given, wherever Hydra or a launcher went.

    Raises:
        ConfigError: There is no such folder, as on a machine that does not share it.
    """
    before = Path.cwd()
    try:
        os.chdir(folder)
    except OSError as error:
        raise ConfigError(
            f"The job cannot work in {folder}, where the command was given: {error.strerror}. Give the "
            "command in a folder that all machines share."
        ) from error
    try:
        yield
    finally:
        os.chdir(before)
