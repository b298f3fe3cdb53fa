"""Labelled objects on which a model is examined, and what can be done to their inputs.

Shapes: N objects, T target columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.kind import Judged, Labelled

OBSERVED = "observed "
"""How variables begin that are the observed target, whose noise decides which group an object is in."""
DEFAULT_ERROR = 0.01
"""What stands in for an unknown error of an input, as a share of its spread."""


@dataclass(frozen=True, eq=False)
class Remembered:
    """One input of N objects beside what a model remembers of the objects that it was trained on.

    Attributes:
        name: The input.
        values: Of the objects: numbers, NaN where missing, or an object array of class names; shape (N,).
        at: Numbers of which the share of training objects below is known, rising; empty for classes.
        share: That share.
        counts: Of each class how many training objects had it; empty for numbers.
        missing: Share of training objects without a value; None where it is not remembered.
    """

    name: str
    values: NDArray[Any]
    at: FloatArray = field(default_factory=lambda: np.empty(0))
    share: FloatArray = field(default_factory=lambda: np.empty(0))
    counts: Mapping[str, int] = field(default_factory=dict)
    missing: float | None = None


class Examined(Protocol):
    """N labelled objects of a file, and ways to change what is known of them."""

    @property
    def labelled(self) -> Labelled[Any, Any]:
        """The objects that have a truth, and can be predicted."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """What a reader should know of how they were read, in words."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs, in the model's order."""
        ...

    @property
    def errors(self) -> Mapping[str, str]:
        """Of each input in words: by which errors ``perturbed`` changes it."""
        ...

    def take(self, rows: IdArray) -> Self:
        """Some of the objects, by position."""
        ...

    def without(self, name: str) -> Any | None:
        """The objects with one input missing; None where no object can be without it."""
        ...

    def permuted(self, name: str, order: IdArray) -> Any:
        """The objects with one input taken from others.

        Args:
            name: The input.
            order: Position of the object that each takes it from, shape (N,).
        """
        ...

    def perturbed(self, generator: np.random.Generator) -> Any:
        """The objects with Gaussian errors added to all inputs."""
        ...

    def variables(self, judged: Judged[Any, Any]) -> Mapping[str, NDArray[Any]]:
        """What objects are told apart by: numbers or class names, of a shape that broadcasts to (N, T).

        Args:
            judged: The objects with their predictions.
        """
        ...

    def remembered(self, ranges: Mapping[str, Any]) -> list[Remembered]:
        """The inputs beside what ``Kind.ranges`` told of training objects."""
        ...
