"""A model card (Mitchell et al. 2019, Proc. FAT*, 220): what a model is, where it holds, and where not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import astrosweep
from astrosweep.validation.limits import Limit
from astrosweep.validation.subject import Subject


@dataclass(frozen=True)
class Card:
    """A card as pairs of words.

    Attributes:
        what: What the model is.
        trained_on: What it was trained on.
        members: Name, weight and number of networks of each member.
        ranges: Input, lowest, median and highest training value, and share of missing ones.
        classes: Class column to the classes and how often each was there.
        use: What it is for.
        misuse: What it is not for.
        limits: Where it was found not to hold.
    """

    what: Mapping[str, str]
    trained_on: Mapping[str, str]
    members: tuple[tuple[str, float, int], ...]
    ranges: tuple[tuple[str, float, float, float, float], ...]
    classes: Mapping[str, Mapping[str, int]]
    use: str
    misuse: tuple[str, ...]
    limits: tuple[Limit, ...]


def card_of(subject: Subject, limits: list[Limit]) -> Card:
    """Fill in a card.

    Args:
        subject: The model.
        limits: Where it was found not to hold.
    """
    model, config = subject.model, subject.model.config
    targets = ", ".join(config.targets)
    bundle = subject.bundle
    members: list[tuple[str, float, int]] = []
    if bundle is not None:
        members = [(one.name, one.weight, one.networks) for one in bundle.entry.members]
    else:
        members = [(one.name, one.weight, 1) for one in model.networks]
    return Card(
        what={
            "name": model.name,
            "version": model.version or "not registered",
            "fingerprint": model.fingerprint,
            "predicts": f"{targets} ({config.data.unit})" if config.data.unit else targets,
            "of": config.data.title,
            "networks": str(len(model.networks)),
            "chosen by": f"{bundle.entry.strategy}, for {bundle.entry.objective}"
            if bundle
            else "a single run",
            "intervals": "calibrated by group, conformal" if model.calibration else "Gaussian, one factor",
            **_code(subject.provenance),
            "validated with": f"astrosweep {astrosweep.__version__}",
            "validated on": datetime.now(UTC).date().isoformat(),
        },
        trained_on=_data(subject),
        members=tuple(sorted(members, key=lambda one: -one[1])),
        ranges=tuple(_ranges(model.ranges or {})),
        classes=_classes(model.ranges or {}),
        use=(
            f"To predict {targets} of objects like those of {config.data.title} that it was trained on, with "
            "intervals for the true value. Objects come flagged where they are unlike the training objects."
        ),
        misuse=(
            "Flagged objects, and groups that are named below, without looking at them first.",
            "Objects of other classes, surveys or selections than the training objects, unless they are "
            "validated on labelled ones of those: the intervals are calibrated on the training population.",
            "Sums and means of many predictions as if their errors were independent: those of one model have "
            "a common part.",
        ),
        limits=tuple(limits),
    )


def _code(provenance: Mapping[str, Any]) -> dict[str, str]:
    code = provenance.get("code")
    names = {"astrosweep_version": "made with astrosweep", "torch_version": "torch", "git_commit": "commit"}
    if not isinstance(code, Mapping):
        return {}
    found = {label: str(code[name]) for name, label in names.items() if code.get(name)}
    seal = provenance.get("seal")
    if isinstance(seal, list) and seal and isinstance(seal[-1], Mapping):
        opened = seal[-1].get("opened_s")
        if isinstance(opened, int | float):
            found["made on"] = datetime.fromtimestamp(opened, UTC).date().isoformat()
    return found


def _data(subject: Subject) -> dict[str, str]:
    config, data = subject.model.config, subject.provenance.get("data")
    found = {"data": config.data.title, "features": ", ".join(subject.model.preparation.feature_names)}
    if isinstance(data, Mapping):
        parts, split = data.get("parts"), dict(data.get("split") or {})
        found |= {
            "origin": str(data.get("origin", "unknown")),
            "fingerprint": str(data.get("fingerprint", "unknown")),
            "rows": str(data.get("summary", "unknown")),
            "labelled, not sealed": str(data.get("n_labelled", "unknown")),
            "sealed": str(data.get("n_sealed", "unknown")),
            "split": ", ".join(f"{key.removeprefix('split.')} {value}" for key, value in split.items()),
        }
        if isinstance(parts, Mapping):
            found["parts"] = ", ".join(f"{name} {n}" for name, n in parts.items())
    elif subject.model.data_fingerprint:
        found["fingerprint"] = subject.model.data_fingerprint
    return found


def _ranges(ranges: Mapping[str, Any], before: str = "") -> list[tuple[str, float, float, float, float]]:
    """Every range of numbers in a tree of them, by its path."""
    found = []
    for name, one in ranges.items():
        if not isinstance(one, Mapping) or name == "space":
            continue
        path = f"{before} {name}".strip()
        if "p50" in one:
            if one["p50"] is not None:
                found.append((path, one["min"], one["p50"], one["max"], float(one.get("missing") or 0.0)))
        else:
            found += _ranges(one, "" if name in ("features", "observables") else path)
    return found


def _classes(ranges: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    found = ranges.get("classes")
    return {str(name): dict(counts) for name, counts in found.items()} if isinstance(found, Mapping) else {}
