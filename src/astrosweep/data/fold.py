"""What one fit receives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from astrosweep.core.types import Dataset, Layout, Unlabelled
from astrosweep.data.target import TargetTransform


@dataclass(frozen=True, eq=False)
class Fold:
    """All that one fit may see: labelled training and validation objects, unlabelled test objects.

    Attributes:
        train: Objects whose targets set the weights.
        val: Objects whose targets choose the epoch and the hyperparameters.
        test: The sealed objects; their targets are not in memory.
        layout: Shapes of what a network takes and gives.
        transform: The map between the target and what the network learns, fitted on the training objects.
        start: Weights that the network starts from, by name; None draws them.
    """

    train: Dataset
    val: Dataset
    test: Unlabelled
    layout: Layout
    transform: TargetTransform
    start: Mapping[str, NDArray[Any]] | None = None
