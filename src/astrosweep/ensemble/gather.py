"""Read what the candidates predicted of objects that they had not seen, and what those objects really are."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from astrosweep.config import RunConfig, load_run_config
from astrosweep.core.errors import AstrosweepError, ConfigError, DataError, MissingArtifactError
from astrosweep.core.types import FloatArray, IdArray, Predictions
from astrosweep.data.kind import Development, Judged, Kind
from astrosweep.ensemble.candidates import LeftOut, Selection, reasons
from astrosweep.kinds import kind_of
from astrosweep.recording import CONFIG, Trained, folders_of, load, read_validation
from astrosweep.recording.saved import VALIDATION
from astrosweep.tracking import RunSummary, Tracker

_log = logging.getLogger(__name__)
_OUTER_FOLDS = 5
"""Outer folds of the nested cross-validation where the split has none."""

_UNREADABLE = (MissingArtifactError, DataError, ConfigError)
"""What is wrong with one run; where the record itself fails, or the disk, no other run would do better."""

Progress = Callable[[str, int, int], None]
"""Called with what is done, how many of it are done, and how many there are."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One training of a run, and what it predicted of the validation objects.

    Attributes:
        name: The run's name, with the replicate where it has several.
        run: The run.
        replicate: Number of the replicate; None where the run has one training.
        config: The run's configuration.
        validation: Calibrated predictions of the validation objects, in the order of ``Truths.ids``.
        n_networks: Its networks, one for each fold.
    """

    name: str
    run: RunSummary
    replicate: int | None
    config: RunConfig
    validation: Predictions
    n_networks: int


@dataclass(frozen=True, eq=False)
class Truths:
    """The validation objects of all folds, one fold after the other, and what they really are.

    Attributes:
        judged: The objects with their truth; the predictions are those of the reference.
        fold: Fold in which each is validated, shape (N,).
        group: Outer fold of the nested cross-validation, shape (N,).
    """

    judged: Judged[Any, Any]
    fold: IdArray
    group: IdArray

    @property
    def ids(self) -> IdArray:
        """Identifiers, shape (N,)."""
        ids: IdArray = self.judged.objects.ids
        return ids


@dataclass(frozen=True, eq=False)
class Gathered:
    """Candidates and what they are judged by.

    Attributes:
        selection: The runs, and those that were left out.
        candidates: The trainings of these runs.
        truths: The validation objects.
        reference: The best run as it was read back; its preparations say what the targets are.
        kind: The kind of data.
        development: Its data, without the sealed truth.
    """

    selection: Selection
    candidates: tuple[Candidate, ...]
    truths: Truths
    reference: Trained
    kind: Kind[Any, Any, Any]
    development: Development[Any, Any]

    @property
    def config(self) -> RunConfig:
        """Configuration of the reference, with the place where the data lie now."""
        return self.reference.config

    @property
    def scale(self) -> FloatArray:
        """What residuals are divided by before several target columns are pooled, shape (T,)."""
        layout, transform = (
            self.reference.members[0].preparation.layout,
            self.reference.members[0].preparation.transform,
        )
        if layout.n_targets == 1:
            return np.ones(1)
        return np.broadcast_to(np.asarray(transform.width, dtype=np.float64), (layout.n_targets,)).copy()


def gather(
    tracker: Tracker, selection: Selection, folder: Path, data_path: str | None, progress: Progress
) -> Gathered:
    """Fetch and read the validation predictions of all candidates.

    Args:
        tracker: The record.
        selection: The runs.
        folder: An empty folder for what is fetched.
        data_path: Where the data lie now, if they were moved.
        progress: What is told how far it is.

    Returns:
        What could be read; a run whose files are gone or whose predictions are of other objects is left out.

    Raises:
        DataError: No run can be read, or the data are not those that the runs were trained on.
    """
    reference, left = _reference(tracker, selection, folder, data_path)
    selection = selection.without(left)
    kind, config = kind_of(reference.config), reference.config
    development = kind.develop(config)
    if development.report.fingerprint != selection.group.data:
        raise DataError(
            f"{development.report.origin}: its fingerprint is {development.report.fingerprint}; the runs "
            f"were trained on data with {selection.group.data}. The data changed since; say where the old "
            "ones are: ensemble.data_path=<place>."
        )
    truths = _truths(reference, development)
    space = config.data.target_space(config.targets)
    candidates: list[Candidate] = []
    gone: list[LeftOut] = []
    for i, run in enumerate(selection.runs):
        progress("reading predictions", i, len(selection.runs))
        try:
            candidates += _read(tracker, run, folder / run.run_id, truths.ids, space)
        except _UNREADABLE as error:
            gone.append(LeftOut(run.name, run.run_id, _in_short(error)))
    if not candidates:
        raise DataError(f"None of {len(selection.runs)} runs can be read:\n{reasons(gone)}")
    return Gathered(selection.without(gone), tuple(candidates), truths, reference, kind, development)


def _reference(
    tracker: Tracker, selection: Selection, folder: Path, data_path: str | None
) -> tuple[Trained, list[LeftOut]]:
    """The best run that can be read back, and those before it that cannot."""
    left: list[LeftOut] = []
    for run in selection.runs:
        try:
            trained = load(tracker.fetch(run.run_id, folder / f"{run.run_id}-whole"))
        except _UNREADABLE as error:
            left.append(LeftOut(run.name, run.run_id, _in_short(error)))
            continue
        if data_path is not None:
            data = trained.config.data.model_copy(update={"path": data_path})
            trained = Trained(trained.config.model_copy(update={"data": data}), trained.members)
        return trained, left
    raise DataError(
        f"None of {len(selection.runs)} runs can be read back:\n{reasons(left)}\nTrain networks on these "
        "data again: python train.py -m ..., or put the files of the runs back."
    )


def _truths(reference: Trained, development: Development[Any, Any]) -> Truths:
    """Targets as the reference's preparations give them, fold after fold."""
    rows = [np.flatnonzero(development.fold == k) for k in range(development.n_folds)]
    order = np.concatenate(rows)
    labelled = development.labelled.take(order)
    fold = development.fold[order]
    preparations = [member.preparation for member in reference.members[: development.n_folds]]
    targets = [
        preparation.targets(development.labelled.take(of_fold))
        for preparation, of_fold in zip(preparations, rows, strict=True)
    ]
    target, error = (np.concatenate(parts) for parts in zip(*targets, strict=True))
    hashed = pd.util.hash_array(labelled.objects.ids.astype(np.uint64)) % np.uint64(_OUTER_FOLDS)
    group = fold if development.n_folds > 1 else hashed.astype(np.int64)
    nothing = Predictions(labelled.objects.ids, np.full_like(target, np.nan), np.full_like(target, np.nan))
    judged = Judged(labelled.objects, nothing, labelled.truth, target, error)
    return Truths(judged, fold, group)


