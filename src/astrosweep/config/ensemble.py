"""Configuration of an ensemble: which runs of the record may be in it, how they are chosen and combined."""

from collections.abc import Sequence
from typing import Annotated, Literal

import yaml
from omegaconf import DictConfig
from pydantic import Field, field_validator, model_validator

from astrosweep.config.base import Strict
from astrosweep.config.parse import as_plain, validate_as
from astrosweep.config.tracking import TrackingConfig

StrategyName = Literal["auto", "best", "top_k", "performance", "inverse_variance", "stacking", "greedy"]
_GROUPS = ("data", "model", "loss", "optimizer", "scheduler", "split")
_OF_A_RUN = (*_GROUPS, "target", "trainer", "seed", "replicates")
ObjectiveName = Literal["mse", "nll", "crps"]


class EnsembleSettings(Strict):
    """How candidates are selected and combined.

    Attributes:
        name: Name of the registered model; null takes that of the data, and of a target that was chosen.
        studies: Only trials of these studies; empty for any study and single runs.
        networks: Only these networks, as ``model`` names them; empty for all.
        exclude: Runs that are left out, by name or id.
        min: Metric to the least value that a candidate may have, such as ``{val/r2: 0.5}``.
        max: Metric to the largest such value.
        per_study: At most so many candidates of one study, those with the smallest ``val/rmse``.
        max_candidates: At most so many candidates in all, those with the smallest ``val/rmse``.
        fingerprint: First digits of the data fingerprint, where runs on several tables answer to the name.
        data_path: Where the table or the directory of the runs lies now, if it was moved since.
        objective: What is minimised: squared error, negative log-likelihood, or continuous ranked
            probability score, each of predictions that did not see the object.
        strategy: How members are combined; ``auto`` takes the simplest within one standard error of the best.
        top_k: Members of the strategies that take the best few.
        baselines: Whether models that need no search may be members too; they are shown in any case.
        max_networks: Largest number of networks in the ensemble; null for no limit.
        refit: Whether each member is trained again on all objects that are not sealed, instead of keeping the
            networks of its folds; there is no validation score of such networks.
        refit_seeds: Networks of each member that is refitted.
        force: Whether the sealed test objects may be opened again for another choice; every report says so.
        folder: Where ensembles are kept; the record has a copy of each.
        register_model: Whether the ensemble becomes a version of a registered model.
    """

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\w[\w.+-]*$")] | None = None
    studies: list[str] = []
    networks: list[str] = []
    exclude: list[str] = []
    min: dict[str, float] = {}
    max: dict[str, float] = {}
    per_study: Annotated[int, Field(ge=1)] | None = None
    max_candidates: Annotated[int, Field(ge=1, le=5000)] = 1000
    fingerprint: Annotated[str, Field(min_length=4)] | None = None
    data_path: str | None = None
    objective: ObjectiveName = "mse"
    strategy: StrategyName = "auto"
    top_k: Annotated[int, Field(ge=2, le=1000)] = 20
    baselines: bool = False
    max_networks: Annotated[int, Field(ge=1)] | None = None
    refit: bool = False
    refit_seeds: Annotated[int, Field(ge=1, le=20)] = 3
    force: bool = False
    folder: Annotated[str, Field(min_length=1)] = "mlruns/ensembles"
    register_model: bool = True

    @field_validator("min", "max", mode="before")
    @classmethod
    def _as_numbers(cls, bounds: object) -> object:
        """A whole number is a bound too."""
        if not isinstance(bounds, dict):
            return bounds
        return {key: float(value) if type(value) is int else value for key, value in bounds.items()}

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> "EnsembleSettings":
        for metric in self.min.keys() & self.max.keys():
            if self.min[metric] > self.max[metric]:
                raise ValueError(
                    f"ensemble.min has {metric}: {self.min[metric]:g}, above ensemble.max: "
                    f"{self.max[metric]:g}"
                )
        return self


class EnsembleConfig(Strict):
    """What ``ensemble.py`` is asked for.

    Attributes:
        tracking: The record.
        ensemble: How candidates are selected and combined.
        wanted: Settings that candidates must have: dotted key of a run's configuration to its value as text.
    """

    tracking: TrackingConfig
    ensemble: EnsembleSettings = EnsembleSettings()
    wanted: dict[str, str] = {}


def ensemble_config(composed: DictConfig, overrides: Sequence[str]) -> EnsembleConfig:
    """From what Hydra composed to a validated configuration.

    Args:
        composed: The configuration of ``ensemble.py``.
        overrides: The words of the command: those about a run (``data=<name>``, ``model.width=64``) say what
            candidates must have.

    Raises:
        ConfigError: A key is unknown or a value is not allowed.
    """
    plain = as_plain(composed)
    wanted: dict[str, str] = {}
    for word in overrides:
        key, _, value = word.lstrip("+").partition("=")
        if key.partition(".")[0] in _OF_A_RUN:
            wanted[f"{key}.name" if key in _GROUPS else key] = _as_recorded(value)
    return validate_as(
        EnsembleConfig, {"tracking": plain["tracking"], "ensemble": plain["ensemble"], "wanted": wanted}
    )


def _as_recorded(value: str) -> str:
    """A value of the command line as the record of a run has it."""
    try:
        return str(yaml.safe_load(value))
    except yaml.YAMLError:
        return value
