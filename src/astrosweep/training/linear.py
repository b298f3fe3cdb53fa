"""A linear map of the prepared features to the targets as networks learn them, in closed form.

Shapes: N objects, D prepared features of an object, channels and points one after the other, T targets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from astrosweep.core.errors import FormatError
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.baseline import read_values, refuse_few, write_values
from astrosweep.data.kind import Preparation, PreparedFold
from astrosweep.models.ridge import fit_ridge
from astrosweep.training.assessment import only_learned
from astrosweep.training.calibration import calibrate

_ARRAYS = "baseline.safetensors"
_N_FOLDS = 5
_MANY = 20_000
"""Training objects of which one left-out fold tells the scatter as well as all of them."""
_LARGEST_Z = 30.0
_SMALLEST_SCATTER = 1e-6


@dataclass(frozen=True, eq=False)
class FittedLinear:
    """A fitted linear map.

    Attributes:
        name: Name of the baseline.
        preparation: What gives the features and carries predictions back.
        weights: On the network's scale, shape (D, T).
        intercept: Shape (T,).
        scatter: Scatter of the true value about the map, on the network's scale, shape (T,).
    """

    name: str
    preparation: Preparation[Any, Any]
    weights: FloatArray
    intercept: FloatArray
    scatter: FloatArray

    def predict(self, objects: Any) -> Predictions:
        """See ``FittedBaseline``."""
        features = self.preparation.features(objects).reshape(len(objects), -1).astype(np.float64)
        transform = self.preparation.transform
        z = _within(features @ self.weights + self.intercept)
        mean, std = transform.inverse(z), transform.slope(z) * self.scatter + np.zeros_like(z)
        return only_learned(self.preparation.learned, Predictions(objects.ids, mean, std))

    def save(self, folder: Path) -> None:
        """See ``FittedBaseline``."""
        self.preparation.save(folder)
        arrays = {"weights": self.weights, "intercept": self.intercept, "scatter": self.scatter}
        safetensors.numpy.save_file(arrays, folder / _ARRAYS)
        write_values(folder, self.name, {})


@dataclass(frozen=True)
class LinearBaseline:
    """Ridge regression whose penalty cross-validation chooses.

    Its scatter is that of objects left out, the catalogue's errors taken off, as calibration finds the
    scatter of a point loss. A logarithm is fitted to the targets that have one.

    Attributes:
        name: See ``Baseline``.
        label: See ``Baseline``.
        load_preparation: ``Kind.load_preparation`` of the kind of data.
    """

    name: str
    label: str
    load_preparation: Callable[[Path], Preparation[Any, Any]]

    def suits(self, prepared: PreparedFold[Any, Any, Any]) -> bool:  # noqa: ARG002
        """See ``Baseline``: any objects."""
        return True

    def fit(self, prepared: PreparedFold[Any, Any, Any]) -> FittedLinear:
        """See ``Baseline``."""
        train, transform = prepared.fold.train, prepared.preparation.transform
        n = len(train)
        refuse_few(self, n)
        x = train.features.reshape(n, -1)
        z = transform.forward(train.target)
        n_left = _N_FOLDS if n <= _MANY else 1
        residual = np.full(z.shape, np.nan)
        slope = np.ones(z.shape)
        for k in range(n_left):
            left = np.arange(n) % _N_FOLDS == k
            weights, intercept, _ = fit_ridge([x[~left]], [z[~left]])
            of_left = _within(x[left].astype(np.float64) @ weights + intercept)
            residual[left] = train.target[left] - transform.inverse(of_left)
            slope[left] = transform.slope(of_left)
        judged = np.arange(n) % _N_FOLDS < n_left
        _, scatter = calibrate(
            residual[judged],
            train.target_error[judged],
            slope[judged],
            np.zeros(int(judged.sum()), dtype=np.int64),
            prepared.fold.layout.n_points,
        )
        weights, intercept, _ = fit_ridge([x], [z])
        scatter = np.maximum(scatter, _SMALLEST_SCATTER)
        return FittedLinear(self.name, prepared.preparation, weights, intercept, scatter)

    def load(self, folder: Path) -> FittedLinear:
        """See ``Baseline``."""
        read_values(folder, self.name)
        preparation = self.load_preparation(folder)
        layout, path = preparation.layout, folder / _ARRAYS
        shapes = {
            "weights": (int(np.prod(layout.inputs)), layout.n_targets),
            "intercept": (layout.n_targets,),
            "scatter": (layout.n_targets,),
        }
        try:
            arrays = safetensors.numpy.load_file(path)
        except (OSError, SafetensorError) as error:
            raise FormatError(f"{path}: missing or damaged: {error}") from error
        for name, shape in shapes.items():
            array = arrays.get(name)
            fits = array is not None and array.shape == shape and array.dtype == np.float64
            if array is None or not fits or not np.isfinite(array).all():
                raise FormatError(f"{path}: {name} is no array of finite numbers of the shape {shape}")
        if not (arrays["scatter"] > 0.0).all():
            raise FormatError(f"{path}: scatter is not above 0")
        return FittedLinear(self.name, preparation, *(arrays[name] for name in shapes))


def _within(z: FloatArray) -> FloatArray:
    """Values on the network's scale that a logarithm can be carried back from."""
    return np.clip(z, -_LARGEST_Z, _LARGEST_Z)
