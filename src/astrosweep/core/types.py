"""The frozen records that cross layers.

Shape suffixes: ``N`` objects, ``F`` features, ``T`` target columns. The features of a profile have the shape
(N, C, L), C channels of L points, instead of (N, F); its T target columns are channels of points, one after
the other.

The types keep the test set sealed: a ``Dataset`` carries targets, an ``Unlabelled`` has no place for them,
and neither is the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
class Dataset:
    """Prepared features with targets.

    Attributes:
        ids: Object identifiers, shape (N,).
        features: Prepared features, shape (N, F) or (N, C, L).
        target: Shape (N, T), in the target's own unit, or the natural logarithm of positive profiles; NaN
            where a profile was not measured.
        target_error: The catalogue's 1-sigma error of the target, shape (N, T), same unit; where unknown the
            median of the training objects' known errors, 0 if none is known.
        vary: Draws features and target of all objects anew, for training on varied data; None for the same
            ones in every epoch.
    """

    ids: IdArray
    features: Float32Array
    target: FloatArray
    target_error: FloatArray
    vary: Callable[[np.random.Generator], tuple[Float32Array, FloatArray]] | None = None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Layout:
    """Shapes of what a network takes and gives.

    Attributes:
        inputs: Shape of one object's features: (F,) or (C, L).
        channels: Names of the target's channels; a scalar target is one channel of one point.
        n_points: Points of each channel.
    """

    inputs: tuple[int, ...]
    channels: tuple[str, ...]
    n_points: int = 1

    @property
    def n_targets(self) -> int:
        """Target columns, T: channels times points."""
        return len(self.channels) * self.n_points


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted targets with their uncertainties, in the unit of ``Dataset.target``.

    Attributes:
        ids: Shape (N,).
        mean: Predicted target, shape (N, T): the network's central value carried back to the target's unit.
            Under a log or asinh transform it is the median of the predicted distribution, not its mean.
        std: Predicted 1-sigma uncertainty of the true target (without the catalogue's error), shape (N, T).
    """

    ids: IdArray
    mean: FloatArray
    std: FloatArray

    def scaled(self, factor: FloatArray) -> "Predictions":
        """Return the same with uncertainties times a factor, shape (T,) or (N, T)."""
        return replace(self, std=self.std * factor)


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
