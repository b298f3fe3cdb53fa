"""Train one configuration on all folds of a split: predictions, metrics and everything worth keeping."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd

from astrosweep.config import RunConfig
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.fold import Fold
from astrosweep.data.kind import PreparedData, PreparedFold
from astrosweep.data.report import DataReport
from astrosweep.training.assessment import assess
from astrosweep.training.fit import FitResult, fit
from astrosweep.training.together import are_together, fit_together

Groups = tuple[tuple[Fold, ...], ...]
"""The folds of a split in the order of their fits; those of a group are trained together, in one fit."""


class Listener(Protocol):
    """What watches a training, and may end it.

    Stages count the fits of a run: the groups of folds of the first replicate, then those of the next. Folds
    that are trained together are one fit, whose training loss is the mean over its folds and whose validation
    loss the mean of their best ones so far.
    """

    def on_epoch(self, stage: int, epoch: int, train_loss: float, val_loss: float) -> bool:
        """Called after each epoch of a fit; True ends the training."""
        ...

    def on_fit_end(self, stage: int, val_loss: float) -> bool:
        """Called after each fit with its best validation loss; True ends the training."""
        ...


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What training one configuration leaves.

    Attributes:
        predictions: One row per object (or point of a profile), part and fold; see ``Assessment``.
        metrics: ``<split>/<metric>`` to value; see ``Assessment``.
        curves: Per-epoch series; with several folds each is prefixed ``fold_<k>/``.
        report: The data report.
        prepared: The folds that were fitted.
        fits: The fits, one per fold.
        factor: Calibration factors of the predicted uncertainties for unseen objects, shape (T,).
        validation: See ``Assessment``.
        stopped: Whether the listener ended the training: the last fit was cut short, and later folds are
            missing.
    """

    predictions: pd.DataFrame
    metrics: dict[str, float]
    curves: dict[str, list[float]]
    report: DataReport
    prepared: tuple[PreparedFold[Any, Any, Any], ...]
    fits: tuple[FitResult, ...]
    factor: FloatArray
    validation: Predictions
    stopped: bool = False


def train(
    config: RunConfig,
    data: PreparedData[Any, Any, Any],
    listener: Listener | None = None,
    groups: Groups | None = None,
) -> tuple[TrainingResult, ...]:
    """Fit each fold, calibrate the uncertainties and score the validation objects.

    Args:
        config: The run's configuration.
        data: Its data; test targets are not in them.
        listener: What watches the training.
        groups: The folds as ``group_folds`` groups them, for who has done so already.

    Returns:
        One result for each replicate; fewer if the listener ended the training.

    Raises:
        TrainingError: A loss is not finite.
        ConfigError: ``trainer.folds=together``, and the folds cannot be trained so.
    """
    groups = group_folds(config, data) if groups is None else groups
    results: list[TrainingResult] = []
    for replicate in range(config.replicates):
        seeded = config.model_copy(update={"seed": config.seed + replicate})
        results.append(_train_once(seeded, data, groups, listener, replicate * len(groups)))
        if results[-1].stopped:
            break
    return tuple(results)


def group_folds(config: RunConfig, data: PreparedData[Any, Any, Any]) -> Groups:
    """Decide which folds are trained together: all of them, or each alone.

    Raises:
        ConfigError: ``trainer.folds=together``, and the folds cannot be trained so.
    """
    folds = tuple(prepared.fold for prepared in data.folds)
    return (folds,) if are_together(config, folds) else tuple((fold,) for fold in folds)


def _train_once(
    config: RunConfig,
    data: PreparedData[Any, Any, Any],
    groups: Groups,
    listener: Listener | None,
    first_stage: int,
) -> TrainingResult:
    fits: list[FitResult] = []
    for stage, folds in enumerate(groups, start=first_stage):
        on_epoch = partial(listener.on_epoch, stage) if listener else None
        ended = fit_together(config, folds, on_epoch) if len(folds) > 1 else [fit(config, folds[0], on_epoch)]
        fits += ended
        best = float(np.mean([result.curves["val/loss"][result.best_epoch] for result in ended]))
        if ended[0].stopped or (listener and listener.on_fit_end(stage, best)):
            break
    prepared, report = data.folds[: len(fits)], data.report
    for fold in prepared:
        report = report.with_fold(dict(fold.facts))
    assessed = assess(data, fits)
    curves = {
        (name if len(data.folds) == 1 else f"fold_{k}/{name}"): series
        for k, result in enumerate(fits)
        for name, series in result.curves.items()
    }
    return TrainingResult(
        predictions=assessed.predictions,
        metrics={**assessed.metrics, **_fit_metrics(fits)},
        curves=curves,
        report=report,
        prepared=prepared,
        fits=tuple(fits),
        factor=assessed.factor,
        validation=assessed.validation,
        stopped=fits[-1].stopped or len(fits) < len(data.folds),
    )


def _fit_metrics(fits: Sequence[FitResult]) -> dict[str, float]:
    return {
        "val/loss": float(np.mean([result.curves["val/loss"][result.best_epoch] for result in fits])),
        "fit/best_epoch": float(np.mean([result.best_epoch + 1 for result in fits])),
        "fit/epochs": float(np.sum([len(result.curves["val/loss"]) for result in fits])),
        "fit/n_parameters": float(fits[0].n_parameters),
        "fit/time_s": float(np.sum([result.time_s for result in fits])),
    }
