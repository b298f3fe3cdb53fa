"""Objects of one part of a table of predictions, as figures draw them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.kinds.tables.table import Roles

_LOG_RANGE = 30.0
"""Positive targets of which the middle 99 % span more than this factor are drawn on logarithmic axes."""


@dataclass(frozen=True, eq=False)
class Points:
    """Objects of one part.

    Attributes:
        observed: Observed targets, shape (N,), in the target's unit.
        error: Their 1-sigma errors, 0 where unknown, shape (N,).
        predicted: Predicted targets, shape (N,).
        uncertainty: Predicted 1-sigma uncertainties, 0 where none is stated, shape (N,).
        types: Class names, empty where unknown, shape (N,).
    """

    observed: FloatArray
    error: FloatArray
    predicted: FloatArray
    uncertainty: FloatArray
    types: pd.Series

    def __len__(self) -> int:
        return len(self.observed)


def points_of(predictions: pd.DataFrame, roles: Roles, part: str) -> Points:
    """Return the objects of one part (of all folds) of a table of predictions.

    Args:
        predictions: As ``RowPreparation.table`` gives it, with ``part``.
        roles: The columns of target and types.
        part: ``train`` or ``val``; the targets of the test part are sealed.

    Raises:
        DataError: If a column is missing or an object of the part has no observed or predicted target.
    """
    target = roles.target
    predicted, uncertainty, error = f"{target}_predicted", f"{target}_uncertainty", f"{target}_error"
    missing = [name for name in ("part", target, error, predicted, uncertainty) if name not in predictions]
    if missing:
        raise DataError(f"the predictions table has no column {', '.join(missing)}")
    rows = predictions[predictions["part"] == part]
    for name in (target, predicted):
        n_missing = int(rows[name].isna().sum())
        if n_missing:
            raise DataError(f"{n_missing} of {len(rows)} {part} objects have no {name}")
    known = roles.type is not None and roles.type in rows
    types = rows[roles.type].astype(object).fillna("") if known else pd.Series("", index=rows.index)
    return Points(
        observed=rows[target].to_numpy(np.float64),
        error=rows[error].fillna(0.0).to_numpy(np.float64),
        predicted=rows[predicted].to_numpy(np.float64),
        uncertainty=rows[uncertainty].fillna(0.0).to_numpy(np.float64),
        types=types,
    )


def val_points(predictions: pd.DataFrame, roles: Roles) -> Points:
    """Return the validation objects, of all folds together.

    Raises:
        DataError: If there are none, or as ``points_of``.
    """
    points = points_of(predictions, roles, "val")
    if not len(points):
        raise DataError("the predictions table has no validation objects to plot")
    return points


def is_logarithmic(roles: Roles, points: Points) -> bool:
    """Whether a target is drawn on logarithmic axes: its role says so, or it is positive and spans much."""
    if roles.softening is not None:
        return True
    low, high = np.quantile(points.observed, (0.005, 0.995))
    return bool(points.observed.min() > 0.0 and high > _LOG_RANGE * low)


def as_written(axes: Axes) -> None:
    """Show the words of axes as they are: in names of columns and classes ``$`` begins no formula."""
    legend = axes.get_legend()
    for text in (axes.xaxis.label, axes.yaxis.label, *axes.texts, *(legend.get_texts() if legend else ())):
        text.set_parse_math(False)
