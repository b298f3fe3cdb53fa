"""Train one configuration on all folds of a split: predictions, metrics and everything worth keeping."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import pandas as pd

from astrosweep.config import RunConfig
from astrosweep.core.metrics import score
from astrosweep.core.types import Dataset, Predictions, Unlabelled
from astrosweep.data import schema
from astrosweep.data.development import Development
from astrosweep.data.prepare import PreparedFold, prepare
from astrosweep.data.report import DataReport
from astrosweep.training.calibration import cross_fit_factors
from astrosweep.training.fit import FitResult, fit

_SMALLEST_CLASS = 20
_TYPE = "type_best_classification"


class Listener(Protocol):
    """What watches a training, and may end it.

    Stages count the fits of a run: the folds of the first replicate, then those of the next.
    """

    def on_epoch(self, stage: int, epoch: int, train_loss: float, val_loss: float) -> bool:
        """Called after each epoch of a fit; True ends the training."""
        ...

    def on_fold_end(self, stage: int, val_loss: float) -> bool:
        """Called after each fit with its best validation loss; True ends the training."""
        ...


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What training one configuration leaves.

    Attributes:
        predictions: One row per object, part and fold: ``source_id``, ``part``, ``fold``, the observed
            target (missing for test) and its error, ``<target>_predicted`` and ``<target>_uncertainty``, and
            ``type_best_classification`` where it is a feature.
        metrics: ``<split>/<metric>`` to value. ``val`` is the validation part of a holdout, or all
            out-of-fold predictions of a k-fold; ``train`` of a k-fold is the mean over its folds.
        curves: Per-epoch series; with several folds each is prefixed ``fold_<k>/``.
        report: The data report.
        prepared: The prepared folds.
        fits: The fits, one per fold.
        uncertainty_factor: Calibration factor of the predicted uncertainties for unseen objects.
        stopped: Whether the listener ended the training: the last fit was cut short, and later folds are
            missing.
    """

    predictions: pd.DataFrame
    metrics: dict[str, float]
    curves: dict[str, list[float]]
    report: DataReport
    prepared: tuple[PreparedFold, ...]
    fits: tuple[FitResult, ...]
    uncertainty_factor: float
    stopped: bool = False


