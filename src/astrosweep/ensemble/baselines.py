"""Models that need no search, fitted in the folds of the candidates and judged like them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.baseline import FittedBaseline
from astrosweep.data.kind import Preparation
from astrosweep.ensemble.gather import Gathered
from astrosweep.training import calibrate


@dataclass(frozen=True, eq=False)
class FittedFold:
    """A baseline as one fold has it.

    Attributes:
        preparation: The fold's preparation.
        fitted: The baseline.
    """

    preparation: Preparation[Any, Any]
    fitted: FittedBaseline[Any]


@dataclass(frozen=True, eq=False)
class BaselineCandidate:
    """A baseline in all folds, and what it predicted of the validation objects.

    Attributes:
        name: Its name.
        label: What tables call it.
        folds: The fits.
        factor: Calibration factors for unseen objects, shape (T,).
        validation: Calibrated predictions of the validation objects, in the order of ``Truths.ids``.
    """

    name: str
    label: str
    folds: tuple[FittedFold, ...]
    factor: FloatArray
    validation: Predictions


def fit_baselines(
    gathered: Gathered, progress: Callable[[str, int, int], None]
) -> tuple[BaselineCandidate, ...]:
    """Fit the baselines that the data have in each fold.

    Args:
        gathered: The candidates, whose data and folds are taken.
        progress: What is told how far it is.

    Raises:
        DataError: The preparation of a fold leaves nothing.
    """
    development, truths = gathered.development, gathered.truths
    fits: dict[str, list[FittedFold]] = {}
    labels: dict[str, str] = {}
    predicted: dict[str, list[Predictions]] = {}
    for k in range(development.n_folds):
        progress("fitting baselines", k, development.n_folds)
        prepared = gathered.kind.prepare(gathered.config, development, k)
        for baseline in gathered.kind.baselines(gathered.config):
            if not baseline.suits(prepared):
                continue
            fitted = baseline.fit(prepared)
            labels[baseline.name] = baseline.label
            fits.setdefault(baseline.name, []).append(FittedFold(prepared.preparation, fitted))
            predicted.setdefault(baseline.name, []).append(fitted.predict(prepared.val.objects))
    found = []
    for name, folds in fits.items():
        if len(folds) < development.n_folds:
            continue  # a fold whose training objects lack what it needs
        ids, mean, std = (
            np.concatenate([getattr(one, part) for one in predicted[name]]) for part in ("ids", "mean", "std")
        )
        assert np.array_equal(ids, truths.ids), "folds are prepared in the order of the truths"
        single = development.n_folds == 1
        own, factor = calibrate(
            truths.judged.target - mean,
            truths.judged.error,
            std,
            np.arange(len(ids)) % 2 if single else truths.fold,
            folds[0].preparation.layout.n_points,
        )
        found.append(
            BaselineCandidate(name, labels[name], tuple(folds), factor, Predictions(ids, mean, std * own))
        )
    return tuple(found)
