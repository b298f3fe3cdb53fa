"""What chance in training does: the networks of a model, which differ by seed, fold and settings."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from astrosweep.core.types import FloatArray
from astrosweep.ensemble.frozen import REFIT
from astrosweep.validation.effect import baselines_of
from astrosweep.validation.fresh import Fresh, values_of
from astrosweep.validation.scores import metrics_of, sums_of
from astrosweep.validation.subject import Subject


@dataclass(frozen=True)
class Network:
    """One network, or one member of several networks, alone.

    Attributes:
        name: Which.
        weight: Its share of the model.
        rmse: Its RMSE, in the unit of metrics.
    """

    name: str
    weight: float
    rmse: float


@dataclass(frozen=True)
class Seeds:
    """How alike networks are.

    Attributes:
        objects: On which objects they were measured.
        networks: Each of them, in the model's order.
        together: RMSE of the model.
        median: Median of theirs.
        spread: Standard deviation of theirs; NaN for fewer than two.
        disagreement: Median over values of the spread of the networks' means over the whole uncertainty; NaN
            where it is not known.
    """

    objects: str
    networks: tuple[Network, ...]
    together: float
    median: float
    spread: float
    disagreement: float


def seeds_of(subject: Subject, fresh: Fresh | None) -> Seeds | None:
    """Measure each network on fresh objects; without any, what a bundle says of its members on others."""
    if fresh is None:
        return _recorded(subject)
    model, target = subject.model, fresh.judged.target
    means, _ = model.each(fresh.examined.labelled.objects)
    networks = tuple(
        Network(one.name, one.weight, _rmse(subject, target, mean))
        for one, mean in zip(model.networks, means, strict=True)
    )
    whole = np.hypot(fresh.outgoing.aleatoric, fresh.outgoing.epistemic)
    ratio = np.divide(fresh.outgoing.epistemic, whole, out=np.full_like(whole, np.nan), where=whole > 0.0)
    together = _rmse(subject, target, fresh.judged.predicted.mean)
    return _seeds("fresh objects", networks, together, float(np.nanmedian(ratio)))


def _recorded(subject: Subject) -> Seeds | None:
    test, bundle = subject.merit.get("test"), subject.bundle
    if not isinstance(test, Mapping) or bundle is None:
        return None
    weights = {entry.name: entry.weight for entry in bundle.entry.members}
    others = {*baselines_of(subject.merit), REFIT}
    networks = tuple(
        Network(name, weight, _recorded_rmse(test[name]))
        for name, weight in weights.items()
        if name in test and name not in others
    )
    chosen = test.get(REFIT, test.get(subject.merit.get("chosen", ""), {}))
    return _seeds("sealed objects", networks, _recorded_rmse(chosen), math.nan) if networks else None


def _recorded_rmse(verdict: Mapping[str, Any]) -> float:
    found = verdict.get("metrics", {}).get("rmse")
    return math.nan if found is None else float(found)


def _seeds(objects: str, networks: tuple[Network, ...], together: float, disagreement: float) -> Seeds:
    found = np.array([one.rmse for one in networks])
    spread = float(np.std(found, ddof=1)) if len(found) > 1 else math.nan
    return Seeds(objects, networks, together, float(np.median(found)), spread, disagreement)


def _rmse(subject: Subject, target: FloatArray, mean: FloatArray) -> float:
    return float(metrics_of(sums_of(values_of(subject, target, mean, None)).sum(axis=0))["rmse"])