def train(
    config: RunConfig,
    development: Development,
    listener: Listener | None = None,
    prepared: Sequence[PreparedFold] | None = None,
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
    """
    folds = prepare_folds(config, development) if prepared is None else prepared
    results: list[TrainingResult] = []
    for replicate in range(config.replicates):
        seeded = config.model_copy(update={"seed": config.seed + replicate})
        results.append(_train_once(seeded, development, folds, listener, replicate * len(folds)))
        if results[-1].stopped:
            break
    return tuple(results)


def prepare_folds(config: RunConfig, development: Development) -> tuple[PreparedFold, ...]:
    """Prepare every fold.

    Raises:
        DataError: A preparation step leaves nothing.
    """
    data = config.data
    return tuple(
        prepare(development, k, data.preparation, allow_leakage=data.allow_leakage)
        for k in range(development.n_folds)
    )


def _train_once(
    config: RunConfig,
    development: Development,
    folds: Sequence[PreparedFold],
    listener: Listener | None,
    first_stage: int,
) -> TrainingResult:
    prepared, fits, report = [], [], development.report
    for stage, fold in enumerate(folds, start=first_stage):
        on_epoch = partial(listener.on_epoch, stage) if listener else None
        result = fit(config, fold.fold, fold.target_transform, on_epoch)
        prepared.append(fold)
        fits.append(result)
        report = report.with_fold(fold.facts)
        if result.stopped or (
            listener and listener.on_fold_end(stage, result.curves["val/loss"][result.best_epoch])
        ):
            break

    predictions = pd.concat(
        [_table(k, fold, result) for k, (fold, result) in enumerate(zip(prepared, fits, strict=True))],
        ignore_index=True,
    )
    if _TYPE in development.features:
        types = pd.concat([development.frame, development.sealed]).drop_duplicates(schema.ID)
        predictions[_TYPE] = types.set_index(schema.ID)[_TYPE].reindex(predictions[schema.ID]).to_numpy()
    factor = _calibrate(predictions, n_folds=len(fits))
    curves = {
        (name if len(folds) == 1 else f"fold_{k}/{name}"): series
        for k, result in enumerate(fits)
        for name, series in result.curves.items()
    }
    return TrainingResult(
        predictions=predictions,
        metrics={**_score_parts(predictions, development), **_fit_metrics(fits, factor)},
        curves=curves,
        report=report,
        prepared=tuple(prepared),
        fits=tuple(fits),
        uncertainty_factor=factor,
        stopped=fits[-1].stopped or len(fits) < len(folds),
    )


def _table(k: int, prepared: PreparedFold, result: FitResult) -> pd.DataFrame:
    parts: list[tuple[str, Unlabelled, Predictions]] = [
        ("train", prepared.fold.train, result.train),
        ("val", prepared.fold.val, result.val),
        ("test", prepared.fold.test, result.test),
    ]
    target = prepared.fold.target_names[0]
    tables = []
    for name, part, predicted in parts:
        unknown = np.full(len(part), np.nan)
        observed, error = (
            (part.target[:, 0], part.target_error[:, 0]) if isinstance(part, Dataset) else (unknown, unknown)
        )
        tables.append(
            pd.DataFrame(
                {
                    schema.ID: part.ids,
                    "part": name,
                    "fold": k,
                    target: observed,
                    f"{target}_error": error,
                    f"{target}_predicted": predicted.mean[:, 0],
                    f"{target}_uncertainty": predicted.std[:, 0],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _calibrate(predictions: pd.DataFrame, n_folds: int) -> float:
    """Scale the uncertainties in place; return the factor for unseen objects.

    The factors come from validation residuals. Each validation object takes a factor that did not see it:
    with one fold from the other half of the validation part, with several from the other folds.
    """
    std = f"{schema.TARGET}_uncertainty"
    is_val = (predictions["part"] == "val").to_numpy()
    val = predictions[is_val]
    residual = (val[schema.TARGET] - val[f"{schema.TARGET}_predicted"]).to_numpy()
    group = np.arange(len(val)) % 2 if n_folds == 1 else val["fold"].to_numpy()
    own, overall = cross_fit_factors(
        residual, val[f"{schema.TARGET}_error"].to_numpy(), val[std].to_numpy(), group
    )
    factors = np.full(len(predictions), overall)
    factors[is_val] = own
    predictions[std] *= factors
    return overall


def _score_parts(predictions: pd.DataFrame, development: Development) -> dict[str, float]:
    metrics: dict[str, float] = {}
    train = predictions[predictions["part"] == "train"]
    of_folds = pd.DataFrame([_score(rows) for _, rows in train.groupby("fold")])
    metrics |= {f"train/{name}": float(value) for name, value in of_folds.mean().items()}
    val = predictions[predictions["part"] == "val"]
    metrics |= {f"val/{name}": value for name, value in _score(val).items()}
    frame = development.frame.drop_duplicates(schema.ID).set_index(schema.ID)
    for feature in development.features:
        if not schema.is_categorical(feature):
            continue
        classes = frame[feature].reindex(val[schema.ID]).to_numpy()
        for label in sorted({str(c) for c in classes if isinstance(c, str)}):
            rows = val[classes == label]
            if _SMALLEST_CLASS <= len(rows) < len(val):
                scores = _score(rows)
                metrics |= {
                    f"val/{feature}.{_metric_name(label)}/{name}": scores[name]
                    for name in ("n", "r2", "rmse", "mae", "coverage_68", "reduced_chi2")
                    if name in scores
                }
    return metrics


def _metric_name(label: str) -> str:
    """A class name with only the characters that metric names may have."""
    return re.sub(r"[^A-Za-z0-9_. -]", "_", label)


def _score(rows: pd.DataFrame) -> dict[str, float]:
    target = schema.TARGET
    return score(
        rows[target].to_numpy(),
        rows[f"{target}_error"].to_numpy(),
        rows[f"{target}_predicted"].to_numpy(),
        rows[f"{target}_uncertainty"].to_numpy(),
    )


def _fit_metrics(fits: list[FitResult], factor: float) -> dict[str, float]:
    return {
        "val/loss": float(np.mean([result.curves["val/loss"][result.best_epoch] for result in fits])),
        "val/uncertainty_factor": factor,
        "fit/best_epoch": float(np.mean([result.best_epoch + 1 for result in fits])),
        "fit/epochs": float(np.sum([len(result.curves["val/loss"]) for result in fits])),
        "fit/n_parameters": float(fits[0].n_parameters),
        "fit/time_s": float(np.sum([result.time_s for result in fits])),
    }
