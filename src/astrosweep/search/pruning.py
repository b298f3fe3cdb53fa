"""When a trial tells the pruner how it does, and Optuna's pruners.

A trial has one axis of epochs through all its fits: epoch ``e`` of fit ``k`` is step ``k * stride + e + 1``
with ``stride`` the longest training; folds trained together are one fit. What it tells is its mean best
validation loss so far, so that trials compare at equal steps; a trial whose folds are not trained as those
of its study tells nothing. It tells at the steps where the pruner decides and at the end of each fit, and not
each epoch: a report costs as much as an epoch of a small network. All epochs are in the run's curves.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import optuna
from optuna.pruners import BasePruner

from astrosweep.config import PrunerConfig, StudyConfig
from astrosweep.core.errors import ConfigError
from astrosweep.data.kind import PreparedData
from astrosweep.training import group_folds

_OBSTRUCTIVE = ("scheduler", "trainer.gradient_clip", "trainer.precision", "trainer.folds")
"""Keys which, where they are drawn, may keep the folds of a trial from being trained together."""


def build_pruner(config: PrunerConfig, n_steps: int) -> BasePruner:
    """Build a pruner.

    Args:
        config: The pruner.
        n_steps: Last step of a trial.

    Returns:
        Optuna's pruner.
    """
    if config.name == "hyperband":
        first = min(config.min_epochs, n_steps)
        return optuna.pruners.HyperbandPruner(first, n_steps, config.reduction_factor)
    if config.name == "asha":
        first = min(config.min_epochs, n_steps)
        return optuna.pruners.SuccessiveHalvingPruner(first, config.reduction_factor)
    if config.name == "median":
        return optuna.pruners.MedianPruner(
            n_startup_trials=config.n_startup_trials, n_warmup_steps=config.n_warmup_epochs
        )
    if config.name == "wilcoxon":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.pruners.WilcoxonPruner(
                p_threshold=config.p_threshold, n_startup_steps=config.n_startup_folds
            )
    return optuna.pruners.NopPruner()


def stride_of(config: StudyConfig) -> int:
    """Longest training of a fit in the study, in epochs."""
    key = "trainer.max_epochs"
    lengths = [int(max(d.extremes)) for d in config.search.distributions if d.key == key]
    return max(lengths, default=config.trainer.max_epochs)


def trains_together(config: StudyConfig, data: PreparedData[Any, Any, Any]) -> bool:
    """Whether the trials of a study train their folds together, for its own configuration and data.

    Not if a trial could draw what stands in the way: its steps would be other ones.

    Raises:
        ConfigError: ``trainer.folds=together``, and they cannot.
    """
    if config.search.pruner.name == "wilcoxon":
        return False
    obstructive = [d.key for d in config.search.distributions if d.key in _OBSTRUCTIVE]
    if obstructive and config.trainer.folds == "together":
        raise ConfigError(
            f"trainer.folds=together: the search draws {', '.join(obstructive)}. Use trainer.folds=auto."
        )
    return not obstructive and len(group_folds(config, data)) < len(data.folds)


def count_stages(config: StudyConfig, *, together: bool) -> int:
    """Number of fits of a trial of the study."""
    n_folds = 1 if together else getattr(config.split, "n_folds", 1)
    return n_folds * config.search.replicates


def looks(config: PrunerConfig, n_steps: int) -> frozenset[int]:
    """Steps within fits at which the pruner decides.

    After its first look successive halving looks in the first half of a trial only: what is left later costs
    no more than what has been spent, and a whole trial is worth more than a pruned one.
    """
    return frozenset(_looks(config, n_steps))


def _looks(config: PrunerConfig, n_steps: int) -> Iterator[int]:
    if config.name in ("hyperband", "asha"):
        step = min(config.min_epochs, n_steps)
        yield step
        while (step := step * config.reduction_factor) <= n_steps / 2:
            yield step
    elif config.name == "median":
        yield from range(config.n_warmup_epochs + 1, n_steps + 1, config.interval_epochs)


class Reporter:
    """The listener of a trial's training: it tells the pruner, and stops the training when that says so.

    Args:
        trial: The trial.
        pruner: The pruner's configuration.
        stride: Longest training of a fit, in epochs.
        n_stages: Number of fits of the trial.
        may_prune: Whether the trial may be pruned; a study of several objectives cannot.
    """

    def __init__(
        self, trial: optuna.Trial, pruner: PrunerConfig, stride: int, n_stages: int, *, may_prune: bool
    ) -> None:
        self._trial = trial
        self._by_fold = pruner.name == "wilcoxon"
        self._looks = looks(pruner, stride * n_stages)
        self._stride = stride
        self._n_stages = n_stages
        self._may_prune = may_prune
        self._best: list[float] = []
        self._last_step = -1
        self.pruned = False

    def on_epoch(self, stage: int, epoch: int, train_loss: float, val_loss: float) -> bool:  # noqa: ARG002
        """See ``Listener.on_epoch``."""
        if len(self._best) == stage:
            self._best.append(val_loss)
        self._best[stage] = min(self._best[stage], val_loss)
        step = stage * self._stride + epoch + 1
        return step in self._looks and self._tell(step)

    def on_fit_end(self, stage: int, val_loss: float) -> bool:
        """See ``Listener.on_fit_end``."""
        is_last = stage + 1 == self._n_stages
        self._best[stage] = val_loss
        if self._by_fold:
            return self._report(val_loss, stage, decide=not is_last)
        return self._report(self._mean(), (stage + 1) * self._stride, decide=not is_last)

    def _tell(self, step: int) -> bool:
        return self._report(self._mean(), step, decide=True)

    def _mean(self) -> float:
        return sum(self._best) / len(self._best)

    def _report(self, value: float, step: int, *, decide: bool) -> bool:
        if not self._may_prune:
            return False
        if step != self._last_step:  # the pruner may have looked at the last epoch of a fit already
            self._trial.report(value, step)
            self._last_step = step
        self.pruned = decide and self._trial.should_prune()
        return self.pruned
