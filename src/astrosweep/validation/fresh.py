"""Labelled objects that a model had not seen, with its predictions of them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.config import RunConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.examined import Examined
from astrosweep.data.incoming import Outgoing
from astrosweep.data.kind import Judged
from astrosweep.ensemble.bundle import Scored
from astrosweep.ensemble.report.figures.predicted import taken
from astrosweep.validation.known import known_objects
from astrosweep.validation.scores import Values, normalisation
from astrosweep.validation.subject import Subject

_FEWEST = 10


@dataclass(frozen=True, eq=False)
class Fresh:
    """N labelled objects and what a model predicts of them.

    Attributes:
        examined: The objects.
        outgoing: Their predictions.
        judged: The same beside the targets; uncertainties are half the calibrated 68 % interval.
        seen: How many objects of the file were used to train or to choose the model, or may have been.
        seen_kept: Whether those are among the N.
        remark: What a reader must know of that; empty for nothing.
        reading_s: Seconds that reading took, for each object.
    """

    examined: Examined
    outgoing: Outgoing
    judged: Judged[Any, Any]
    seen: int
    seen_kept: bool
    remark: str
    reading_s: float

    def __len__(self) -> int:
        return len(self.judged)

    @property
    def noise(self) -> float:
        """Root mean square of the targets' own errors, in the unit of learning: what no model can avoid."""
        known = np.isfinite(self.judged.target)
        return float(np.sqrt(np.mean(self.judged.error[known] ** 2)))

    @property
    def facts(self) -> Mapping[str, Any]:
        """How the objects were read, in words."""
        return self.examined.facts


def read_fresh(subject: Subject, config: RunConfig, path: Path, *, keep_seen: bool = False) -> Fresh:
    """Read labelled objects and predict them.

    Args:
        subject: The model.
        config: Its configuration with what a command says of the file.
        path: A table or a directory of profiles.
        keep_seen: Whether objects stay that the model was chosen by.

    Raises:
        DataError: The file cannot be used, has no targets, is of another kind of data, or too few of its
            objects are new to the model.
    """
    if not path.expanduser().exists():
        raise DataError(f"no file {path.absolute()}")
    model, start = subject.model, time.perf_counter()
    try:
        examined = model.kind.examined(config, path, model.preparation)
    except DataError as error:
        raise DataError(f"{error} (the model predicts {config.data.title})") from error
    target, error_ = model.preparation.targets(examined.labelled)
    reading = (time.perf_counter() - start) / max(1, int(examined.labelled.objects.ids.size))
    n_all = len(target)
    known = known_objects(subject, path, examined.labelled.objects.ids, target)
    seen = known.seen
    if seen.any() and not keep_seen:
        left = np.flatnonzero(~seen)
        if len(left) < _FEWEST:
            raise DataError(
                f"{path}: {int(seen.sum())} of {n_all} objects are ones that the model was trained and "
                f"chosen by, so that {len(left)} are left; give others, or take them all the same with "
                "keep_seen=true, which flatters the model"
            )
        examined, target, error_ = examined.take(left), target[left], error_[left]
    if len(target) < _FEWEST:
        raise DataError(f"{path}: {len(target)} labelled objects; needed: {_FEWEST}")
    outgoing = model.predict(examined.labelled.objects)
    judged = replace(
        outgoing.judged, truth=examined.labelled.truth, target=target, error=_filled(target, error_)
    )
    return Fresh(examined, outgoing, judged, int(seen.sum()), keep_seen, known.remark, reading)


def sample(fresh: Fresh, most: int, seed: int) -> Fresh:
    """At most so many of the objects, drawn at random."""
    if len(fresh) <= most:
        return fresh
    return fresh_of_rows(fresh, np.sort(np.random.default_rng(seed).choice(len(fresh), most, replace=False)))


def fresh_of_rows(fresh: Fresh, rows: IdArray) -> Fresh:
    """Some of the objects, by position."""
    outgoing = fresh.outgoing
    return replace(
        fresh,
        examined=fresh.examined.take(rows),
        judged=taken(fresh.judged, rows),
        outgoing=replace(
            outgoing,
            judged=taken(outgoing.judged, rows),
            aleatoric=outgoing.aleatoric[rows],
            epistemic=outgoing.epistemic[rows],
            widths=outgoing.widths[:, rows],
        ),
    )


def values_of(subject: Subject, target: FloatArray, mean: FloatArray, variance: FloatArray | None) -> Values:
    """Predictions beside targets, in the units of metrics."""
    center, scale = normalisation(subject.model.preparation, subject.has_profiles)
    return Values(target, mean, scale, center, variance)


def values_of_judged(subject: Subject, judged: Judged[Any, Any]) -> Values:
    """The same of judged objects, with the variance of the observed target."""
    variance = np.square(judged.predicted.std) + np.square(judged.error)
    return values_of(subject, judged.target, judged.predicted.mean, variance)


def values_of_scored(subject: Subject, scored: Scored) -> Values:
    """The same of predictions that a bundle keeps, whose uncertainties are not calibrated."""
    return values_of(subject, scored.target, scored.mean, None)


def _filled(target: FloatArray, error: FloatArray) -> FloatArray:
    return np.where(np.isfinite(target) & np.isfinite(error), error, 0.0)
