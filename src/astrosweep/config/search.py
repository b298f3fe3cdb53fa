"""Configuration of a search: budget, sampler, pruner, objectives and space."""

import difflib
import re
from collections.abc import Sequence, Set
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from astrosweep.config.base import Strict
from astrosweep.config.pruner import AshaConfig, NoPrunerConfig, PrunerConfig
from astrosweep.config.sampler import SamplerConfig, TpeConfig
from astrosweep.config.space import Distribution, flatten_keys, parse_space

_OF_FIT = frozenset(
    {
        "val/loss",
        "val/uncertainty_factor",
        "fit/best_epoch",
        "fit/epochs",
        "fit/n_parameters",
        "fit/time_s",
    }
)
_CLOSED = {
    "search": "it is the search itself",
    "tracking": "it says where runs are recorded",
    "split": "trials must be compared on the same validation objects, with the same ones sealed",
    "worker": "it numbers the processes",
    "storage": "it says where the study is kept",
    "name": "it names the run",
    "replicates": "set search.replicates",
}
_SHOWN = 40
_OPEN_DATA = ("data.batch_size", "data.preparation", "data.features")


class SearchConfig(Strict):
    """One study: trials of one configuration with some keys drawn from a space.

    Attributes:
        study: Name of the study; null takes the name of the run.
        n_trials: Completed and pruned trials that the study holds when it is done: a total, not "more".
        timeout_s: A worker starts no trial after so many seconds; null for no limit.
        objectives: Metrics to minimise; a leading minus minimises the negative, as in ``-val/r2``.
        sampler: How parameters are proposed.
        pruner: When a bad trial ends early.
        seed: Seed of the sampler.
        replicates: Trainings of each trial with successive seeds; objectives are means over them.
        space: Dotted key to a distribution in Hydra's override grammar, such as
            ``tag(log, interval(1e-5, 1e-2))``, ``choice(32, 64)`` or ``range(2, 9)``.
        enqueue: Settings that a new study tries first, each with some keys of the space. A key that is not
            there has the value of the configuration, or the end of its range next to it; where a choice does
            not have that value, it is drawn. So ``{}`` are the configuration's own values.
        heartbeat_s: Seconds between a worker's signs of life.
        grace_s: Silence after which the trial of a worker is given to another one.
        max_retries: How often a trial whose worker died is started again with the same parameters.
        max_failures: The study stops when more trials than this have failed.
        patience_s: How long a worker waits for a database that does not answer before it gives up.
        on_change: What to do with a study whose data, space, split or settings changed since it began.
    """

    study: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    n_trials: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    timeout_s: Annotated[float, Field(gt=0.0)] | None = None
    objectives: Annotated[list[str], Field(min_length=1, max_length=5)] = ["val/rmse"]
    sampler: SamplerConfig = TpeConfig()
    pruner: PrunerConfig = AshaConfig()
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    replicates: Annotated[int, Field(ge=1, le=100)] = 1
    space: Annotated[dict[str, Any], Field(validate_default=True)] = {}
    enqueue: list[dict[str, Any]] = []
    heartbeat_s: Annotated[int, Field(ge=1)] = 5
    grace_s: Annotated[int, Field(ge=2)] = 30
    max_retries: Annotated[int, Field(ge=0)] = 10
    max_failures: Annotated[int, Field(ge=0)] = 20
    patience_s: Annotated[float, Field(ge=0.0)] = 120.0
    on_change: Literal["refuse", "continue"] = "refuse"

    @field_validator("objectives")
    @classmethod
    def _seen_in_validation(cls, objectives: list[str]) -> list[str]:
        for objective in objectives:
            if objective.lstrip("-").startswith("test"):
                raise ValueError(f"{objective}: an objective never sees the test objects; take a val/ metric")
        if len(set(objectives)) < len(objectives):
            raise ValueError("the same objective is there twice")
        return objectives

    @field_validator("space")
    @classmethod
    def _readable(cls, space: dict[str, Any]) -> dict[str, Any]:
        distributions = parse_space(space)
        if not distributions:
            raise ValueError(
                "the space is empty; give at least one key, for example "
                "search.space.optimizer.lr='tag(log, interval(1e-4, 1e-2))'"
            )
        for key in (distribution.key for distribution in distributions):
            group = key.split(".")[0]
            if group in _CLOSED:
                raise ValueError(f"{key} cannot be searched: {_CLOSED[group]}")
            if group == "data" and not key.startswith(_OPEN_DATA):
                raise ValueError(
                    f"{key} cannot be searched: trials must be compared on the same objects; "
                    f"of data, allowed: {', '.join(_OPEN_DATA)}"
                )
        return space

    @model_validator(mode="after")
    def _fits_together(self) -> "SearchConfig":
        if self.grace_s <= self.heartbeat_s:
            raise ValueError(
                f"search.grace_s = {self.grace_s} must be above search.heartbeat_s = {self.heartbeat_s}"
            )
        prunes = not isinstance(self.pruner, NoPrunerConfig)
        if prunes and len(self.objectives) > 1:
            raise ValueError(
                f"search.pruner.name = {self.pruner.name}: a search of several objectives cannot prune; "
                "say search/pruner=none"
            )
        self._check_enqueued()
        keys = [d.key for d in self.distributions]
        incomparable = [key for key in keys if key.startswith(("loss", "data.preparation.target_transform"))]
        if prunes and incomparable:
            raise ValueError(
                f"search.pruner.name = {self.pruner.name}: trials that differ in {', '.join(incomparable)} "
                "have losses on different scales, which a pruner cannot compare; say search/pruner=none"
            )
        if self.sampler.name == "grid" and (
            endless := [d.key for d in self.distributions if d.kind == "float"]
        ):
            raise ValueError(f"search.sampler.name = grid: {', '.join(endless)} has no finite set of values")
        if self.sampler.name == "cmaes" and len(self.objectives) > 1:
            raise ValueError(
                "search.sampler.name = cmaes: it takes one objective; allowed: tpe, gp, random, qmc"
            )
        return self

    def _check_enqueued(self) -> None:
        if self.enqueue and self.sampler.name == "grid":
            raise ValueError("search.enqueue: a grid tries every point anyway; say search.enqueue=[]")
        if len(self.enqueue) > self.n_trials:
            raise ValueError(
                f"search.enqueue has {len(self.enqueue)} settings, search.n_trials = {self.n_trials}"
            )
        space = {d.key: d for d in self.distributions}
        for i, values in enumerate(self.enqueued):
            for key, value in values.items():
                if key not in space:
                    raise ValueError(
                        f"search.enqueue[{i}]: {key} is not searched; keys of the space: {', '.join(space)}; "
                        "or say search.enqueue=[]"
                    )
                if not space[key].holds(value):
                    raise ValueError(
                        f"search.enqueue[{i}]: {key} = {value!r}; allowed: {space[key].text}; or say "
                        "search.enqueue=[]"
                    )

    @property
    def enqueued(self) -> list[dict[str, Any]]:
        """The settings that are tried first, by dotted key."""
        return [flatten_keys(values) for values in self.enqueue]

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        """The parsed space, by key."""
        return parse_space(self.space)


def check_objectives(objectives: Sequence[str], known: Set[str], pattern: re.Pattern[str] | None) -> None:
    """Refuse objectives that no run on some data has.

    Args:
        objectives: As in ``SearchConfig``.
        known: Metrics that every such run has.
        pattern: What other names look like, without ``val/``, of which only the data tell.

    Raises:
        ValueError: An objective is not a metric of such a run.
    """
    known = known | _OF_FIT
    for objective in objectives:
        metric = objective.removeprefix("-")
        if metric in known or (pattern and pattern.fullmatch(metric.removeprefix("val/"))):
            continue
        close = difflib.get_close_matches(metric, sorted(known), n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        shortest = sorted(known, key=lambda name: (len(name), name))[:_SHOWN]
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        raise ValueError(
            f"search.objectives: {objective}: not a metric of a run on these data{hint} "
            f"Allowed: {', '.join(sorted(shortest))}{more}"
        )
