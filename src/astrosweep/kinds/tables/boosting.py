"""Histogram gradient boosting of the raw features of rows: a baseline that takes missing values and classes.

Ke et al. 2017, NeurIPS 30 (LightGBM), as scikit-learn has it; skops stores it without pickle.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from astrosweep.core.errors import DataError, FormatError
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.baseline import VALUES, read_values, refuse_few, write_values
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.tables.prepare import PreparedRows
from astrosweep.kinds.tables.rows import Rows
from astrosweep.kinds.tables.trees import check_trees
from astrosweep.training.calibration import fit_factor

_MODEL = "baseline.skops"
_TRUSTED = frozenset(
    {
        "functools.partial",
        "numpy.dtype",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.utils.validation.check_array",
    }
)
"""Types of a fitted model that skops does not know to be harmless by itself."""
_MOST_TREES = 300
_LEFT_OUT = 5
"""One row in so many chooses the number of trees and tells the scatter."""
_SMALLEST_SCATTER = 1e-6

Columns = Mapping[str, tuple[str, ...] | None]
"""Feature to its class names; None for numbers."""


@dataclass(frozen=True, eq=False)
class FittedBoosting:
    """Fitted trees.

    Attributes:
        columns: The features.
        transform: The map of the target.
        scatter: Scatter of the true value about the prediction, on the network's scale.
        model: The trees, which predict on the network's scale.
    """

    columns: Columns
    transform: TargetTransform
    scatter: float
    model: HistGradientBoostingRegressor

    def predict(self, objects: Rows) -> Predictions:
        """See ``FittedBaseline``."""
        z = np.asarray(self.model.predict(_matrix(objects, self.columns)), dtype=np.float64)[:, None]
        std = self.transform.slope(z) * self.scatter + np.zeros_like(z)
        return Predictions(objects.ids, self.transform.inverse(z), std)

    def save(self, folder: Path) -> None:
        """See ``FittedBaseline``."""
        stored = skops.io.dumps(self.model, compression=zipfile.ZIP_DEFLATED)
        (folder / _MODEL).write_bytes(stored)
        values = {
            "columns": {
                name: None if classes is None else list(classes) for name, classes in self.columns.items()
            },
            "transform": self.transform.as_dict(),
            "scatter": self.scatter,
        }
        write_values(folder, BOOSTING.name, values)


@dataclass(frozen=True)
class Boosting:
    """Regression trees, each fitted to what is left by those before it; classes are categories."""

    name: str = "gradient_boosting"
    label: str = "histogram gradient boosting"

    def suits(self, prepared: PreparedRows) -> bool:  # noqa: ARG002
        """See ``Baseline``: any rows."""
        return True

    def fit(self, prepared: PreparedRows) -> FittedBoosting:
        """See ``Baseline``."""
        rows, transform = prepared.train.objects, prepared.preparation.transform
        target, error = prepared.preparation.targets(prepared.train)
        z = transform.forward(target)[:, 0]
        left = np.arange(len(rows)) % _LEFT_OUT == 0
        # A logarithm leaves rows out whose target has none.
        seen, judged = ~left & np.isfinite(z), left & np.isfinite(z)
        refuse_few(self, min(int(seen.sum()), _LEFT_OUT * int(judged.sum())))
        columns = _columns(rows.take(np.flatnonzero(seen)))
        if not columns:
            raise DataError(f"the baseline {self.label} finds no feature that varies in the training rows")
        x = _matrix(rows, columns)
        stages = list(_model(columns, _MOST_TREES).fit(x[seen], z[seen]).staged_predict(x[left]))
        errors = [float(np.mean((stage - z[left])[judged[left]] ** 2)) for stage in stages]
        best = int(np.argmin(errors))
        of_left = np.asarray(stages[best], dtype=np.float64)[:, None]
        scatter = fit_factor(
            (target[left] - transform.inverse(of_left)).ravel(),
            error[left].ravel(),
            np.asarray(transform.slope(of_left) + np.zeros_like(of_left)).ravel(),
        )
        whole = np.isfinite(z)
        model = _model(columns, best + 1).fit(x[whole], z[whole])
        return FittedBoosting(columns, transform, max(scatter, _SMALLEST_SCATTER), model)

    def load(self, folder: Path) -> FittedBoosting:
        """See ``Baseline``."""
        values, path = read_values(folder, self.name), folder / VALUES
        try:
            columns = {
                str(name): None if classes is None else tuple(map(str, classes))
                for name, classes in values["columns"].items()
            }
            transform = TargetTransform.from_dict(values["transform"])
            scatter = float(values["scatter"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"{path}: no baseline {self.name}: {error!r}") from error
        if not (np.isfinite(scatter) and scatter > 0.0):
            raise FormatError(f"{path}: scatter is {scatter}; expected: a finite number above 0")
        return FittedBoosting(columns, transform, scatter, _load_model(folder / _MODEL, columns))


BOOSTING = Boosting()


def _model(columns: Columns, n_trees: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        learning_rate=0.08,
        max_iter=n_trees,
        max_leaf_nodes=15,
        min_samples_leaf=10,
        l2_regularization=1.0,
        categorical_features=_are_classes(columns),
        early_stopping=False,
        random_state=0,
    )


def _are_classes(columns: Columns) -> list[bool]:
    return [classes is not None for classes in columns.values()]


def _columns(rows: Rows) -> dict[str, tuple[str, ...] | None]:
    """Features that vary in the rows, and the names of their classes."""
    found: dict[str, tuple[str, ...] | None] = {}
    for column in rows.frame:
        values = rows.frame[column].dropna()
        if len(values) and (values != values.iloc[0]).any():
            numeric = pd.api.types.is_numeric_dtype(values.dtype)
            found[str(column)] = None if numeric else tuple(sorted({str(one) for one in values}))
    return found


def _matrix(rows: Rows, columns: Columns) -> FloatArray:
    """Features as trees take them, shape (N, F): classes by number; NaN where missing or an unknown class."""
    if missing := [name for name in columns if name not in rows.frame]:
        raise DataError(f"the rows have no column {', '.join(missing)}; needed: {', '.join(columns)}")
    return np.column_stack([_column(rows.frame[name], classes) for name, classes in columns.items()])


def _column(values: pd.Series, classes: tuple[str, ...] | None) -> NDArray[np.float64]:
    if classes is None:
        return values.to_numpy(dtype=np.float64)
    number = {name: float(place) for place, name in enumerate(classes)}
    return np.array([number.get(one, np.nan) for one in values], dtype=np.float64)


def _load_model(path: Path, columns: Columns) -> HistGradientBoostingRegressor:
    try:
        stored = path.read_bytes()
        unknown = sorted(set(skops.io.get_untrusted_types(data=stored)) - _TRUSTED)
        if unknown:
            raise FormatError(f"{path}: holds types that this baseline never has: {', '.join(unknown)}")
        model = skops.io.loads(stored, trusted=sorted(_TRUSTED))
        if not isinstance(model, HistGradientBoostingRegressor):
            raise FormatError(
                f"{path}: holds a {type(model).__name__}; expected: HistGradientBoostingRegressor"
            )
        check_trees(model, _are_classes(columns), path)
    except FormatError:
        raise
    except Exception as error:  # skops raises whatever the damage leads to
        raise FormatError(f"{path}: missing or damaged: {error!r}") from error
    return model
