"""From a search space to the configuration of one trial."""

import json
from collections.abc import Sequence
from typing import Any

import optuna

from astrosweep.config import Distribution, RunConfig, StudyConfig
from astrosweep.config.parse import validate
from astrosweep.config.space import overlay, same

_SCALARS = (str, int, float, bool, type(None))


def suggest(trial: optuna.Trial, distributions: Sequence[Distribution]) -> dict[str, Any]:
    """Draw one value for each key.

    Args:
        trial: The trial that draws.
        distributions: The space.

    Returns:
        Dotted key to value, as the configuration takes it.
    """
    return {distribution.key: _suggest(trial, distribution) for distribution in distributions}


def enqueued(config: StudyConfig) -> list[dict[str, Any]]:
    """The settings that a study tries first, as Optuna's queue takes them.

    Args:
        config: The study's configuration; see ``SearchConfig.enqueue``.

    Returns:
        Of each, dotted key to value; keys that are not there are drawn.
    """
    plain = config.model_dump(mode="json", exclude={"search"})
    space = {d.key: d for d in config.search.distributions}
    own = {key: d.nearest(_own_value(plain, key)) for key, d in space.items()}
    own = {key: value for key, value in own.items() if space[key].holds(value)}
    return [
        {key: _queued(space[key], value) for key, value in (own | given).items()}
        for given in config.search.enqueued
    ]


def configure(config: StudyConfig, values: dict[str, Any], *, together: bool = True) -> RunConfig:
    """The configuration of one trial of a study.

    Args:
        config: The study's configuration.
        values: Dotted key to value.
        together: Whether the study's trials may train their folds together.

    Returns:
        A plain run with these values and the study's replicates, without figures.

    Raises:
        ConfigError: The values do not go together.
    """
    plain = config.model_dump(mode="python")
    plain |= {"search": None, "worker": 0, "replicates": config.search.replicates, "name": None}
    plain["tracking"]["figures"] = False
    plain["trainer"]["progress"] = False
    plain = overlay(plain, values)
    if not together:
        plain["trainer"]["folds"] = "sequential"  # so that the trial's run can be reproduced
    return validate(plain)


def grid_of(distributions: Sequence[Distribution]) -> dict[str, list[Any]]:
    """Every value of every key, as Optuna's grid sampler wants them."""
    grid: dict[str, list[Any]] = {}
    for d in distributions:
        if d.kind == "choice":
            grid[d.key] = [_stored(choice) for choice in d.choices]
        else:
            grid[d.key] = list(range(int(d.low), int(d.high) + 1, d.step))
    return grid


def _own_value(plain: dict[str, Any], key: str) -> Any:
    """What a configuration has at a dotted key; the option's name where it is a group."""
    value: Any = plain
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value.get("name") if isinstance(value, dict) else value


def _queued(d: Distribution, value: Any) -> Any:
    """A value of the distribution, written as ``_suggest`` writes it."""
    if d.kind == "choice":
        return _stored(next(choice for choice in d.choices if same(value, choice)))
    return value


def _suggest(trial: optuna.Trial, d: Distribution) -> Any:
    if d.kind == "float":
        return trial.suggest_float(d.key, d.low, d.high, log=d.log)
    if d.kind == "int":
        return trial.suggest_int(d.key, int(d.low), int(d.high), log=d.log, step=d.step)
    by_stored = {_stored(choice): choice for choice in d.choices}
    return by_stored[trial.suggest_categorical(d.key, list(by_stored))]


def _stored(choice: Any) -> Any:
    """A choice as Optuna's storage takes it: a list becomes its text."""
    return choice if isinstance(choice, _SCALARS) else json.dumps(choice)
