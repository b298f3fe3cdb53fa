"""Small bundles to test with, and ways to damage them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.config import RunConfig
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.ensemble.bundle import Contents, MemberSource, Scored
from astrosweep.ensemble.calibration import Calibration
from tests.recording.runs import make, record


def runs_of(make_config: Callable[..., RunConfig], folder: Path, *names: str) -> dict[str, Path]:
    """Recorded runs by name, as ``tests.recording.runs`` has them."""
    return {name: record(make(make_config, name, folder / "objects"), folder / name) for name in names}


def contents_of(config: RunConfig, members: tuple[MemberSource, ...], **more: Any) -> Contents:
    """What a bundle is made from; ``more`` replaces."""
    values: dict[str, Any] = {
        "name": "small",
        "config": config,
        "members": members,
        "by_precision": False,
        "objective": "nll",
        "strategy": "mean of the top 2",
        "calibration": Calibration(50, (1.1, 1.2, 1.3, 1.4)).as_dict(),
        "ranges": {"g": [10.0, 20.0]},
        "provenance": {"git_commit": "0" * 40},
        "merit": {"nll": 0.5},
        "test": scored(),
    }
    return Contents(**{**values, **more})


def scored(n: int = 12, seed: int = 0, noise: float = 0.1, ids: FloatArray | None = None) -> Scored:
    """Predictions of objects whose targets are the same for every seed."""
    target = np.random.default_rng(99).normal(size=(n, 1))
    rng = np.random.default_rng(seed)
    return Scored(
        ids=np.arange(n, dtype=np.int64) if ids is None else ids,
        mean=target + rng.normal(scale=noise, size=(n, 1)),
        aleatoric=np.full((n, 1), noise),
        epistemic=np.full((n, 1), 0.0),
        target=target,
        error=np.zeros((n, 1)),
    )


def rehash(bundle: Path, name: str) -> None:
    """Enter the SHA-256 of a file as it is now, in the member's manifest and in the bundle's."""
    inner = bundle.joinpath(*Path(name).parts[:2])
    if name.startswith("members/") and (inner / "run.json").is_file() and not name.endswith("/run.json"):
        _enter(inner, "run.json", (bundle / name).relative_to(inner).as_posix())
        _enter(bundle, "bundle.json", (inner / "run.json").relative_to(bundle).as_posix())
    _enter(bundle, "bundle.json", name)


def _enter(folder: Path, manifest: str, name: str) -> None:
    values = json.loads((folder / manifest).read_text())
    values["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / manifest).write_text(json.dumps(values))


@dataclass(frozen=True)
class ConstantBaseline:
    """Stands in for what kinds of data offer: predicts the number in ``constant.json``."""

    name: str = "constant"

    def load(self, folder: Path) -> "ConstantBaseline.Fitted":
        return ConstantBaseline.Fitted(json.loads((folder / "constant.json").read_text())["value"])

    @dataclass(frozen=True)
    class Fitted:
        value: float

        def predict(self, objects: Any) -> Predictions:
            shape = (len(objects), 1)
            return Predictions(objects.ids, np.full(shape, self.value), np.ones(shape))
