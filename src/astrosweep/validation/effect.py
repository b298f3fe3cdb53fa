"""How good a model is: on the sealed objects as they were opened once, out of fold, and on fresh objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from astrosweep.data.published import Published
from astrosweep.ensemble.bundle import Scored
from astrosweep.ensemble.frozen import REFIT
from astrosweep.ensemble.report.figures.predicted import taken
from astrosweep.validation.fresh import Fresh, values_of, values_of_judged, values_of_scored
from astrosweep.validation.remarks import remarks_on
from astrosweep.validation.resample import Estimate, estimates
from astrosweep.validation.scores import LIKELIHOODS, METRICS, Values, channels_of, scores
from astrosweep.validation.subject import Subject

SEALED, OUT_OF_FOLD, FRESH = "sealed objects", "out of fold", "fresh objects"
_OWN_DRAWS, _MOST_OWN = 200, 1000
"""Draws of metrics that are no sums, and the most objects for which they are drawn."""
MODEL, CONSTANT = "the model", "constant: mean of the training targets"


@dataclass(frozen=True)
class Line:
    """Metrics of one predictor on one set of objects.

    Attributes:
        objects: ``sealed objects``, ``out of fold`` or ``fresh objects``.
        who: The model, or what it is compared with.
        channel: Channel of the target; empty for all together.
        n: Objects; 0 where it was not told.
        metrics: Metric to value and interval.
    """

    objects: str
    who: str
    channel: str
    n: int
    metrics: Mapping[str, Estimate]


@dataclass(frozen=True)
class Effectiveness:
    """How good a model is.

    Attributes:
        lines: Metrics, the model first.
        own: Metrics of the kind of data, by set of objects and name.
        own_intervals: Those of fresh objects with bootstrap intervals; empty where objects are too many.
        published: What studies published of the same class and target.
        remarks: What a reader must know.
    """

    lines: tuple[Line, ...]
    own: Mapping[str, Mapping[str, float]]
    own_intervals: Mapping[str, Estimate]
    published: tuple[Published, ...]
    remarks: tuple[str, ...]


def effectiveness(subject: Subject, fresh: Fresh | None, draws: int, seed: int) -> Effectiveness:
    """Gather what a bundle keeps of the opened test part, and measure on fresh objects.

    No seal is opened here: a bundle has the test predictions that were judged when it was made.

    Args:
        subject: The model.
        fresh: Labelled objects; None for none.
        draws: Bootstrap draws.
        seed: Seed of the draws.
    """
    lines: list[Line] = []
    own: dict[str, dict[str, float]] = {}
    own_intervals: dict[str, Estimate] = {}
    bundle = subject.bundle
    if bundle is not None:
        for objects, part, scored in (
            (SEALED, "test", bundle.test),
            (OUT_OF_FOLD, "validation", bundle.validation),
        ):
            lines += _of_bundle(subject, objects, part, scored, draws, seed)
            if verdict := verdict_of(subject.merit, part):
                own[objects] = _numbers(verdict.get("metrics", {}))
    elif subject.recorded:
        lines += _of_run(subject)
        own[OUT_OF_FOLD] = _split(subject.recorded, "val")
    if fresh is not None:
        lines += _of_fresh(subject, fresh, draws, seed)
        kind, preparation = subject.model.kind, subject.model.preparation
        own[FRESH] = kind.score(preparation, fresh.judged, by_class=True)
        own_intervals = _own_intervals(subject, fresh, own[FRESH], min(draws, _OWN_DRAWS), seed)
    published = subject.model.kind.published(subject.model.config)
    return Effectiveness(tuple(lines), own, own_intervals, published, tuple(remarks_on(subject, fresh)))


def verdict_of(merit: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    """What a bundle says of the chosen ensemble on ``test`` or ``validation`` objects; empty for nothing."""
    verdicts = merit.get(part)
    if not isinstance(verdicts, Mapping):
        return {}
    found = verdicts.get(REFIT, verdicts.get(merit.get("chosen", "")))
    return found if isinstance(found, Mapping) else {}


def baselines_of(merit: Mapping[str, Any]) -> dict[str, str]:
    """Name and label of each baseline that an ensemble was compared with."""
    nested = merit.get("nested")
    if not isinstance(nested, Mapping):
        return {}
    return {
        str(name): str(one.get("label", name))
        for name, one in nested.items()
        if isinstance(one, Mapping) and one.get("sort") == "baseline"
    }


def constant_of(subject: Subject, target: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """What a predictor says that knows the training targets and no input: their mean, shape (N, T)."""
    known = subject.model.validation
    if known is None:
        return None
    counts = np.isfinite(known.target).sum(axis=0)
    total = np.nansum(known.target, axis=0)
    mean = np.divide(total, counts, out=np.full(len(total), np.nan), where=counts > 0)
    return np.broadcast_to(mean, target.shape)


def _of_bundle(
    subject: Subject, objects: str, part: str, scored: Scored | None, draws: int, seed: int
) -> list[Line]:
    if scored is None or not len(scored):
        return []
    lines = _lines(subject, objects, MODEL, values_of_scored(subject, scored), draws, seed)
    verdicts = subject.merit.get(part, {})
    for name, label in baselines_of(subject.merit).items():
        metrics = _numbers(verdicts.get(name, {}).get("metrics", {})) if isinstance(verdicts, Mapping) else {}
        found = {one: Estimate(metrics[one]) for one in METRICS if one in metrics}
        if found:
            lines.append(Line(objects, label, "", int(metrics.get("n", 0.0)), found))
    constant = constant_of(subject, scored.target)
    if constant is not None and objects != OUT_OF_FOLD:  # out of fold it would know the objects themselves
        values = values_of(subject, scored.target, constant, None)
        lines += _lines(subject, objects, CONSTANT, values, draws, seed)[:1]
    return lines


def _of_run(subject: Subject) -> list[Line]:
    metrics = _split(subject.recorded, "val")
    found = {name: Estimate(metrics[name]) for name in (*METRICS, *LIKELIHOODS) if name in metrics}
    return [Line(OUT_OF_FOLD, MODEL, "", int(metrics.get("n", 0.0)), found)] if found else []


def _of_fresh(subject: Subject, fresh: Fresh, draws: int, seed: int) -> list[Line]:
    lines = _lines(subject, FRESH, MODEL, values_of_judged(subject, fresh.judged), draws, seed)
    constant = constant_of(subject, fresh.judged.target)
    if constant is not None:
        values = values_of(subject, fresh.judged.target, constant, None)
        lines += _lines(subject, FRESH, CONSTANT, values, draws, seed)[:1]
    return lines


def _own_intervals(
    subject: Subject, fresh: Fresh, own: Mapping[str, float], draws: int, seed: int
) -> dict[str, Estimate]:
    """Metrics of the kind of data, which are no sums, scored anew for every draw of objects."""
    n = len(fresh)
    if n > _MOST_OWN:
        return {}
    generator, kind, preparation = np.random.default_rng(seed), subject.model.kind, subject.model.preparation
    drawn: dict[str, list[float]] = {name: [] for name in own}
    for _ in range(draws):
        rows = generator.integers(0, n, n, dtype=np.int64)
        scored = kind.score(preparation, taken(fresh.judged, rows), by_class=False)
        for name, value in scored.items():
            if name in drawn:
                drawn[name].append(value)
    return estimates(own, {name: np.array(values) for name, values in drawn.items() if values})


def _lines(subject: Subject, objects: str, who: str, values: Values, draws: int, seed: int) -> list[Line]:
    found = []
    for channel, columns in channels_of(subject.model.preparation).items():
        own = values.of_columns(columns)
        n = int(np.isfinite(own.residual).any(axis=1).sum())
        found.append(Line(objects, who, channel, n, scores(own, draws, seed)))
    return found


def _split(metrics: Mapping[str, float], part: str) -> dict[str, float]:
    return {
        name.removeprefix(f"{part}/"): value for name, value in metrics.items() if name.startswith(f"{part}/")
    }


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in metrics.items() if isinstance(value, int | float)}
