"""What is looked at before Hydra writes anything for a command."""

from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from astrosweep.core.errors import ConfigError
from astrosweep.job.faults import ends_the_command
from astrosweep.job.passwords import refuse_passwords


class CommandCallback(Callback):
    """Refuse a command whose files give a password, or whose folder cannot be made."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """End the program with a message if a file gives a password or the run's folder cannot be made."""
        with ends_the_command():
            refuse_passwords(config)
            try:
                Path(config.hydra.run.dir).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigError(
                    f"The run's folder cannot be made: {error}. Set hydra.run.dir=<folder>."
                ) from error


class OneJobCallback(CommandCallback):
    """The same for a command that has one job and no multirun."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """End the program with a message: nothing of these commands is a grid."""
        with ends_the_command():
            raise ConfigError(
                "-m (--multirun) is for train.py; this command has one job. Give it without, once for each."
            )
