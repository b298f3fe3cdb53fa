"""The frozen records that cross layers.

Shape suffixes: ``N`` rows (objects), ``F`` features, ``T`` targets.

The types keep the test set sealed: a ``Dataset`` carries targets, an ``Unlabelled`` does not, and the only
thing a fit ever receives is a ``Fold``, whose test part is ``Unlabelled``.
"""

from collections.abc import Mapping, Sequence
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
        features: Prepared (encoded, imputed, scaled) features, shape (N, F).
    """

    ids: IdArray
    features: Float32Array

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Dataset(Unlabelled):
    """Prepared features with targets in physical units.

    Attributes:
        target: Shape (N, T), in the target's physical unit (parallax: mas).
        target_error: The catalogue's 1-sigma error of the target, shape (N, T), same unit; where unknown the
            median of the training rows' known errors, 0 if none is known.
    """

    target: FloatArray
    target_error: FloatArray


@dataclass(frozen=True, eq=False)
class Fold:
    """All that one fit may see: labelled training and validation objects, unlabelled test objects.

    Attributes:
        train: Objects whose targets set the weights.
        val: Objects whose targets choose the epoch and the hyperparameters.
        test: The sealed objects; their targets are not in memory.
        feature_names: Names of the F prepared features.
        target_names: Names of the T targets.
    """

    train: Dataset
    val: Dataset
    test: Unlabelled
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]


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
