"""Fit a preparation of rows: every step on training rows only."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, RobustScaler, StandardScaler

from astrosweep.config.kinds.tables import CorrelationConfig, OutliersConfig, PreparationConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import Dataset, Float32Array, FloatArray, Unlabelled
from astrosweep.data.fold import Fold
from astrosweep.data.kind import Labelled, PreparedFold
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.tables.development import RowDevelopment
from astrosweep.kinds.tables.leakage import copies_of_target, refuse_leaks
from astrosweep.kinds.tables.preparation import RowPreparation, float32
from astrosweep.kinds.tables.rows import Rows, RowTruth

PreparedRows = PreparedFold[Rows, RowTruth, RowPreparation]

CORRELATION = "correlation"
"""Name of the check that has the correlation matrix of numeric raw features and target."""


def prepare(
    development: RowDevelopment, k: int, config: PreparationConfig, *, allow_leakage: bool = False
) -> PreparedRows:
    """Fit the preparation on the training rows of fold ``k`` and apply it to every part.

    Outliers are removed from the training rows only: a score is honest when validation and test keep theirs.

    Args:
        development: The labelled and the sealed rows.
        k: Index of the fold that validates.
        config: The steps.
        allow_leakage: Accept features that copy the target.

    Returns:
        The prepared fold.

    Raises:
        LeakageError: A feature copies the target's order and ``allow_leakage`` is false.
        DataError: No training row or no feature is left after a step.
    """
    train, val = development.parts(k)
    roles = train.truth.roles
    raw = [str(name) for name in train.objects.frame.columns]
    train, outliers = _drop_outliers(train, config.outliers)
    frame = train.objects.frame
    target = pd.Series(train.truth.target, index=frame.index, name=roles.target)
    refuse_leaks(roles.target, copies_of_target(frame, target), allowed=allow_leakage)
    empty = [name for name in raw if frame[name].nunique(dropna=True) < 2]
    used = [name for name in raw if name not in empty]
    correlation = correlate(frame[used], target, config.correlation.method)
    repeated = _repeated_features(correlation, config.correlation)
    used = [name for name in used if name not in repeated]
    if not used:
        raise DataError("No feature is left: all are constant or missing on the training rows")

    transformer = _build_transformer(frame[used], config)
    x_train = np.asarray(transformer.fit_transform(frame[used]), dtype=np.float64)
    low, high = _input_range(x_train)
    preparation = RowPreparation(
        roles=roles,
        raw=tuple(raw),
        used=tuple(used),
        classes=tuple(name for name in raw if not pd.api.types.is_numeric_dtype(frame[name])),
        transformer=transformer,
        low=low,
        high=high,
        transform=TargetTransform.fit(train.truth.target[:, None], config.target_transform),
        typical_error=_typical_error(train.truth),
    )
    x_val, clipped_val = preparation.clipped(val.objects)
    x_test, clipped_test = preparation.clipped(development.sealed)
    return PreparedFold(
        fold=Fold(
            train=_dataset(preparation, train, float32(x_train)),
            val=_dataset(preparation, val, x_val),
            test=Unlabelled(development.sealed.ids, x_test),
            layout=preparation.layout,
            transform=preparation.transform,
        ),
        preparation=preparation,
        train=train,
        val=val,
        test=development.sealed,
        checks={CORRELATION: correlation},
        facts={
            "fold": k,
            "train_rows": len(train),
            "val_rows": len(val),
            "outliers_removed": outliers,
            "constant_features_dropped": empty,
            "correlated_features_dropped": repeated,
            "values_filled": {
                name: int(frame[name].isna().sum()) for name in used if frame[name].isna().any()
            },
            "unknown_errors_filled": {
                "value": preparation.typical_error,
                "train": int(np.isnan(train.truth.error).sum()),
                "val": int(np.isnan(val.truth.error).sum()),
            },
            "rows_with_inputs_clipped": {"val": clipped_val, "test": clipped_test},
            "inputs": list(preparation.feature_names),
        },
    )


def correlate(features: pd.DataFrame, target: "pd.Series[float]", method: str) -> pd.DataFrame:
    """Correlation matrix of the numeric features with each other and with the target, which comes last."""
    numeric = features.select_dtypes("number")
    matrix: pd.DataFrame = numeric.assign(**{str(target.name): target}).corr(
        method="pearson" if method == "pearson" else "spearman"
    )
    matrix.index.name = method
    return matrix


def _repeated_features(correlation: pd.DataFrame, config: CorrelationConfig) -> dict[str, str]:
    """Of each pair correlated above the threshold, name the feature further from the target, and why."""
    dropped: dict[str, str] = {}
    if config.threshold is None:
        return dropped
    names = [str(name) for name in correlation.columns[:-1]]
    to_target = dict(zip(names, correlation.iloc[-1, :-1].abs().fillna(0.0), strict=True))
    between = correlation.iloc[:-1, :-1].abs().to_numpy(dtype=np.float64)
    pairs = [
        (float(between[i, j]), names[i], names[j])
        for i in range(len(names))
        for j in range(i)
        if between[i, j] > config.threshold
    ]
    for value, first, second in sorted(pairs, reverse=True):
        if first in dropped or second in dropped:
            continue
        weaker, closer = sorted((first, second), key=lambda name: (float(to_target[name]), name))
        dropped[weaker] = (
            f"{config.method} correlation {value:.3f} with {closer}, which is closer to the target"
        )
    return dropped


def _drop_outliers(
    train: Labelled[Rows, RowTruth], config: OutliersConfig
) -> tuple[Labelled[Rows, RowTruth], dict[str, int]]:
    """Drop training rows far outside in any numeric feature; the scale is taken on each side of the median.

    Scale: 1.4826 times the median absolute deviation (Rousseeuw and Croux 1993, JASA 88, 1273).
    """
    if config.method == "none":
        return train, {}
    frame, keep = train.objects.frame, np.ones(len(train), dtype=bool)
    removed: dict[str, int] = {}
    for name in frame.select_dtypes("number").columns:
        deviation = (frame[name] - frame[name].median()).to_numpy()
        outlying = np.zeros(len(train), dtype=bool)
        for side in (deviation < 0, deviation > 0):
            if side.any() and (scale := 1.4826 * np.median(np.abs(deviation[side]))) > 0:
                outlying |= side & (np.abs(deviation) > config.threshold * scale)
        if outlying.any():
            removed[str(name)] = int(outlying.sum())
        keep &= ~outlying
    if not keep.any():
        raise DataError(
            f"No training rows are left after the step 'outliers' (method={config.method}, "
            f"threshold={config.threshold:g}); rows removed by feature: {removed}"
        )
    return train.take(np.flatnonzero(keep)), removed


def _input_range(x_train: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Range of each prepared feature that a network may see: the training range, widened by itself."""
    low, high = x_train.min(axis=0), x_train.max(axis=0)
    return low - (high - low), high + (high - low)


