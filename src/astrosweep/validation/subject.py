"""The model that is validated, with what it keeps of how it was made and judged."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.config import TrackingConfig
from astrosweep.config.trainer import Accelerator
from astrosweep.core.files import read_json
from astrosweep.core.types import IdArray
from astrosweep.ensemble.bundle import Bundle, load_bundle
from astrosweep.prediction.model import Model, of_bundle, of_run
from astrosweep.recording.address import located
from astrosweep.recording.saved import VALIDATION, folders_of, read_validation

_METRICS = "metrics.json"


@dataclass(frozen=True)
class Size:
    """What a model takes on disk.

    Attributes:
        files: Number of files.
        bytes: All of them.
        weights: Bytes of the networks' weights.
    """

    files: int
    bytes: int
    weights: int


@dataclass(frozen=True, eq=False)
class Subject:
    """A model and its papers.

    Attributes:
        model: What predicts.
        bundle: The bundle that it is; None for a single run.
        size: On disk.
        recorded: Metrics that a single run recorded, by ``<split>/<metric>``; empty for a bundle.
        validated: Identifiers of the objects that a single run was validated on; empty for a bundle.
    """

    model: Model
    bundle: Bundle | None
    size: Size
    recorded: Mapping[str, float] = field(default_factory=dict)
    validated: IdArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def merit(self) -> Mapping[str, Any]:
        """What the bundle says of how it was chosen and judged; empty for a single run."""
        return self.bundle.merit if self.bundle else {}

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What the bundle says of where it comes from; empty for a single run."""
        return self.bundle.provenance if self.bundle else {}

    @property
    def has_profiles(self) -> bool:
        """Whether its targets are profiles."""
        return self.model.config.data.has_profiles

    @property
    def unit(self) -> str:
        """Unit of its metrics."""
        return "normalised units" if self.has_profiles else self.model.config.data.unit


@contextmanager
def opened_subject(
    address: str, tracking: TrackingConfig, accelerator: Accelerator | None = "auto"
) -> Iterator[Subject]:
    """Open a model; its files are there for as long as the block lasts.

    Args:
        address: As ``predict.model`` has it.
        tracking: The record.
        accelerator: Device to predict on.

    Raises:
        ConfigError: The address is none, or this machine has no such device.
        TrackingError: The record has no such run or version.
        FormatError: The model is damaged.
    """
    with located(address, tracking) as place:
        size = size_of(place.folder)
        if place.is_bundle:
            bundle = load_bundle(place.folder, accelerator)
            yield Subject(of_bundle(bundle, place), bundle, size)
        else:
            model = of_run(place, accelerator)
            yield Subject(model, None, size, _recorded(place.folder), _validated(place.folder, model))


def size_of(folder: Path) -> Size:
    """What a folder takes on disk."""
    files = [(path.suffix, path.stat().st_size) for path in folder.rglob("*") if path.is_file()]
    weights = [path.stat().st_size for path in folder.rglob("weights.safetensors")]
    return Size(len(files), sum(size for _, size in files), sum(weights))


def _validated(folder: Path, model: Model) -> IdArray:
    """Identifiers of validation objects; a replicate's own folder has those of the replicate alone."""
    own = [folder] if (folder / VALIDATION).is_file() else folders_of(folder, model.config.replicates)
    found = [read_validation(one).ids for one in own if (one / VALIDATION).is_file()]
    return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)


def _recorded(folder: Path) -> dict[str, float]:
    if not (folder / _METRICS).is_file():
        return {}
    found = read_json(folder / _METRICS)
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}
