"""Groups of objects by a variable: classes, or quantiles of a number.

Shapes: N objects, T target columns; a variable has a value for each object's target.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.errors import DataError, FormatError
from astrosweep.core.types import IdArray

MOST_BINS = 5
ROWS_OF_A_BIN = 200
UNKNOWN = "unknown"
"""Label of values that are missing or of a class that was not there when the groups were made."""


@dataclass(frozen=True)
class Grouping:
    """How values of a variable find their group.

    Attributes:
        name: Of the variable.
        edges: Ascending edges between the groups of a number, which is in the upper group at an edge; None
            for classes.
        classes: Names of the classes; None for a number.
    """

    name: str
    edges: tuple[float, ...] | None = None
    classes: tuple[str, ...] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Readable name of each group."""
        if self.edges is None:
            return self.classes or ()
        if not self.edges:
            return ("all",)
        between = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(self.edges)]
        return (f"below {self.edges[0]:.4g}", *between, f"from {self.edges[-1]:.4g}")

    def place(self, values: NDArray[Any]) -> IdArray:
        """Position of the group of each value, -1 for a missing value and an unknown class.

        Raises:
            DataError: The values are classes and a number is expected, or the other way round.
        """
        if values.dtype.kind == "O" and all(_is_missing(value) for value in values.ravel()):
            return np.full(values.shape, -1, dtype=np.int64)
        if _holds_classes(self.name, values) != (self.classes is not None):
            kinds = ("numbers", "classes") if self.classes is None else ("classes", "numbers")
            raise DataError(f"calibration variable {self.name}: expected {kinds[0]}, found {kinds[1]}")
        if self.classes is None:
            numbers = values.astype(np.float64)
            place = np.searchsorted(np.array(self.edges, dtype=np.float64), numbers, side="right")
            return np.where(np.isnan(numbers), -1, place).astype(np.int64)
        positions = {name: i for i, name in enumerate(self.classes)}
        found = [positions.get(value, -1) if isinstance(value, str) else -1 for value in values.ravel()]
        return np.array(found, dtype=np.int64).reshape(values.shape)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        if self.classes is None:
            return {"name": self.name, "edges": list(self.edges or ())}
        return {"name": self.name, "classes": list(self.classes)}

    @classmethod
    def from_dict(cls, value: Any) -> "Grouping":
        """Read what ``as_dict`` gave.

        Raises:
            FormatError: It is damaged.
        """
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            raise FormatError(f"calibration: a variable must have a name, found {str(value)[:80]}")
        name, keys = value["name"], set(value) - {"name"}
        if keys == {"edges"}:
            edges = value["edges"]
            if not isinstance(edges, list) or not all(_is_number(edge) for edge in edges):
                raise FormatError(f"calibration variable {name}: edges must be finite numbers, found {edges}")
            if any(low >= high for low, high in pairwise(edges)):
                raise FormatError(f"calibration variable {name}: edges must ascend, found {edges}")
            return cls(name, edges=tuple(float(edge) for edge in edges))
        if keys == {"classes"}:
            classes = value["classes"]
            if not isinstance(classes, list) or not all(isinstance(one, str) for one in classes):
                raise FormatError(f"calibration variable {name}: classes must be names, found {classes}")
            if len(set(classes)) != len(classes) or not classes:
                raise FormatError(f"calibration variable {name}: classes must differ, found {classes}")
            return cls(name, classes=tuple(classes))
        raise FormatError(f"calibration variable {name}: expected edges or classes, found {sorted(keys)}")


def make_grouping(name: str, values: NDArray[Any]) -> Grouping:
    """Make groups: every class, or up to five bins of a number with some 200 values each.

    Args:
        name: Of the variable.
        values: Of the objects with known residuals, shape (n,); strings are classes, None and NaN missing.

    Raises:
        DataError: The values are neither strings nor numbers.
    """
    if _holds_classes(name, values):
        return Grouping(
            name, classes=tuple(sorted({str(value) for value in values if isinstance(value, str)}))
        )
    numbers = values.astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    n_bins = min(MOST_BINS, max(1, len(numbers) // ROWS_OF_A_BIN))
    if n_bins == 1:
        return Grouping(name, edges=())
    edges = np.unique(np.quantile(numbers, np.arange(1, n_bins) / n_bins))
    return Grouping(name, edges=tuple(float(edge) for edge in edges if edge > numbers.min()))


def _holds_classes(name: str, values: NDArray[Any]) -> bool:
    if values.dtype.kind == "U":
        return True
    if values.dtype.kind in "biuf":
        return False
    if values.dtype.kind == "O":
        present = [value for value in values.ravel() if not _is_missing(value)]
        if all(isinstance(value, str) for value in present):
            return bool(present)
    raise DataError(f"calibration variable {name}: values must be numbers or strings, found {values.dtype}")


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
