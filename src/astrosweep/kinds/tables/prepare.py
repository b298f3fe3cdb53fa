"""Preparation of features: every step is fitted on training rows only.

scikit-learn does the imputing, encoding and scaling; skops stores it without pickle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, RobustScaler, StandardScaler

from astrosweep.config.kinds.stars import CorrelationConfig, OutliersConfig, PreparationConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import Dataset, Float32Array, FloatArray, Fold, Unlabelled
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.stars import schema
from astrosweep.kinds.tables.development import Development, target_error_of, target_of
from astrosweep.kinds.tables.leakage import copies_of_target, refuse

_HARMLESS = ["numpy.dtype"]


@dataclass(frozen=True, eq=False)
class PreparedFold:
    """One fold ready for a fit, and how it was prepared.

    Attributes:
        fold: Labelled training and validation objects, unlabelled test objects.
        transformer: The fitted scikit-learn transformer from raw to prepared features.
        low: Lowest prepared value of each feature that the network sees, shape (F,); a sentinel such as
            99.999 in an unseen row is clipped, not extrapolated to.
        high: Highest such value, shape (F,).
        target_transform: The fitted map of the target.
        correlation: Correlation matrix of numeric raw features and target on the training rows.
        facts: Counts for the data report.
    """

    fold: Fold
    transformer: ColumnTransformer
    low: FloatArray
    high: FloatArray
    target_transform: TargetTransform
    correlation: pd.DataFrame
    facts: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write the fitted transformer as ``preparation.skops``, which runs no code when it is read.

        Raises:
            OSError: The file cannot be written.
        """
        (folder / "preparation.skops").write_bytes(self._serialized)

    def describe(self) -> dict[str, Any]:
        """What else a reader of the weights needs, as plain values."""
        return {"inputs_low": self.low.tolist(), "inputs_high": self.high.tolist()}

    @cached_property
    def _serialized(self) -> bytes:
        """The transformer as skops stores it; many trials of a search share one prepared fold."""
        return bytes(skops.io.dumps(self.transformer))


def load_transformer(path: Path) -> ColumnTransformer:
    """Read a transformer written by ``PreparedFold.save``; only scikit-learn and numpy types are trusted.

    Raises:
        DataError: The file holds a type that a preparation never has.
    """
    unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(_HARMLESS))
    if unknown:
        raise DataError(f"{path}: holds types that a preparation never has: {', '.join(unknown)}")
    return skops.io.load(path, trusted=_HARMLESS)


def prepare(
    development: Development, k: int, config: PreparationConfig, *, allow_leakage: bool = False
) -> PreparedFold:
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
    train = development.frame[development.fold != k]
    val = development.frame[development.fold == k]
    features = list(development.features)

    train, outliers = _drop_outliers(train, features, config.outliers)
    target = pd.Series(target_of(train)[:, 0], index=train.index, name=schema.TARGET)
    refuse(copies_of_target(train[features], target), allow_leakage)
    empty = [name for name in features if train[name].nunique(dropna=True) < 2]
    features = [name for name in features if name not in empty]
    correlation = correlate(train[features], target, config.correlation.method)
    repeated = _repeated_features(correlation, config.correlation)
    features = [name for name in features if name not in repeated]
    if not features:
        raise DataError("No feature is left: all are constant or missing on the training rows")

    transformer = _build_transformer(train[features], config)
    x_train = np.asarray(transformer.fit_transform(train[features]), dtype=np.float64)
    low, high = _input_range(x_train)
    x_val, clipped_val = _clip(transformer.transform(val[features]), low, high)
    x_test, clipped_test = _clip(transformer.transform(development.sealed[features]), low, high)
    error = _typical_error(train)
    fold = Fold(
        train=_dataset(train, _float32(x_train), error),
        val=_dataset(val, x_val, error),
        test=Unlabelled(development.sealed[schema.ID].to_numpy(), x_test),
        feature_names=tuple(_feature_names(transformer)),
        target_names=(schema.TARGET,),
    )
    return PreparedFold(
        fold=fold,
        low=low,
        high=high,
        transformer=transformer,
        target_transform=TargetTransform.fit(fold.train.target, config.target_transform),
        correlation=correlation,
        facts={
            "fold": k,
            "train_rows": len(train),
            "val_rows": len(val),
            "outliers_removed": outliers,
            "constant_features_dropped": empty,
            "correlated_features_dropped": repeated,
            "values_filled": {
                name: int(train[name].isna().sum()) for name in features if train[name].isna().any()
            },
            "unknown_errors_filled": {
                "value": error,
                "train": int(np.isnan(target_error_of(train)).sum()),
                "val": int(np.isnan(target_error_of(val)).sum()),
            },
            "rows_with_inputs_clipped": {"val": clipped_val, "test": clipped_test},
            "inputs": list(fold.feature_names),
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
    train: pd.DataFrame, features: Sequence[str], config: OutliersConfig
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Drop training rows far outside in any numeric feature; the scale is taken on each side of the median.

    Scale: 1.4826 times the median absolute deviation (Rousseeuw and Croux 1993, JASA 88, 1273).
    """
    if config.method == "none":
        return train, {}
    keep = np.ones(len(train), dtype=bool)
    removed: dict[str, int] = {}
    for name in train[list(features)].select_dtypes("number").columns:
        deviation = (train[name] - train[name].median()).to_numpy()
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
    return train[keep], removed


def _input_range(x_train: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Range of each prepared feature that a network may see: the training range, widened by itself."""
    low, high = x_train.min(axis=0), x_train.max(axis=0)
    return low - (high - low), high + (high - low)


def _clip(features: NDArray[Any], low: FloatArray, high: FloatArray) -> tuple[Float32Array, int]:
    """Clip prepared features to the range; also count the rows that needed it."""
    features = np.asarray(features, dtype=np.float64)
    clipped = np.clip(features, low, high)
    return _float32(clipped), int((clipped != features).any(axis=1).sum())


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


def _feature_names(transformer: ColumnTransformer) -> list[str]:
    names = []
    for name in transformer.get_feature_names_out():
        step, _, rest = str(name).partition("__")
        names.append(f"{rest.removeprefix('missingindicator_')}_missing" if step == "missing" else rest)
    return names


def _dataset(frame: pd.DataFrame, features: Float32Array, unknown_error: float) -> Dataset:
    error = target_error_of(frame)
    return Dataset(
        ids=frame[schema.ID].to_numpy(),
        features=features,
        target=target_of(frame),
        target_error=np.where(np.isnan(error), unknown_error, error),
    )


def _typical_error(train: pd.DataFrame) -> float:
    """What stands in for an unknown catalogue error: the median of the known ones, 0 if there are none."""
    error = target_error_of(train)
    known = error[~np.isnan(error)]
    return float(np.median(known)) if known.size else 0.0


def _float32(features: NDArray[Any]) -> Float32Array:
    return np.ascontiguousarray(features, dtype=np.float32)
