"""Read back what was trained, and predict new objects with it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import safetensors.torch
from safetensors import SafetensorError

from astrosweep.config import RunConfig, load_run_config
from astrosweep.core.errors import FormatError
from astrosweep.core.files import read_json
from astrosweep.core.types import FloatArray, Predictions, Unlabelled
from astrosweep.data.kind import Judged, Preparation
from astrosweep.kinds import kind_of
from astrosweep.recording.saved import CONFIG, FOLD, MANIFEST, WEIGHTS, check_manifest
from astrosweep.tracking import Tracker
from astrosweep.training import RegressionModule, judge_unlabelled, predict_with, restore


@dataclass(frozen=True, eq=False)
class Member:
    """One trained network with all that its predictions need.

    Attributes:
        name: Where it lies in its run, such as ``replicate_1/fold_0``.
        config: The run's configuration.
        preparation: The preparation of its fold.
        module: The network.
        factor: Calibration factors of its uncertainties, shape (T,).
    """

    name: str
    config: RunConfig
    preparation: Preparation[Any, Any]
    module: RegressionModule
    factor: FloatArray

    def predict(self, objects: Any) -> Judged[Any, Any]:
        """Predict objects of the run's kind of data, with calibrated uncertainties."""
        features = Unlabelled(objects.ids, self.preparation.features(objects))
        predicted = predict_with(self.config, self.module, features)
        return judge_unlabelled(self.preparation, objects, predicted).scaled(self.factor)

    def table(self, objects: Any) -> pd.DataFrame:
        """The predictions as a table, in physical units."""
        return self.preparation.table(self.predict(objects))


@dataclass(frozen=True, eq=False)
class Trained:
    """What was trained: the networks of a run or of a trial, of one replicate, or of one fold.

    Attributes:
        config: The run's configuration.
        members: Its networks, folds within replicates.
    """

    config: RunConfig
    members: tuple[Member, ...]

    def predict(self, objects: Any) -> Judged[Any, Any]:
        """Predict objects by all networks: their equally weighted mixture.

        The variance of a mixture is the mean of its members' variances and the variance of their means.

        Args:
            objects: Objects of the run's kind of data.
        """
        judged = [member.predict(objects) for member in self.members]
        if len(judged) == 1:
            return judged[0]
        means = np.stack([one.predicted.mean for one in judged])
        variances = np.stack([one.predicted.std**2 for one in judged])
        mixture = Predictions(
            ids=judged[0].predicted.ids,
            mean=means.mean(axis=0),
            std=np.sqrt(variances.mean(axis=0) + means.var(axis=0)),
        )
        return Judged(objects, mixture, truth=None, target=judged[0].target, error=judged[0].error)

    def table(self, objects: Any) -> pd.DataFrame:
        """The predictions as a table, in physical units."""
        return self.members[0].preparation.table(self.predict(objects))


def load(path: Path | str) -> Trained:
    """Read back what was trained.

    Args:
        path: The folder of a run or a trial, or that of a replicate or a fold below it.

    Returns:
        Its networks.

    Raises:
        FormatError: A file is missing, was changed or is of an unknown format; the message names it and what
            was expected.
        ConfigError: The configuration does not validate.
    """
    path = Path(path)
    root = next((folder for folder in (path, *list(path.parents)[:2]) if (folder / MANIFEST).is_file()), path)
    files = check_manifest(root)
    config = load_run_config(root / CONFIG)
    kind = kind_of(config)
    members = []
    for name in files:
        fold = (root / name).parent
        if not name.endswith(f"/{FOLD}") or not fold.is_relative_to(path):
            continue
        preparation = kind.load_preparation(fold)
        members.append(
            Member(
                name=fold.relative_to(root).as_posix(),
                config=config,
                preparation=preparation,
                module=_read_network(fold / WEIGHTS, config, preparation),
                factor=_read_factor(fold / FOLD, preparation.layout.n_targets),
            )
        )
    if not members:
        raise FormatError(f"{path}: no network lies here; expected: fold_<k>/{WEIGHTS}")
    return Trained(config, tuple(sorted(members, key=lambda member: _order(member.name))))


def load_recorded(tracker: Tracker, name_or_id: str) -> Trained:
    """Read back what a recorded run or trial left.

    Args:
        tracker: The record.
        name_or_id: The run.

    Raises:
        TrackingError: There is no such run, or its files cannot be fetched.
        FormatError: See ``load``.
    """
    run_id = tracker.find(name_or_id).run_id
    with tempfile.TemporaryDirectory(prefix="astrosweep-load-", ignore_cleanup_errors=True) as folder:
        return load(tracker.fetch(run_id, Path(folder)))


def _read_network(path: Path, config: RunConfig, preparation: Preparation[Any, Any]) -> RegressionModule:
    try:
        state = safetensors.torch.load_file(path)
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{path}: cannot be read as safetensors: {error}") from error
    try:
        return restore(config, preparation.layout, preparation.transform, state)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


def _read_factor(path: Path, n_targets: int) -> FloatArray:
    found = read_json(path).get("uncertainty_factor")
    factor = np.array(found, dtype=np.float64) if isinstance(found, list) else np.zeros(0)
    if factor.shape != (n_targets,) or not (factor > 0.0).all():
        raise FormatError(
            f"{path}: uncertainty_factor is {str(found)[:60]}; expected {n_targets} numbers above 0"
        )
    return factor


def _order(name: str) -> list[int]:
    """Folds within replicates by their numbers: fold_10 comes after fold_9."""
    return [int(part.rpartition("_")[2]) for part in name.split("/")]
