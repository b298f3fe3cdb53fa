"""Simulated samples on disk: an uncompressed ``.npz`` file for each setting and version of the simulation."""

import contextlib
import hashlib
import inspect
import logging
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from astrosweep.config.kinds.clusters import OBSERVABLES, TARGETS, ClusterSimulationConfig
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, Profiles, TrueProfiles

_log = logging.getLogger(__name__)

PACKAGE = Path(__file__).parent
SAMPLE = Path(inspect.getfile(Clusters))
_OF_A_CLUSTER = ("ids", "names", "redshift", "r500_kpc", "generator", "origin", "training_only")
_ARRAYS = ("radius", "value", "error", "noiseless")
_UNREADABLE = (
    OSError, ValueError, TypeError, KeyError, AttributeError, EOFError, NotImplementedError,
    zipfile.BadZipFile,
)  # fmt: skip
"""All that the readers of a damaged archive raise."""


def cache_path(config: ClusterSimulationConfig) -> Path:
    """Return the file of a sample; its name depends on all settings and on the version of the simulation."""
    digest = hashlib.sha256(config.model_dump_json(exclude={"cache_dir"}).encode())
    digest.update(f"numpy {np.__version__} scipy {scipy.__version__}".encode())
    for source in sources():
        digest.update(f"{source.name} {source.stat().st_size}\n".encode() + source.read_bytes())
    return Path(str(config.cache_dir)).expanduser() / f"clusters-{digest.hexdigest()[:16]}.npz"


def sources() -> list[Path]:
    """Return the files that are the version of the simulation: a changed one never meets an old sample."""
    return [*sorted(PACKAGE.glob("*.py")), SAMPLE]


def read_cached(path: Path) -> ClusterSample | None:
    """Return the sample of a file; None where there is none, and with a warning where it cannot be read."""
    if not path.exists():
        return None
    try:
        # A damaged file that NumPy opens itself stays open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = dict(stored)
        clusters = Clusters(
            **{name: arrays[name] for name in _OF_A_CLUSTER if name != "origin"},
            origin=str(arrays["origin"]),
            observed=_profiles(arrays, OBSERVABLES),
        )
        return ClusterSample(clusters, TrueProfiles(_profiles(arrays, TARGETS)))
    except _UNREADABLE as error:
        _log.warning("%s cannot be read (%s); the clusters are simulated anew", path, error)
        return None


def write_cached(sample: ClusterSample, path: Path) -> None:
    """Write a sample such that readers see all of it or nothing; where that fails, warn."""
    arrays: dict[str, Any] = {name: np.asarray(getattr(sample.objects, name)) for name in _OF_A_CLUSTER}
    for kind in (sample.objects.observed, sample.truth.profiles):
        for name, profiles in kind.items():
            for array in _ARRAYS:
                values = getattr(profiles, array)
                if values is not None:
                    arrays[f"{name}.{array}"] = values
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        temporary.replace(path)
    except OSError as error:
        _log.warning("%s cannot be written (%s); the clusters will be simulated again next time", path, error)
        # An unwritable folder has nothing to remove and refuses that too.
        with contextlib.suppress(OSError):
            temporary.unlink()


def _profiles(arrays: Mapping[str, np.ndarray], names: tuple[str, ...]) -> dict[str, Profiles]:
    """Collect profiles of the given names; one without noiseless values has none."""
    return {
        name: Profiles(
            radius=arrays[f"{name}.radius"],
            value=arrays[f"{name}.value"],
            error=arrays[f"{name}.error"],
            noiseless=arrays.get(f"{name}.noiseless"),
        )
        for name in names
    }
