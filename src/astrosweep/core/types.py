"""The frozen records that cross layers.

Shape suffixes: ``N`` rows (objects), ``F`` features, ``T`` targets. The features of a profile have the shape
(N, C, L), C channels of L points, instead of (N, F); its T targets are channels of points, one after the
other.

The types keep the test set sealed: a ``Dataset`` carries targets, an ``Unlabelled`` does not, and the only
thing a fit ever receives is a ``Fold``, whose test part is ``Unlabelled``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IdArray = NDArray[np.int64]
RunStatus = Literal["finished", "failed", "killed"]


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """Prepared features of objects whose targets are not available.

    Attributes:
        ids: Object identifiers, shape (N,).
        features: Prepared (encoded, imputed, scaled) features, shape (N, F) or (N, C, L).
    """

    ids: IdArray
    features: Float32Array

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Dataset(Unlabelled):
    """Prepared features with targets in physical units.

    Attributes:
        target: Shape (N, T), in the target's physical unit (parallax: mas), or the natural logarithm of
            positive profiles; NaN where a profile was not measured.
        target_error: The catalogue's 1-sigma error of the target, shape (N, T), same unit; where unknown the
            median of the training rows' known errors, 0 if none is known.
        vary: Draws features and target of all rows anew, for training on varied data; None for the same ones
            in every epoch.
    """

    target: FloatArray
    target_error: FloatArray
    vary: Callable[[np.random.Generator], tuple[Float32Array, FloatArray]] | None = None


@dataclass(frozen=True)
class Layout:
    """Shapes of what a network takes and gives.

    Attributes:
        inputs: Shape of one object's features: (F,) or (C, L).
        channels: Names of the target's channels; a scalar target is one channel of one point.
        n_points: Points of each channel; T is their number times that of the channels.
    """

    inputs: tuple[int, ...]
    channels: tuple[str, ...]
    n_points: int = 1


@dataclass(frozen=True, eq=False)
class Fold:
    """All that one fit may see: labelled training and validation objects, unlabelled test objects.

    Attributes:
        train: Objects whose targets set the weights.
        val: Objects whose targets choose the epoch and the hyperparameters.
        test: The sealed objects; their targets are not in memory.
        feature_names: Names of the F prepared features, or of the C channels.
        target_names: Names of the target's channels.
        n_points: Points of each channel of the target.
    """

    train: Dataset
    val: Dataset
    test: Unlabelled
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    n_points: int = 1

    @property
    def layout(self) -> Layout:
        """Shapes of what a network takes and gives."""
        return Layout(self.train.features.shape[1:], self.target_names, self.n_points)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted targets with their uncertainties, in physical units.

    Attributes:
        ids: Shape (N,).
        mean: Predicted target, shape (N, T): the network's central value carried back to the target's unit.
            Under a log or asinh transform it is the median of the predicted distribution, not its mean.
        std: Predicted 1-sigma uncertainty of the true target (without the catalogue's error), shape (N, T).
    """

    ids: IdArray
    mean: FloatArray
    std: FloatArray


@dataclass(frozen=True)
class RunRecord:
    """What is remembered of one run.

    Attributes:
        name: Readable name, unique within its sweep.
        status: ``finished``, ``failed`` (by an error) or ``killed`` (stopped from outside).
        metrics: ``<split>/<metric>`` to value; NaN and infinity are kept, not dropped.
        params: Flat dotted configuration.
        tags: Role, class, model, data fingerprint, git commit and the like.
        curves: Per-epoch series, each ``<split>/<metric>`` to one value an epoch, from epoch 0. A metric of
            the same name is the value that stands for the run, for example at its best epoch.
        error: What went wrong, empty for a finished run.
        duration_s: Wall time in seconds.
    """

    name: str
    status: RunStatus
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)
    error: str = ""
    duration_s: float = 0.0
