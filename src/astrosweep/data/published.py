"""Published figures that a model stands beside, as a kind of data packs them with their source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from astrosweep.config.base import Strict
from astrosweep.config.yaml_file import load_yaml


@dataclass(frozen=True)
class Published:
    """What a study published of one network.

    Attributes:
        study: Who published it, where.
        network: What it is of.
        metrics: Name of a metric of the kind of data to its value.
        note: What must be known to compare.
    """

    study: str
    network: str
    metrics: Mapping[str, float]
    note: str


class _Entry(Strict):
    """One entry of a file; ``data`` and ``targets`` say for which models it stands."""

    data: str
    targets: list[str]
    network: str
    metrics: dict[str, float]


class _File(Strict):
    study: str
    note: str
    entries: list[_Entry]


def read_published(path: Path, data: str, targets: Sequence[str]) -> tuple[Published, ...]:
    """Read the published figures of the same class of objects and of targets among these.

    Args:
        path: A packaged file.
        data: Name of the data of a model.
        targets: Its targets.
    """
    found = TypeAdapter(_File).validate_python(load_yaml(path, "published figures"))
    return tuple(
        Published(found.study, one.network, one.metrics, found.note)
        for one in found.entries
        if one.data == data and set(one.targets) <= set(targets)
    )
