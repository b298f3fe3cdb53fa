"""Train one configuration on all folds of a split: predictions, metrics and everything worth keeping."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import pandas as pd

from astrosweep.config import RunConfig
from astrosweep.core.types import FloatArray
from astrosweep.data.report import DataReport
from astrosweep.data.sources import AnyDevelopment, AnyPreparedFold, prepare_fold
from astrosweep.training.assessment import assess
from astrosweep.training.fit import FitResult, fit
from astrosweep.training.together import are_together, fit_together


class Listener(Protocol):
    """What watches a training, and may end it.

    Stages count the fits of a run: the folds of the first replicate, then those of the next. Folds that are
    trained together are one fit, whose training loss is the mean over its folds and whose validation loss
    the mean of their best ones so far.
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
        predictions: One row per star (or point of a cluster's profile), part and fold; see ``assess``.
        metrics: ``<split>/<metric>`` to value. ``val`` is the validation part of a holdout, or all
            out-of-fold predictions of a k-fold; ``train`` of a k-fold is the mean over its folds.
        curves: Per-epoch series; with several folds each is prefixed ``fold_<k>/``.
        report: The data report.
        prepared: The prepared folds.
        fits: The fits, one per fold.
        uncertainty_factor: Calibration factor of the predicted uncertainties for unseen objects: a number,
            or one for each of the T targets.
        stopped: Whether the listener ended the training: the last fit was cut short, and later folds are
            missing.
    """

    predictions: pd.DataFrame
    metrics: dict[str, float]
    curves: dict[str, list[float]]
    report: DataReport
    prepared: tuple[AnyPreparedFold, ...]
    fits: tuple[FitResult, ...]
    uncertainty_factor: float | FloatArray
    stopped: bool = False


def train(
    config: RunConfig,
    development: AnyDevelopment,
    listener: Listener | None = None,
    prepared: Sequence[AnyPreparedFold] | None = None,
) -> tuple[TrainingResult, ...]:
    """Prepare and fit each fold, calibrate the uncertainties and score the validation objects.

    Args:
        config: The run's configuration.
        development: The labelled rows and the sealed features; test targets are not in it.
        listener: What watches the training.
        prepared: The folds as ``prepare_folds`` makes them, for who trains many networks on the same ones.

    Returns:
        One result for each replicate; fewer if the listener ended the training.

    Raises:
        TrainingError: A loss is not finite.
        DataError: A preparation step leaves nothing.
        ConfigError: ``trainer.folds=together``, and the folds cannot be trained so.
    """
    folds = prepare_folds(config, development) if prepared is None else prepared
    n_fits = count_fits(config.model_copy(update={"replicates": 1}), folds)
    results: list[TrainingResult] = []
    for replicate in range(config.replicates):
        seeded = config.model_copy(update={"seed": config.seed + replicate})
        results.append(_train_once(seeded, development, folds, listener, replicate * n_fits))
        if results[-1].stopped:
            break
    return tuple(results)


def count_fits(config: RunConfig, folds: Sequence[AnyPreparedFold]) -> int:
    """Number of fits of a run, which a ``Listener`` counts as stages.

    Raises:
        ConfigError: ``trainer.folds=together``, and the folds cannot be trained so.
    """
    return config.replicates * (1 if are_together(config, folds) else len(folds))


def prepare_folds(config: RunConfig, development: AnyDevelopment) -> tuple[AnyPreparedFold, ...]:
    """Prepare every fold.

    Raises:
        DataError: A preparation step leaves nothing.
    """
    return tuple(prepare_fold(config, development, k) for k in range(development.n_folds))


def _train_once(
    config: RunConfig,
    development: AnyDevelopment,
    folds: Sequence[AnyPreparedFold],
    listener: Listener | None,
    first_stage: int,
) -> TrainingResult:
    fits: list[FitResult] = []
    together = are_together(config, folds)
    for stage, group in enumerate([folds] if together else [[fold] for fold in folds], start=first_stage):
        on_epoch = partial(listener.on_epoch, stage) if listener else None
        ended = (
            fit_together(config, group, on_epoch)
            if together
            else [fit(config, group[0].fold, group[0].target_transform, on_epoch)]
        )
        fits += ended
        best = float(np.mean([result.curves["val/loss"][result.best_epoch] for result in ended]))
        if ended[0].stopped or (listener and listener.on_fit_end(stage, best)):
            break
    prepared, report = folds[: len(fits)], development.report
    for fold in prepared:
        report = report.with_fold(fold.facts)

    assessed = assess(development, prepared, fits)
    curves = {
        (name if len(folds) == 1 else f"fold_{k}/{name}"): series
        for k, result in enumerate(fits)
        for name, series in result.curves.items()
    }
    return TrainingResult(
        predictions=assessed.predictions,
        metrics={**assessed.metrics, **_fit_metrics(fits)},
        curves=curves,
        report=report,
        prepared=tuple(prepared),
        fits=tuple(fits),
        uncertainty_factor=assessed.uncertainty_factor,
        stopped=fits[-1].stopped or len(fits) < len(folds),
    )


def _fit_metrics(fits: list[FitResult]) -> dict[str, float]:
    return {
        "val/loss": float(np.mean([result.curves["val/loss"][result.best_epoch] for result in fits])),
        "fit/best_epoch": float(np.mean([result.best_epoch + 1 for result in fits])),
        "fit/epochs": float(np.sum([len(result.curves["val/loss"]) for result in fits])),
        "fit/n_parameters": float(fits[0].n_parameters),
        "fit/time_s": float(np.sum([result.time_s for result in fits])),
    }
