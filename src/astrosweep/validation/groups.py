"""Groups of objects, by classes and by ranges of a number, and how a model does in each.

Shapes: N objects, T target columns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.ensemble.grouping import UNKNOWN, Grouping, make_grouping
from astrosweep.validation.resample import Estimate
from astrosweep.validation.scores import Values, scores

OBJECTS_OF_A_RANGE, MOST_RANGES = 30, 5
"""Ranges of a number have so many objects at least, where there are enough, and are no more than so many."""
Labels = NDArray[np.object_]
"""Name of the group of each value, of a shape that broadcasts to (N, T)."""


@dataclass(frozen=True)
class Group:
    """How a model does on some objects.

    Attributes:
        variable: What they have in common.
        name: Which class or range.
        n: Objects.
        metrics: Metric to value and interval.
    """

    variable: str
    name: str
    n: int
    metrics: Mapping[str, Estimate]


def labels_of(variables: Mapping[str, NDArray[Any]]) -> dict[str, Labels]:
    """Names of groups: each class, and ranges of a number with equally many objects each.

    Args:
        variables: Name to numbers or class names, of a shape that broadcasts to (N, T).
    """
    found = {}
    for name, values in variables.items():
        grouping = _grouping(name, values)
        names = np.array([*grouping.labels, UNKNOWN], dtype=object)
        found[name] = names[grouping.place(values)]
    return found


def is_of_columns(labels: Labels) -> bool:
    """Whether groups are of target columns, the same for all objects."""
    return bool(labels.shape[0] == 1 and labels.shape[-1] > 1)


def each_group(labels: Labels) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each group's name and its members, of the shape of the labels, in order of names."""
    for name in sorted(set(labels.ravel().tolist())):
        yield str(name), labels == name


def group_scores(values: Values, labels: Mapping[str, Labels], draws: int, seed: int) -> list[Group]:
    """Metrics of each group.

    Args:
        values: Predictions beside targets.
        labels: Variable to the names of groups.
        draws: Bootstrap draws.
        seed: Seed of the draws.
    """
    found = []
    for variable, names in labels.items():
        for name, members in each_group(names):
            if is_of_columns(names):
                columns = np.flatnonzero(members[0])
                chosen = values.of_columns(slice(int(columns[0]), int(columns[-1]) + 1))
                chosen = chosen.where(np.isfinite(chosen.residual))
            else:
                chosen = values.where(
                    np.broadcast_to(members, values.target.shape) & np.isfinite(values.residual)
                )
            if len(chosen):
                found.append(Group(variable, name, len(chosen), scores(chosen, draws, seed)))
    return found


def _grouping(name: str, values: NDArray[Any]) -> Grouping:
    if values.dtype.kind in "OU":
        return make_grouping(name, values.ravel())
    numbers = values.astype(np.float64).ravel()
    numbers = numbers[np.isfinite(numbers)]
    n = min(MOST_RANGES, max(1, len(numbers) // OBJECTS_OF_A_RANGE))
    if n == 1:
        return Grouping(name, edges=())
    edges = np.unique(np.quantile(numbers, np.arange(1, n) / n))
    return Grouping(name, edges=tuple(float(edge) for edge in edges if edge > numbers.min()))
