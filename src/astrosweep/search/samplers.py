"""Optuna's samplers, from their configuration."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler

from astrosweep.config import Distribution, SearchConfig
from astrosweep.search.space import grid_of


def build_sampler(search: SearchConfig, worker: int, n_trials: int) -> BaseSampler:
    """Build the sampler of one worker.

    Workers draw differently, and a worker that goes on with a study does not draw again what it drew before.
    Points of a sequence or a grid are shared out by the storage, so there all workers have the same seed.

    Args:
        search: The search.
        worker: The worker's number.
        n_trials: Trials in the study when the worker joins it.

    Returns:
        The sampler.
    """
    own = int(np.random.SeedSequence([search.seed, worker, n_trials]).generate_state(1)[0])
    sampler = search.sampler
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return _BUILDERS[sampler.name](sampler, search, own)


def grid_size(distributions: Sequence[Distribution]) -> int:
    """Number of combinations of a finite space."""
    return int(np.prod([len(values) for values in grid_of(distributions).values()], dtype=object))


def _tpe(config: Any, search: SearchConfig, seed: int) -> BaseSampler:  # noqa: ARG001
    return optuna.samplers.TPESampler(
        n_startup_trials=config.n_startup_trials,
        multivariate=config.multivariate,
        constant_liar=config.constant_liar,
        seed=seed,
    )


def _gp(config: Any, search: SearchConfig, seed: int) -> BaseSampler:  # noqa: ARG001
    return optuna.samplers.GPSampler(seed=seed, n_startup_trials=config.n_startup_trials)


def _cmaes(config: Any, search: SearchConfig, seed: int) -> BaseSampler:  # noqa: ARG001
    return optuna.samplers.CmaEsSampler(seed=seed, n_startup_trials=config.n_startup_trials)


def _random(config: Any, search: SearchConfig, seed: int) -> BaseSampler:  # noqa: ARG001
    return optuna.samplers.RandomSampler(seed=seed)


def _qmc(config: Any, search: SearchConfig, seed: int) -> BaseSampler:  # noqa: ARG001
    return optuna.samplers.QMCSampler(scramble=True, seed=search.seed)


def _grid(config: Any, search: SearchConfig, seed: int) -> BaseSampler:  # noqa: ARG001
    return optuna.samplers.GridSampler(grid_of(search.distributions), seed=search.seed)


_BUILDERS: dict[str, Callable[[Any, SearchConfig, int], BaseSampler]] = {
    "tpe": _tpe,
    "gp": _gp,
    "cmaes": _cmaes,
    "random": _random,
    "qmc": _qmc,
    "grid": _grid,
}
