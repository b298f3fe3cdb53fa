"""Whether intervals hold what they say, in all and by group.

Coverage of the 50, 68, 90 and 95 % intervals with Wilson intervals (Wilson 1927, J. Am. Stat. Assoc. 22,
209), and histograms of the probability integral transform (Dawid 1984, J. R. Stat. Soc. A 147, 278), flat
where the whole distribution is right. The values of one object are not independent: an object counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.stats import binomtest

from astrosweep.ensemble.coverage import Coverage, Reliability, measure
from astrosweep.validation.effect import FRESH, OUT_OF_FOLD, SEALED, verdict_of
from astrosweep.validation.fresh import Fresh
from astrosweep.validation.groups import Labels, each_group, is_of_columns
from astrosweep.validation.resample import LEVEL
from astrosweep.validation.subject import Subject

_FEWEST = 20
"""Objects of a group whose histogram says anything."""


@dataclass(frozen=True)
class Transform:
    """Histogram of the probability integral transform of some objects.

    Attributes:
        counts: Values in each tenth.
        objects: Objects that have them.
    """

    counts: tuple[int, ...]
    objects: int


@dataclass(frozen=True)
class Calibrated:
    """Calibration of a model on some objects.

    Attributes:
        parts: ``fresh objects``, ``out of fold`` or ``sealed objects`` to what was measured.
        transforms: Of fresh objects variable and group to the transform.
    """

    parts: Mapping[str, Reliability]
    transforms: Mapping[str, Mapping[str, Transform]]


def calibrated(subject: Subject, fresh: Fresh | None, labels: Mapping[str, Labels]) -> Calibrated:
    """Measure intervals on fresh objects, and take what a bundle says of its own.

    Args:
        subject: The model.
        fresh: The objects; None for none.
        labels: Variable to the names of their groups.
    """
    parts: dict[str, Reliability] = {}
    transforms: dict[str, dict[str, Transform]] = {}
    if fresh is not None:
        parts[FRESH] = reliability_of(fresh, labels)
        transforms = {name: _transforms(fresh, own) for name, own in labels.items() if not is_of_columns(own)}
    for objects, part in ((OUT_OF_FOLD, "validation"), (SEALED, "test")):
        found = verdict_of(subject.merit, part).get("reliability")
        if isinstance(found, Mapping):
            parts[objects] = read_reliability(found)
    return Calibrated(parts, transforms)


def interval_of(one: Coverage) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, for as many draws as there are objects."""
    found = binomtest(round(one.share * one.objects), one.objects).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def is_off(one: Coverage) -> bool:
    """Whether the level lies outside of the interval of the share."""
    low, high = interval_of(one)
    return not low <= one.level <= high


def reliability_of(fresh: Fresh, labels: Mapping[str, Labels]) -> Reliability:
    """Coverage, transform and scores of fresh objects."""
    judged, shape = fresh.judged, fresh.judged.target.shape
    return measure(
        judged.target - judged.predicted.mean,
        judged.error,
        np.ones(shape),
        fresh.outgoing.widths,
        {name: np.broadcast_to(own, shape) for name, own in labels.items()},
    )


def read_reliability(found: Mapping[str, Any]) -> Reliability:
    """What ``Reliability.as_dict`` gave, read from a bundle's JSON."""
    values = {one.name: found[one.name] for one in fields(Reliability) if found.get(one.name) is not None}
    values["overall"] = _coverages(values.get("overall", ()))
    values["by_group"] = {
        name: {group: _coverages(each) for group, each in groups.items()}
        for name, groups in values.get("by_group", {}).items()
    }
    for name in ("pit", "sharpness"):
        values[name] = tuple(values.get(name, ()))
    return Reliability(**values)


def _coverages(found: Any) -> tuple[Coverage, ...]:
    return tuple(Coverage(**one) for one in found)


def _transforms(fresh: Fresh, labels: Labels) -> dict[str, Transform]:
    judged, shape = fresh.judged, fresh.judged.target.shape
    found = {}
    for name, members in each_group(labels):
        inside = np.broadcast_to(members, shape)
        residual = np.where(inside, judged.target - judged.predicted.mean, np.nan)
        objects = int(np.isfinite(residual).any(axis=1).sum())
        if objects >= _FEWEST:
            measured = measure(residual, judged.error, np.ones(shape), fresh.outgoing.widths)
            found[name] = Transform(measured.pit, objects)
    return found
