"""Read a bundle back, trusting nothing of it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from astrosweep.config import RunConfig, load_run_config
from astrosweep.config.trainer import Accelerator
from astrosweep.core.errors import ConfigError, FormatError
from astrosweep.core.files import read_json
from astrosweep.core.types import Float32Array, FloatArray, Predictions
from astrosweep.data.kind import Judged, Preparation
from astrosweep.ensemble.bundle.contents import (
    CONFIG,
    ENSEMBLE,
    MANIFEST,
    MERIT,
    PROVENANCE,
    RANGES,
    TEST,
    VALIDATION,
    EnsembleEntry,
    Scored,
    read_entry,
)
from astrosweep.ensemble.bundle.folder import check_folder
from astrosweep.ensemble.bundle.members import Predictor, read_member
from astrosweep.ensemble.calibration import Calibration
from astrosweep.ensemble.correction import LEVELS
from astrosweep.ensemble.mixture import Combined, Mixture
from astrosweep.kinds import kind_of
from astrosweep.recording.load import Preparations
from astrosweep.recording.manifest import digest
from astrosweep.training import judge_unlabelled

_ONE_SIGMA = LEVELS.index(0.6827)


@dataclass(frozen=True, eq=False)
class Bundle:
    """An ensemble that predicts.

    Attributes:
        config: A configuration of its kind of data and target.
        entry: Its members, strategy and objective.
        calibration: From its uncertainties to intervals for the true value.
        predictors: Its networks, member by member; their weights sum to one.
        ranges: Ranges of the training objects.
        provenance: Where it comes from.
        merit: Its figures of merit.
        validation: Its out-of-fold predictions; None where it has none.
        test: Its predictions of the test objects; None where it has none.
        fingerprint: SHA-256 of its manifest, and so of everything in it.
    """

    config: RunConfig
    entry: EnsembleEntry
    calibration: Calibration
    predictors: tuple[Predictor, ...]
    ranges: dict[str, Any]
    provenance: dict[str, Any]
    merit: dict[str, Any]
    validation: Scored | None
    test: Scored | None
    fingerprint: str

    @property
    def name(self) -> str:
        """Readable name."""
        return self.entry.name

    @property
    def by_precision(self) -> bool:
        """Whether members are also weighed by their predicted precision, object by object."""
        return self.entry.by_precision

    @property
    def preparation(self) -> Preparation[Any, Any]:
        """That of the first network; all give the same targets and tables."""
        return self.predictors[0].preparation

    def predict_members(self, objects: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Predict objects by each network.

        Args:
            objects: N objects of the kind of data.

        Returns:
            Means and 1-sigma uncertainties of the K networks, each (K, N, T), in the unit in which targets
            are learned, and the weights of the networks, shape (K,). Uncertainties are calibrated by each
            network's own factor; the ensemble's calibration is not applied.
        """
        shape = (len(self.predictors), len(objects), self.preparation.layout.n_targets)
        mean, std = np.empty(shape), np.empty(shape)
        features: dict[int, Float32Array] = {}  # many networks have one preparation
        for k, predictor in enumerate(self.predictors):
            key = id(predictor.preparation)
            if key not in features:
                features[key] = predictor.preparation.features(objects)
            predicted = predictor.predict(objects, features[key])
            mean[k], std[k] = predicted.mean, predicted.std
        return mean, std, np.array([predictor.weight for predictor in self.predictors])

    def predict(self, objects: Any) -> Combined:
        """Predict objects by the mixture of all networks, in the unit in which targets are learned."""
        mean, std, weight = self.predict_members(objects)
        return Mixture(weight, self.by_precision).combine(mean, std)

    def judge(self, objects: Any) -> Judged[Any, Any]:
        """Predict objects with calibrated uncertainties: half the width of the interval of one sigma."""
        combined = self.predict(objects)
        predicted = Predictions(objects.ids, combined.mean, combined.std)
        judged = judge_unlabelled(self.preparation, objects, predicted)
        variables = kind_of(self.config).variables(self.preparation, judged)
        half = self.calibration.half_widths(combined.std, variables)[_ONE_SIGMA]
        return replace(judged, predicted=replace(predicted, std=half))

    def table(self, objects: Any) -> pd.DataFrame:
        """The predictions as a table, in physical units, with calibrated uncertainties."""
        return self.preparation.table(self.judge(objects))


def load_bundle(path: Path | str, accelerator: Accelerator | None = None) -> Bundle:
    """Read a bundle; no code and no pickle of it is run.

    Args:
        path: Its folder.
        accelerator: Device to predict on, as ``trainer.accelerator`` names it; None: that of the training.

    Raises:
        FormatError: A file is missing, was changed, is too much or of an unknown format, or the members do
            not belong together; the message names the file and what was expected.
        ConfigError: A configuration does not validate, or this machine has no such device.
    """
    root = Path(path).resolve()
    files = check_folder(root)
    if missing := sorted({CONFIG, ENSEMBLE, RANGES, PROVENANCE, MERIT} - files):
        raise FormatError(f"{root / MANIFEST}: does not name {', '.join(missing)}, which every bundle has")
    entry = read_entry(root / ENSEMBLE)
    try:
        config = load_run_config(root / CONFIG)
    except ConfigError as error:
        raise ConfigError(f"{root / CONFIG}: {error}") from error
    try:
        calibration = Calibration.from_dict(entry.calibration)
    except FormatError as error:
        raise FormatError(f"{root / ENSEMBLE}: {error}") from error
    _check_members(root, entry, files)
    ranges, provenance, merit = (read_json(root / name, finite=True) for name in (RANGES, PROVENANCE, MERIT))
    shared: Preparations = {}
    predictors = [
        predictor
        for member in entry.members
        for predictor in read_member(root, member, config, accelerator, shared)
    ]
    _check_alike(root, predictors)
    validation, test = (Scored.load(root / name) if name in files else None for name in (VALIDATION, TEST))
    _check_scored(root, predictors[0], {VALIDATION: validation, TEST: test})
    return Bundle(
        config=config,
        entry=entry,
        calibration=calibration,
        predictors=tuple(predictors),
        ranges=ranges,
        provenance=provenance,
        merit=merit,
        validation=validation,
        test=test,
        fingerprint=digest(root / MANIFEST),
    )


def _check_members(root: Path, entry: EnsembleEntry, files: frozenset[str]) -> None:
    """Refuse folders of members that the ensemble does not have; it would not be the whole of it."""
    present = {"/".join(name.split("/")[:2]) for name in files if name.startswith("members/")}
    named = {member.folder for member in entry.members}
    if present != named:
        raise FormatError(
            f"{root / ENSEMBLE}: names the members {sorted(named)}; the bundle has {sorted(present)}"
        )


def _check_alike(root: Path, predictors: list[Predictor]) -> None:
    """Refuse networks whose targets are not those of the first one."""
    first = predictors[0].preparation.layout
    for predictor in predictors:
        layout = predictor.preparation.layout
        if (layout.channels, layout.n_points) != (first.channels, first.n_points):
            raise FormatError(
                f"{root / predictor.name}: gives {layout.n_points} points of {', '.join(layout.channels)}; "
                f"{predictors[0].name} gives {first.n_points} of {', '.join(first.channels)}"
            )


def _check_scored(root: Path, predictor: Predictor, parts: dict[str, Scored | None]) -> None:
    n_targets = predictor.preparation.layout.n_targets
    for name, part in parts.items():
        if part is not None and part.mean.shape[1] != n_targets:
            raise FormatError(
                f"{root / name}: has {part.mean.shape[1]} targets; the members have {n_targets}"
            )
