"""From a table to the rows that may be learned from, with the test part's targets left behind."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.config.kinds.stars import FeaturesConfig, StarDataConfig
from astrosweep.config.split import KFoldConfig, SplitConfig
from astrosweep.core.errors import DataError
from astrosweep.data.report import DataReport, RowFilter
from astrosweep.data.split import TEST, assign, fingerprint_of
from astrosweep.kinds.stars import schema
from astrosweep.kinds.tables.clean import apply_rules, require_targets
from astrosweep.kinds.tables.leakage import leaking_features, refuse
from astrosweep.kinds.tables.table import StarTable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Development:
    """The labelled rows of a table, and the features alone of its sealed rows.

    Attributes:
        frame: Labelled rows: identifier, raw features, target and target error.
        fold: For each labelled row the fold in which it validates, or ``split.TRAIN_ONLY``.
        sealed: Test rows: identifier and raw features, nothing else.
        features: Names of the raw features.
        n_folds: Number of folds; 1 for ``holdout``.
        report: What happened so far.
    """

    frame: pd.DataFrame
    fold: NDArray[np.int64]
    sealed: pd.DataFrame
    features: tuple[str, ...]
    n_folds: int
    report: DataReport


def develop(table: StarTable, data: StarDataConfig, split: SplitConfig) -> Development:
    """Split a table, clean it and seal its test part.

    The split comes before the cleaning, so that the sealed stars of a table are the same whatever the
    features and the cuts. This is the only place where test rows and their targets are together; the targets
    go no further.

    Args:
        table: The stars as read.
        data: Features, leakage guard and row rules.
        split: The split.

    Returns:
        The labelled rows and the sealed features.

    Raises:
        DataError: A needed column is missing or holds text, or no row is left after a step.
        LeakageError: A feature is derived from the target and ``data.allow_leakage`` is false.
    """
    if table.frame.empty:
        raise DataError(f"{table.origin}: the table has no rows")
    features, absent = _choose_features(table, data.features)
    leaks = leaking_features(features, table.lineage)
    refuse(leaks, data.allow_leakage)

    rows = RowFilter(_finite_or_missing(table.frame, features), table.origin)
    require_targets(rows, data.cleaning)
    part = assign(
        rows.frame[schema.ID].to_numpy(), rows.frame[schema.TARGET].to_numpy(dtype=np.float64), split
    )
    rows.frame = rows.frame.assign(**{_PART: part})
    apply_rules(rows, features, data.cleaning)

    part = rows.frame[_PART].to_numpy()
    kept = [schema.ID, *features]
    labelled = rows.frame.loc[part != TEST]
    frame = labelled[kept].copy()
    frame[_TARGET] = labelled[schema.TARGET].astype(np.float64)
    error = labelled.get(schema.TARGET_ERROR, pd.Series(np.nan, index=labelled.index)).astype(np.float64)
    frame[_ERROR] = error
    n_folds = split.n_folds if isinstance(split, KFoldConfig) else 1
    fold = part[part != TEST]
    for k in range(n_folds):
        for name, mask in (("training", fold != k), ("validation", fold == k)):
            if not mask.any():
                raise DataError(
                    f"{table.origin}: fold {k} has no {name} rows after cleaning; "
                    f"{len(fold)} labelled rows are left for {n_folds} folds"
                )
    if not (part == TEST).any():
        raise DataError(f"{table.origin}: no test rows are left after cleaning; {len(part)} rows are left")
    sealed = rows.frame.loc[part == TEST, kept].reset_index(drop=True)
    target_cuts = sorted(leaking_features(list(data.cleaning.cuts), table.lineage))
    if target_cuts:
        _log.warning("cuts on %s select stars by their target; scores hold for such stars only", target_cuts)
    return Development(
        frame=frame.reset_index(drop=True),
        fold=fold,
        sealed=sealed,
        features=tuple(features),
        n_folds=n_folds,
        report=DataReport(
            origin=table.origin,
            fingerprint=table.fingerprint,
            rows_read=len(table.frame),
            steps=tuple(rows.steps),
            parts=_count_parts(part, n_folds),
            features=tuple(features),
            absent=tuple(absent),
            missing={name: float(frame[name].isna().mean()) for name in features},
            unknown_errors=int(error.isna().sum()),
            leaks=leaks,
            target_cuts=tuple(target_cuts),
            sealed_fingerprint=fingerprint_of(sealed[schema.ID].to_numpy()),
        ),
    )


_MOST_CLASSES = 50
_PART = "_part"
_TARGET = "_target"
_ERROR = "_target_error"


def target_of(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Targets of labelled rows, shape (N, 1)."""
    return frame[[_TARGET]].to_numpy(dtype=np.float64)


def target_error_of(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Catalogue errors of labelled rows, shape (N, 1), NaN where unknown."""
    return frame[[_ERROR]].to_numpy(dtype=np.float64)


def _choose_features(table: StarTable, config: FeaturesConfig) -> tuple[list[str], list[str]]:
    has = list(table.frame.columns)
    needed = [schema.ID, schema.TARGET, *config.required]
    if missing := [name for name in needed if name not in has]:
        raise DataError(
            f"{table.origin}: column {', '.join(missing)} is needed and missing. "
            f"The table has: {', '.join(map(str, has))}. Map a column with "
            f"'data.columns={{{missing[0]}: <column or expression>}}', "
            "or choose other features with data/features=<set>."
        )
    features = [*config.required, *(name for name in config.optional if name in has)]
    for name in config.required:
        if table.frame[name].isna().all():
            raise DataError(f"{table.origin}: the required feature {name} has no value in any row")
    for name in features:
        _check_type(table, name, config.classes)
    return features, [name for name in config.optional if name not in has]


def _check_type(table: StarTable, name: str, classes: list[str]) -> None:
    values = table.frame[name]
    if pd.api.types.is_numeric_dtype(values):
        return
    if not schema.is_categorical(name) and name not in classes:
        text = values[pd.to_numeric(values, errors="coerce").isna() & values.notna()]
        example = f", for example {text.iloc[0]!r} in row {text.index[0] + 1}" if len(text) else ""
        raise DataError(
            f"{table.origin}: the feature {name} should hold numbers, but {len(text)} of {len(values)} "
            f"values are text{example}. If it holds class names, say data.features.classes=[{name}]."
        )
    if (n_classes := values.nunique()) > _MOST_CLASSES:
        raise DataError(
            f"{table.origin}: the feature {name} has {n_classes} classes; at most {_MOST_CLASSES} are allowed"
        )


def _finite_or_missing(frame: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    """Infinite feature values count as missing; missing class names are NaN, as scikit-learn wants them."""
    return frame.assign(
        **{
            name: frame[name].where(np.isfinite(frame[name]))
            if pd.api.types.is_numeric_dtype(frame[name])
            else frame[name].astype(object).where(frame[name].notna(), np.nan)
            for name in features
        }
    )


def _count_parts(part: NDArray[np.int64], n_folds: int) -> dict[str, int]:
    test = int((part == TEST).sum())
    if n_folds == 1:
        return {"train": int((part == -1).sum()), "val": int((part == 0).sum()), "test": test}
    return {**{f"fold_{k}": int((part == k).sum()) for k in range(n_folds)}, "test": test}
