"""What the fits of stars are worth: predictions in one table, calibrated uncertainties, metrics."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from astrosweep.core.metrics import score
from astrosweep.core.types import Dataset, Predictions, Unlabelled
from astrosweep.kinds.stars import schema
from astrosweep.kinds.tables.development import Development
from astrosweep.kinds.tables.prepare import PreparedFold
from astrosweep.training.calibration import cross_fit_factors
from astrosweep.training.fit import FitResult

_SMALLEST_CLASS = 20
_TYPE = "type_best_classification"


def assess_stars(
    development: Development, prepared: Sequence[PreparedFold], fits: Sequence[FitResult]
) -> tuple[pd.DataFrame, dict[str, float], float]:
    """Gather, calibrate and score the predictions of all folds.

    Args:
        development: The labelled rows.
        prepared: The folds that were fitted.
        fits: Their fits.

    Returns:
        Predictions, one row per star, part and fold: ``source_id``, ``part``, ``fold``, the observed target
        (missing for test) and its error, ``<target>_predicted`` and ``<target>_uncertainty``, and
        ``type_best_classification`` where it is a feature. Metrics. The calibration factor for unseen stars.
    """
    predictions = pd.concat(
        [_table(k, fold, result) for k, (fold, result) in enumerate(zip(prepared, fits, strict=True))],
        ignore_index=True,
    )
    if _TYPE in development.features:
        types = pd.concat([development.frame, development.sealed]).drop_duplicates(schema.ID)
        predictions[_TYPE] = types.set_index(schema.ID)[_TYPE].reindex(predictions[schema.ID]).to_numpy()
    factor = _calibrate(predictions, n_folds=len(fits))
    metrics = {**_score_parts(predictions, development), "val/uncertainty_factor": factor}
    return predictions, metrics, factor


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
