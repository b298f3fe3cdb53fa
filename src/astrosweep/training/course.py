"""The course of one fit: its curves, its best epoch, when patience is over and when it went wrong."""

import math

from astrosweep.config import RunConfig
from astrosweep.core.errors import TrainingError

_DIVERGED = 1e6
"""A validation loss this many times that of the first epoch will not come back."""


class Course:
    """What a fit did so far, epoch by epoch.

    Attributes:
        curves: ``train/loss``, ``val/loss`` and ``lr``, one value an epoch.
        best_epoch: Last epoch (from 0) whose validation loss was an improvement by ``min_delta``.
        best: Validation loss of that epoch.
    """

    def __init__(self, config: RunConfig) -> None:
        """Begin with no epoch."""
        self._config = config
        self.curves: dict[str, list[float]] = {"train/loss": [], "val/loss": [], "lr": []}
        self.best_epoch = -1
        self.best = math.inf

    def add(self, lr: float, train_loss: float, val_loss: float) -> bool:
        """Take in an epoch.

        Returns:
            Whether it is the best so far, so that its weights are to be kept.

        Raises:
            TrainingError: A loss is not finite or diverges.
        """
        epoch = len(self.curves["lr"])
        self._check(epoch, train_loss, val_loss)
        for name, value in (("train/loss", train_loss), ("val/loss", val_loss), ("lr", lr)):
            self.curves[name].append(value)
        min_delta = self._config.trainer.early_stopping.min_delta if self.best < math.inf else 0.0
        if not val_loss < self.best - min_delta:
            return False
        self.best, self.best_epoch = val_loss, epoch
        return True

    @property
    def is_over(self) -> bool:
        """Whether patience has come to its end."""
        patience = self._config.trainer.early_stopping.patience
        return patience is not None and len(self.curves["lr"]) - 1 - self.best_epoch >= patience

    def _check(self, epoch: int, train_loss: float, val_loss: float) -> None:
        first = self.curves["val/loss"][0] if epoch else val_loss
        if not (math.isfinite(train_loss) and math.isfinite(val_loss)):
            fault = "is not finite"
        elif val_loss > _DIVERGED * (1.0 + abs(first)):
            fault = "diverges"
        else:
            return
        optimizer = self._config.optimizer
        raise TrainingError(
            f"The loss {fault} in epoch {epoch + 1}: training {train_loss}, validation {val_loss} "
            f"(loss={self._config.loss.name}, optimizer={optimizer.name}, lr={optimizer.lr:g}). "
            "Try a smaller optimizer.lr, trainer.gradient_clip=1.0, or look for extreme feature values "
            "in the data report."
        )
