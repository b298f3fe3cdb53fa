"""What the fits of a run are worth: calibrated predictions and metrics, for every kind of data alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.types import Dataset, FloatArray, Predictions
from astrosweep.data.kind import Judged, Labelled, ObjectsT, Preparation, PreparationT, PreparedData, TruthT
from astrosweep.training.calibration import calibrate
from astrosweep.training.fit import FitResult


@dataclass(frozen=True, eq=False)
class Assessment:
    """Calibrated predictions and their metrics.

    Attributes:
        predictions: ``Preparation.table`` of the parts that the kind keeps, with the columns ``part`` and
            ``fold``.
        metrics: ``<split>/<metric>`` to value. ``val`` is the validation part of a holdout, or all
            out-of-fold predictions of a k-fold; ``train`` of a k-fold is the mean over its folds.
        factor: Calibration factors for unseen objects, shape (T,).
        validation: Calibrated predictions of the validation objects of all folds, one fold after the other.
    """

    predictions: pd.DataFrame
    metrics: dict[str, float]
    factor: FloatArray
    validation: Predictions


def assess(data: PreparedData[ObjectsT, TruthT, PreparationT], fits: Sequence[FitResult]) -> Assessment:
    """Gather the predictions of all folds, calibrate their uncertainties and score the labelled objects.

    Each validation object is judged by factors that did not see it: with one fold by those of the other half
    of the validation part, with several by those of the other folds.

    Args:
        data: The prepared data.
        fits: The fits of its first folds.
    """
    kind, folds = data.kind, list(zip(data.folds, fits, strict=False))
    val = [judge(p.preparation, p.val, p.fold.val, fit.val) for p, fit in folds]
    sizes = [len(judged) for judged in val]
    group = np.arange(sizes[0]) % 2 if len(val) == 1 else np.repeat(np.arange(len(val)), sizes)
    own, factor = calibrate(
        np.concatenate([judged.target - judged.predicted.mean for judged in val]),
        np.concatenate([judged.error for judged in val]),
        np.concatenate([judged.predicted.std for judged in val]),
        group,
        data.folds[0].fold.layout.n_points,
    )
    val = [
        judged.scaled(factors)
        for judged, factors in zip(val, np.split(own, np.cumsum(sizes)[:-1]), strict=True)
    ]
    train = [judge(p.preparation, p.train, p.fold.train, fit.train).scaled(factor) for p, fit in folds]
    test = [judge_unlabelled(p.preparation, p.test, fit.test).scaled(factor) for p, fit in folds]
    tables = [
        _labelled(p.preparation.table(judged), part, k)
        for k, (p, _) in enumerate(folds)
        for part, judged in (("train", train[k]), ("val", val[k]), ("test", test[k]))
        if part in kind.tabulated
    ]
    of_train = pd.DataFrame(
        [kind.score(p.preparation, train[k], by_class=False) for k, (p, _) in enumerate(folds)]
    )
    joined = _joined(val)
    of_val = kind.score(data.folds[0].preparation, joined, by_class=True)
    return Assessment(
        predictions=pd.concat(tables, ignore_index=True),
        metrics={
            **{f"train/{name}": float(value) for name, value in of_train.mean().items()},
            **{f"val/{name}": value for name, value in of_val.items()},
            "val/uncertainty_factor": float(np.median(factor)),
        },
        factor=factor,
        validation=joined.predicted,
    )


def judge(
    preparation: Preparation[ObjectsT, TruthT],
    labelled: Labelled[ObjectsT, TruthT],
    dataset: Dataset,
    predicted: Predictions,
) -> Judged[ObjectsT, TruthT]:
    """Put predictions of labelled objects beside their targets."""
    return Judged(
        objects=labelled.objects,
        predicted=only_learned(preparation.learned, predicted),
        truth=labelled.truth,
        target=dataset.target,
        error=dataset.target_error,
    )


def judge_unlabelled(
    preparation: Preparation[ObjectsT, TruthT], objects: ObjectsT, predicted: Predictions
) -> Judged[ObjectsT, TruthT]:
    """Put predictions of objects whose truth is not known beside nothing."""
    predicted = only_learned(preparation.learned, predicted)
    unknown = np.full_like(predicted.mean, np.nan)
    return Judged(objects=objects, predicted=predicted, truth=None, target=unknown, error=unknown)


def only_learned(learned: NDArray[np.bool_], predicted: Predictions) -> Predictions:
    """Predictions without those of target columns that no training object had: they are NaN."""
    return predicted if learned.all() else replace(predicted, mean=np.where(learned, predicted.mean, np.nan))


def _joined(parts: Sequence[Judged[ObjectsT, TruthT]]) -> Judged[ObjectsT, TruthT]:
    """The objects of all folds as one set."""
    first, rest = parts[0], parts[1:]
    if not rest:
        return first
    return Judged(
        objects=first.objects.join([part.objects for part in rest]),
        predicted=Predictions(
            ids=np.concatenate([part.predicted.ids for part in parts]),
            mean=np.concatenate([part.predicted.mean for part in parts]),
            std=np.concatenate([part.predicted.std for part in parts]),
        ),
        truth=_joined_truth([part.truth for part in parts]),
        target=np.concatenate([part.target for part in parts]),
        error=np.concatenate([part.error for part in parts]),
    )


def _joined_truth(parts: Sequence[TruthT | None]) -> TruthT | None:
    known = [part for part in parts if part is not None]
    return known[0].join(known[1:]) if len(known) == len(parts) else None


def _labelled(table: pd.DataFrame, part: str, fold: int) -> pd.DataFrame:
    """Say of each row of a table what part of which fold it is in."""
    table.insert(1, "part", part)
    table.insert(2, "fold", fold)
    return table
