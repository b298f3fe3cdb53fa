"""From a record to the points that a store keeps: one value of one metric at one step."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from astrosweep.core.types import RunRecord


class Point(NamedTuple):
    """One value of a metric.

    Attributes:
        key: ``<split>/<metric>``.
        value: Any float, also NaN and infinite.
        timestamp_ms: Milliseconds since 1970-01-01 UTC.
        step: Epoch, from 0.
    """

    key: str
    value: float
    timestamp_ms: int
    step: int


def last_values(record: RunRecord) -> dict[str, float]:
    """The value that stands for each metric: the record's own, else the last of its curve."""
    ends = {key: float(curve[-1]) for key, curve in record.curves.items() if len(curve)}
    return ends | {key: float(value) for key, value in record.metrics.items()}


def last_points(record: RunRecord, started_ms: int) -> list[Point]:
    """The points of ``last_values``.

    MLflow takes the highest step of a metric as its value. A metric that has a curve too therefore comes
    one step after the curve's last epoch.

    Args:
        record: The record.
        started_ms: Start of the run.
    """
    finished_ms = started_ms + round(1000 * record.duration_s)
    points = []
    for key, value in last_values(record).items():
        n_epochs = len(record.curves.get(key, ()))
        step = n_epochs if key in record.metrics else n_epochs - 1
        points.append(Point(key, value, finished_ms, step))
    return points


def earlier_points(record: RunRecord, started_ms: int) -> Iterator[Point]:
    """The points of the curves that ``last_points`` does not hold.

    Times are spread evenly over the run, and so are the same whenever the same record is written.
    """
    for key, curve in record.curves.items():
        step_ms = 1000 * record.duration_s / max(len(curve), 1)
        kept = curve if key in record.metrics else curve[:-1]
        for epoch, value in enumerate(kept):
            yield Point(key, float(value), started_ms + round(step_ms * (epoch + 1)), epoch)


LARGEST = math.nextafter(math.inf, 0.0)
"""MLflow's databases hold no infinity: this stands for it."""


def restored(value: float) -> float:
    """A value as it was before MLflow stored it: the largest float was an infinity."""
    return math.copysign(math.inf, value) if abs(value) == LARGEST else value
