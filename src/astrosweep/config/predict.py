"""Configuration of predictions: which model, of which files, where to, and what the output holds."""

from typing import Annotated, Any, Literal

from omegaconf import DictConfig
from pydantic import Field

from astrosweep.config.base import Strict
from astrosweep.config.distance import DistanceConfig
from astrosweep.config.parse import as_plain, validate, validate_as
from astrosweep.config.run import RunConfig
from astrosweep.config.tracking import TrackingConfig

_Text = Annotated[str, Field(min_length=1, max_length=4096)]
_OF_THE_TRAINING_FILE = {"format": "auto"}
"""Settings of a model's data that say nothing about other files."""


class PredictSettings(Strict):
    """What is predicted by what.

    Attributes:
        model: Folder of a bundle or of a run, ``models:/<name>@<alias>``, ``models:/<name>/<version>``, or
            ``runs:/<id or name>``.
        input: A file, a folder, a pattern such as ``fields/*.vot``, or a list of them.
        output: The output; a folder where there are several inputs.
        overwrite: Whether an output of another model, input or options may be written over.
    """

    model: _Text
    input: _Text | Annotated[list[_Text], Field(min_length=1)]
    output: _Text
    overwrite: bool = False


class OutputSettings(Strict):
    """What an output holds besides the predictions.

    Attributes:
        carry: Columns of the input that are carried along; ``all`` for all of them.
        ucd: Unified content descriptor of a target of which the kind of data knows none.
        figures: How many objects are drawn, where a figure shows one object; the first ones are.
        format: Format of the output; null goes by the ending of its name, VOTable in a folder.
    """

    carry: list[str] | Literal["all"] = []
    ucd: str | None = None
    figures: int = Field(default=200, ge=0)
    format: Literal["votable", "fits", "ecsv", "csv", "parquet"] | None = None


class PredictConfig(Strict):
    """What ``predict.py`` is asked for.

    Attributes:
        predict: Model, input and output.
        output: What the output holds.
        distance: How distances are made, where the predictions are such that there are any.
        data: What is different in the input from the training table: any key of ``data``, merged over that of
            the model.
        tracking: The record.
    """

    predict: PredictSettings
    output: OutputSettings = OutputSettings()
    distance: DistanceConfig = DistanceConfig()
    data: dict[str, Any] = {}
    tracking: TrackingConfig

    @property
    def options(self) -> dict[str, Any]:
        """Everything that shapes an output, but for model and files."""
        return {
            "output": self.output.model_dump(mode="json"),
            "distance": self.distance.model_dump(mode="json"),
            "data": self.data,
        }


def predict_config(composed: DictConfig) -> PredictConfig:
    """From what Hydra composed to a validated configuration.

    Raises:
        ConfigError: A key is unknown or missing, or a value is not allowed.
    """
    plain = as_plain(composed)
    plain["data"] = plain.get("data") or {}
    return validate_as(PredictConfig, plain)


def for_input(config: RunConfig, data: dict[str, Any]) -> RunConfig:
    """A model's configuration with what a command says of the file that is to be predicted.

    Args:
        config: The model's.
        data: Keys of ``data`` and their values; what is nested is merged.

    Raises:
        ConfigError: A key is unknown or a value is not allowed.
    """
    plain = config.model_dump()
    known = {key: value for key, value in _OF_THE_TRAINING_FILE.items() if key in plain["data"]}
    plain["data"] = _merged({**plain["data"], **known}, data)
    return validate(plain)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in over.items():
        inner = both.get(key)
        both[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both
