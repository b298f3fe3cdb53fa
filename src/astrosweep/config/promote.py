"""Configuration of a promotion: which version of a registered model is to be the champion."""

from typing import Annotated, Any

from omegaconf import DictConfig, OmegaConf
from pydantic import Field, field_validator

from astrosweep.config.base import Strict
from astrosweep.config.parse import as_plain, validate_as
from astrosweep.config.tracking import TrackingConfig
from astrosweep.core.errors import ConfigError


class PromoteSettings(Strict):
    """Which version is to be the champion.

    Attributes:
        model: Name of the registered model.
        version: Number or alias of the version.
        force: Whether it is promoted also where it is worse, or cannot be compared.
    """

    model: Annotated[str, Field(min_length=1, max_length=256)]
    version: Annotated[str, Field(min_length=1, max_length=256)] = "candidate"
    force: bool = False

    @field_validator("model", "version", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """A number of the command line is no text."""
        return str(value) if type(value) is int else value


class PromoteConfig(Strict):
    """What ``promote.py`` is asked for.

    Attributes:
        promote: Which version.
        tracking: The record.
    """

    promote: PromoteSettings
    tracking: TrackingConfig


def promote_config(composed: DictConfig) -> PromoteConfig:
    """From what Hydra composed to a validated configuration.

    Raises:
        ConfigError: A key is unknown or missing, or a value is not allowed.
    """
    if OmegaConf.is_missing(composed.promote, "model"):
        raise ConfigError("promote.model: missing; say which model: python promote.py model=<name>")
    return validate_as(PromoteConfig, as_plain(composed))
