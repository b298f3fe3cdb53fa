"""Between the records of astrosweep and the entities of MLflow."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunRecord, RunStatus
from astrosweep.tracking.points import Point, restored
from astrosweep.tracking.summary import RunSummary

if TYPE_CHECKING:
    from mlflow.entities import Metric, Param, Run, RunTag

PARENT = "mlflow.parentRunId"
_ERROR = "error"
_OWN = "mlflow."
_PARAM_LENGTH = 6000
_TAG_LENGTH = 8000
_NOT_IN_NAMES = re.compile(r"[^\w.\- :]")


def as_metrics(points: Iterable[Point]) -> list["Metric"]:
    """Points as MLflow's metrics."""
    from mlflow.entities import Metric

    return [Metric(*point) for point in points]


def as_params(record: RunRecord) -> list["Param"]:
    """Parameters of a record as text; one that is too long for MLflow ends in a mark.

    Keys may hold the names of a table's columns: what MLflow takes in no name becomes an underscore.
    """
    from mlflow.entities import Param

    params: dict[str, str] = {}
    for key, value in record.params.items():
        name = _NOT_IN_NAMES.sub("_", key)
        while name in params:
            name += "_"
        params[name] = _cut(str(value), _PARAM_LENGTH)
    return [Param(name, value) for name, value in params.items()]


def as_tags(record: RunRecord) -> list["RunTag"]:
    """Tags and the error of a record; one that is too long for MLflow ends in a mark."""
    from mlflow.entities import RunTag

    tags = dict(record.tags) | ({_ERROR: record.error} if record.error else {})
    return [RunTag(key, _cut(value, _TAG_LENGTH)) for key, value in tags.items()]


def summarize(run: "Run") -> RunSummary:
    """A run of MLflow as it is read back."""
    info, tags = run.info, run.data.tags
    status = "running" if info.status == "SCHEDULED" else info.status.lower()
    return RunSummary(
        run_id=info.run_id,
        name=info.run_name,
        status=cast("RunStatus", status),
        parent_id=tags.get(PARENT),
        tags={key: tag for key, tag in tags.items() if not key.startswith(_OWN) and key != _ERROR},
        params=dict(run.data.params),
        metrics={key: restored(value) for key, value in run.data.metrics.items()},
        error=tags.get(_ERROR, ""),
        started_s=info.start_time / 1000,
        duration_s=(info.end_time - info.start_time) / 1000 if info.end_time else 0.0,
    )


def tag_field(key: str) -> str:
    """A tag as a field of ``filter_text``."""
    return f"tags.`{key}`"


def filter_text(wanted: Mapping[str, str]) -> str:
    """A search in MLflow's language.

    Args:
        wanted: Field, such as ``attributes.run_name``, to the value that a run must have.

    Raises:
        TrackingError: A value holds both kinds of quotation marks, which MLflow cannot search for.
    """
    return " and ".join(f"{field} = {_quoted(value)}" for field, value in wanted.items())


def _quoted(value: str) -> str:
    mark = '"' if "'" in value else "'"
    if mark in value:
        raise TrackingError(f"MLflow cannot search for a text with both \" and ' in it: {value}")
    return f"{mark}{value}{mark}"


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    mark = f"... [cut from {len(text)} characters]"
    return text[: length - len(mark)] + mark
