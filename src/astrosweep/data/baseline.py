"""What stands beside the networks for comparison: models that need no search, fitted in the same folds.

A baseline sees the training objects of a fold and its preparation, and nothing else. Shapes: N objects, T
target columns.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from astrosweep.core.errors import DataError, FormatError
from astrosweep.core.files import read_json, write_exact_json
from astrosweep.core.types import Predictions

if TYPE_CHECKING:
    from astrosweep.data.kind import PreparedFold

VALUES = "baseline.json"
"""File that says which baseline a folder holds, and its numbers."""
_FORMAT = 1
_FEWEST = 10
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


def refuse_few(baseline: Baseline, n: int) -> None:
    """Refuse to fit a baseline on fewer than 10 training objects.

    Raises:
        DataError: They are fewer.
    """
    if n < _FEWEST:
        raise DataError(
            f"the baseline {baseline.label} cannot be fitted to {n} training objects; needed: {_FEWEST}"
        )


def write_values(folder: Path, name: str, values: Mapping[str, Any]) -> None:
    """Write the values of a fitted baseline, exactly.

    Raises:
        OSError: The file cannot be written.
    """
    write_exact_json(folder / VALUES, {"baseline": name, "format": _FORMAT, **values})


def read_values(folder: Path, name: str) -> dict[str, Any]:
    """Read what ``write_values`` wrote.

    Raises:
        FormatError: The file is missing or damaged, of an unknown format, or another baseline's.
    """
    path = folder / VALUES
    values = read_json(path)
    if (values.get("baseline"), values.get("format")) != (name, _FORMAT):
        raise FormatError(
            f"{path}: holds the baseline {values.get('baseline')!r} in format {values.get('format')!r}; "
            f"expected: {name!r} in format {_FORMAT}"
        )
    return values
