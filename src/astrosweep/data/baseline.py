"""What stands beside the networks for comparison: models that need no search, fitted in the same folds.

A baseline sees the training objects of a fold and its preparation, and nothing else. Shapes: N objects, T
target columns.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from astrosweep.core.types import Predictions

if TYPE_CHECKING:
    from astrosweep.data.kind import PreparedFold

_ObjectsT_contra = TypeVar("_ObjectsT_contra", contravariant=True)


class FittedBaseline(Protocol[_ObjectsT_contra]):
    """A baseline fitted on the training objects of one fold; it needs nothing else of the fold."""

    def predict(self, objects: _ObjectsT_contra) -> Predictions:
        """Predict objects in the unit of ``Dataset.target``, shape (N, T).

        The standard deviations are those of the true value, above 0 and not yet calibrated. Target columns
        that no training object had are NaN.

        Raises:
            DataError: The objects lack something that the preparation needs.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write what ``Baseline.load`` reads back to the last bit, without pickle.

        Raises:
            OSError: A file cannot be written.
        """
        ...


class Baseline(Protocol):
    """A kind of model that needs no search."""

    @property
    def name(self) -> str:
        """Its name in files and records, such as ``linear``."""
        ...

    @property
    def label(self) -> str:
        """What tables call it, such as ``histogram gradient boosting``."""
        ...

    def suits(self, prepared: "PreparedFold[Any, Any, Any]") -> bool:
        """Whether objects so prepared have what it needs; the same for all folds of a configuration."""
        ...

    def fit(self, prepared: "PreparedFold[Any, Any, Any]") -> FittedBaseline[Any]:
        """Fit it on the training objects of a fold.

        Raises:
            DataError: The training objects are too few.
        """
        ...

    def load(self, folder: Path) -> FittedBaseline[Any]:
        """Read back what ``FittedBaseline.save`` wrote.

        Raises:
            FormatError: A file is missing, damaged, another baseline's, or holds a type that none has.
        """
        ...