def _read(
    tracker: Tracker, run: RunSummary, folder: Path, ids: IdArray, space: tuple[Any, ...]
) -> list[Candidate]:
    n_replicates = int(run.params.get("replicates", "1"))
    below = folders_of(folder, n_replicates)
    names = [(place / VALIDATION).relative_to(folder).as_posix() for place in below]
    tracker.fetch(run.run_id, folder, [CONFIG, *names])
    config = load_run_config(folder / CONFIG)
    if config.data.target_space(config.targets) != space:
        raise DataError("its targets are other numbers: data.preparation differs")
    n_networks = getattr(config.split, "n_folds", 1)
    found = []
    for replicate, place in enumerate(below):
        validation = read_validation(place)
        if not np.array_equal(validation.ids, ids):
            raise DataError("it validated on other objects: data.cleaning or data.features differ")
        several = n_replicates > 1
        name = f"{run.name}/replicate_{replicate}" if several else run.name
        found.append(Candidate(name, run, replicate if several else None, config, validation, n_networks))
    return found


def _in_short(error: AstrosweepError) -> str:
    """The first sentence of a fault, without what differs from run to run: runs are counted by reason."""
    return (
        "its files are gone" if isinstance(error, MissingArtifactError) else str(error).splitlines()[0][:200]
    )
