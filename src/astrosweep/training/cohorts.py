"""The optimisers of folds that are trained together.

An elementwise optimiser steps stacked parameters as it steps separate ones, but it counts its steps, and an
epoch may have one batch more in one fold than in another. So folds with the same number of batches share an
optimiser, a cohort, and lie next to each other in the stack.
"""

from collections.abc import Sequence
from itertools import groupby

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from astrosweep.config import RunConfig
from astrosweep.training.optimizers import build_optimizer, build_scheduler


class Cohort:
    """Neighbouring folds of a stack that have the same number of batches in an epoch.

    Attributes:
        n_batches: That number.
        places: Their places in the stack.
    """

    def __init__(
        self, config: RunConfig, parameters: Sequence[Tensor], places: range, n_batches: int
    ) -> None:
        """Build optimiser and schedule for some places of stacked parameters, each (K, ...)."""
        self.n_batches = n_batches
        self.places = places
        self._leaves = _leaves(parameters, places)
        self._optimizer: Optimizer = build_optimizer(config.optimizer, self._leaves)
        self._scheduler: LRScheduler | None = build_scheduler(
            config.scheduler, self._optimizer, config.trainer.max_epochs
        )

    @property
    def lr(self) -> float:
        """The learning rate."""
        return float(self._optimizer.param_groups[0]["lr"])

    def step(self, parameters: Sequence[Tensor]) -> None:
        """Step these folds by the gradients of the stacked parameters."""
        for leaf, parameter in zip(self._leaves, parameters, strict=True):
            if leaf is not parameter:
                assert parameter.grad is not None
                leaf.grad = parameter.grad[self.places.start : self.places.stop]
        self._optimizer.step()

    def end_epoch(self) -> None:
        """Step the schedule."""
        if self._scheduler is not None:
            self._scheduler.step()

    def move(self, parameters: Sequence[Tensor], places: range, kept: Sequence[int]) -> None:
        """Go on with some of the folds in a new stack.

        Args:
            parameters: The new stacked parameters.
            places: Places of the folds in the new stack.
            kept: Which of the cohort's folds these are, counted from its first.
        """
        old, self._leaves, self.places = self._leaves, _leaves(parameters, places), places
        state = self._optimizer.state
        for before, now in zip(old, self._leaves, strict=True):
            # What is stacked is kept for these folds; the number of steps is one for all.
            state[now] = {
                name: value[list(kept)] if value.shape == before.shape else value
                for name, value in state.pop(before).items()
            }
        self._optimizer.param_groups[0]["params"] = self._leaves


def cohorts_of(config: RunConfig, parameters: Sequence[Tensor], n_batches: Sequence[int]) -> list[Cohort]:
    """Divide a stack, in the order of the folds' numbers of batches, into cohorts."""
    cohorts, start = [], 0
    for number, group in groupby(n_batches):
        places = range(start, start + len(list(group)))
        cohorts.append(Cohort(config, parameters, places, number))
        start = places.stop
    return cohorts


def keep(cohorts: Sequence[Cohort], parameters: Sequence[Tensor], kept: Sequence[int]) -> list[Cohort]:
    """The cohorts of a stack of which only the folds at these places are kept."""
    left, start = [], 0
    for cohort in cohorts:
        own = [place - cohort.places.start for place in kept if place in cohort.places]
        if own:
            cohort.move(parameters, range(start, start + len(own)), own)
            left.append(cohort)
            start += len(own)
    return left


def _leaves(parameters: Sequence[Tensor], places: range) -> list[Tensor]:
    """What an optimiser holds: the stacked parameters, or windows on some of their folds."""
    if len(places) == len(parameters[0]):
        return list(parameters)
    return [parameter.detach()[places.start : places.stop].requires_grad_() for parameter in parameters]