def _build_transformer(train: pd.DataFrame, config: PreparationConfig) -> ColumnTransformer:
    numeric = list(train.select_dtypes("number").columns)
    classes = [name for name in train.columns if name not in numeric]
    scalers = {
        "none": "passthrough",
        "standard": StandardScaler(),
        "robust": RobustScaler(),
        "quantile": QuantileTransformer(
            n_quantiles=min(len(train), 1000), output_distribution="normal", random_state=0
        ),
    }
    steps: list[tuple[str, Any, list[str]]] = [
        (
            "numeric",
            Pipeline(
                [("fill", SimpleImputer(strategy=config.imputation)), ("scale", scalers[config.scaling])]
            ),
            numeric,
        )
    ]
    if config.indicators and train[numeric].isna().any(axis=None):
        steps.append(("missing", MissingIndicator(features="missing-only", error_on_new=False), numeric))
    if classes:
        fill = SimpleImputer(strategy="constant", fill_value="unknown")
        encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        steps.append(("class", Pipeline([("fill", fill), ("encode", encode)]), classes))
    return ColumnTransformer([step for step in steps if step[2]])


def _dataset(
    preparation: RowPreparation, labelled: Labelled[Rows, RowTruth], features: Float32Array
) -> Dataset:
    target, error = preparation.targets(labelled)
    return Dataset(ids=labelled.objects.ids, features=features, target=target, target_error=error)


def _typical_error(truth: RowTruth) -> float:
    """What stands in for an unknown catalogue error: the median of the known ones, 0 if there are none."""
    known = truth.error[~np.isnan(truth.error)]
    return float(np.median(known)) if known.size else 0.0
