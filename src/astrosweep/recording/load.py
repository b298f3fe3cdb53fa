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
from astrosweep.config.trainer import Accelerator
from astrosweep.core.errors import AstrosweepError, ConfigError, FormatError
from astrosweep.core.files import read_json
from astrosweep.core.types import Float32Array, FloatArray, Predictions, Unlabelled
from astrosweep.data.kind import Judged, Preparation
from astrosweep.kinds import kind_of
from astrosweep.recording.manifest import digest
from astrosweep.recording.saved import CONFIG, FOLD, MANIFEST, WEIGHTS, check_manifest
from astrosweep.tracking import Tracker
from astrosweep.training import RegressionModule, judge_unlabelled, predict_with, restore

Preparations = dict[tuple[str, ...], Preparation[Any, Any]]
"""Preparations by kind of data and SHA-256 of their files."""


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

    def predict(self, objects: Any, features: Float32Array | None = None) -> Judged[Any, Any]:
        """Predict objects of the run's kind of data, with calibrated uncertainties.

        Args:
            objects: The objects.
            features: What the preparation makes of them, where that is known already.
        """
        features = self.preparation.features(objects) if features is None else features
        predicted = predict_with(self.config, self.module, Unlabelled(objects.ids, features))
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


def load(
    path: Path | str, accelerator: Accelerator | None = None, shared: Preparations | None = None
) -> Trained:
    """Read back what was trained.

    Args:
        path: The folder of a run or a trial, or that of a replicate or a fold below it.
        accelerator: Device to predict on, as ``trainer.accelerator`` names it; None: that of the training,
            on which predictions are to the last bit those that the run recorded.
        shared: Preparations that were read before, to which those read now are added: networks whose files
            are the same have one preparation.

    Returns:
        Its networks, folds within replicates.

    Raises:
        FormatError: A file is missing, was changed or is of an unknown format; the message names it and what
            was expected.
        ConfigError: The configuration does not validate, or this machine has no such device.
    """
    path = Path(path).resolve()
    root = next((folder for folder in (path, *path.parents[:2]) if (folder / MANIFEST).is_file()), path)
    folds = [fold for fold in check_manifest(root) if (root / fold).is_relative_to(path)]
    if not folds:
        raise FormatError(f"{path}: no network lies here; expected: fold_<k>/{WEIGHTS}")
    config = _read_config(root / CONFIG, accelerator)
    shared = {} if shared is None else shared
    return Trained(config, tuple(_read_member(root, fold, config, shared) for fold in folds))


def load_recorded(tracker: Tracker, name_or_id: str, accelerator: Accelerator | None = None) -> Trained:
    """Read back what a recorded run or trial left.

    Args:
        tracker: The record.
        name_or_id: The run.
        accelerator: See ``load``.

    Raises:
        TrackingError: There is no such run, or its files cannot be fetched.
        FormatError: See ``load``.
        ConfigError: See ``load``.
    """
    run = tracker.find(name_or_id)
    with tempfile.TemporaryDirectory(prefix="astrosweep-load-", ignore_cleanup_errors=True) as folder:
        try:
            return load(tracker.fetch(run.run_id, Path(folder)), accelerator)
        except FormatError as error:
            raise FormatError(f"Run {run.name} ({run.run_id}, {run.status}): {error}") from error


def _read_config(path: Path, accelerator: Accelerator | None) -> RunConfig:
    try:
        config = load_run_config(path)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    if accelerator is None:
        return config
    trainer = config.trainer.model_copy(update={"accelerator": accelerator, "device": 0})
    return config.model_copy(update={"trainer": trainer})


def _read_member(root: Path, fold: Path, config: RunConfig, shared: Preparations) -> Member:
    folder = root / fold
    preparation = read_preparation(folder, config, shared)
    return Member(
        name=fold.as_posix(),
        config=config,
        preparation=preparation,
        module=_read_network(folder / WEIGHTS, config, preparation),
        factor=read_factor(folder / FOLD, preparation.layout.n_targets),
    )


def read_preparation(folder: Path, config: RunConfig, shared: Preparations) -> Preparation[Any, Any]:
    """Read the preparation of a fold, which belongs to the kind of data of a configuration.

    Args:
        folder: The fold's folder.
        config: The configuration.
        shared: See ``load``.

    Raises:
        FormatError: A file is missing or damaged.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in (WEIGHTS, FOLD))
    key = (config.data.name, *(f"{path.name} {digest(path)}" for path in files))
    if key in shared:
        return shared[key]
    try:
        preparation: Preparation[Any, Any] = kind_of(config).load_preparation(folder)
        _check_preparation(folder, preparation)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, AstrosweepError):
            raise
        raise FormatError(f"{folder}: its preparation is damaged: {error!r}") from error
    shared[key] = preparation
    return preparation


def _check_preparation(folder: Path, preparation: Preparation[Any, Any]) -> None:
    """Refuse shapes of nothing, and a map of the target that has no inverse."""
    layout, transform = preparation.layout, preparation.transform
    sizes = (*layout.inputs, layout.n_points, len(layout.channels))
    if not all(type(size) is int and size > 0 for size in sizes):
        raise FormatError(
            f"{folder}: its preparation gives features of the shape {layout.inputs} and "
            f"{layout.n_points} points of {len(layout.channels)} targets; expected: at least one"
        )
    for name in ("scale", "loc", "width", "unit_width"):
        values = np.asarray(getattr(transform, name))
        fits = values.dtype.kind in "if" and values.shape in ((), (layout.n_targets,))
        if not fits or not np.isfinite(values).all() or (name != "loc" and not (values > 0.0).all()):
            raise FormatError(
                f"{folder}: the map of the target has {name} = {str(values)[:60]}; expected: one finite "
                f"number, or {layout.n_targets}{'' if name == 'loc' else ', above 0'}"
            )


def _read_network(path: Path, config: RunConfig, preparation: Preparation[Any, Any]) -> RegressionModule:
    try:
        state = safetensors.torch.load_file(path)
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{path}: cannot be read as safetensors: {error}") from error
    try:
        return restore(config, preparation.layout, preparation.transform, state)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


def read_factor(path: Path, n_targets: int) -> FloatArray:
    """Read the calibration factors of a fold, shape (T,).

    Raises:
        FormatError: They are missing, too many or too few, or not above 0.
    """
    found = read_json(path).get("uncertainty_factor")
    numbers = found if isinstance(found, list) and all(type(one) in (int, float) for one in found) else []
    factor = np.array(numbers, dtype=np.float64)
    if factor.shape != (n_targets,) or not (np.isfinite(factor) & (factor > 0.0)).all():
        raise FormatError(
            f"{path}: uncertainty_factor is {str(found)[:60]}; expected: {n_targets} finite numbers above 0"
        )
    return factor
