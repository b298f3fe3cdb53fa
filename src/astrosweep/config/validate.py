"""Configuration of the validation of a model: which model, on which labelled objects, and where to."""

from typing import Annotated, Any

from omegaconf import DictConfig
from pydantic import Field

from astrosweep.config.base import Strict
from astrosweep.config.parse import as_plain, validate_as
from astrosweep.config.tracking import TrackingConfig

_Text = Annotated[str, Field(min_length=1, max_length=4096)]


class ValidateSettings(Strict):
    """What is validated on what.

    Attributes:
        model: See ``PredictSettings.model``.
        input: A labelled table or a directory of profiles; null reports on what the model itself keeps.
        output: The folder of the report; null: ``mlruns/validations/<model>``, with the name of the input.
        overwrite: Whether an older report there may be replaced.
        keep_seen: Whether objects are used that the model was chosen or calibrated by, which flatters it.
        draws: Bootstrap draws of objects.
        repeats: Draws of perturbed and permuted inputs.
        most_objects: Most objects, drawn at random, whose inputs are changed; the rest takes all.
        seed: Seed of all draws.
    """

    model: _Text
    input: _Text | None = None
    output: _Text | None = None
    overwrite: bool = False
    keep_seen: bool = False
    draws: Annotated[int, Field(ge=100, le=100_000)] = 1000
    repeats: Annotated[int, Field(ge=1, le=1000)] = 5
    most_objects: Annotated[int, Field(ge=10)] = 5000
    seed: Annotated[int, Field(ge=0)] = 0


class ValidateConfig(Strict):
    """What ``validate.py`` is asked for.

    Attributes:
        validation: Model, input and output.
        data: What is different in the input from the training table: any key of ``data``, merged over that of
            the model.
        tracking: The record.
    """

    validation: ValidateSettings
    data: dict[str, Any] = {}
    tracking: TrackingConfig


def validate_config(composed: DictConfig) -> ValidateConfig:
    """From what Hydra composed to a validated configuration.

    Raises:
        ConfigError: A key is unknown or missing, or a value is not allowed.
    """
    plain = as_plain(composed)
    plain["data"] = plain.get("data") or {}
    return validate_as(ValidateConfig, plain)
