"""From what a training left to the values of a record."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from astrosweep.data.reading import CUT_OFF
from astrosweep.data.report import STARTED_FROM, DataReport
from astrosweep.training import TrainingResult


def metrics_of(results: Sequence[TrainingResult]) -> dict[str, float]:
    """Metrics of a run; with several replicates their means, and ``replicates/<metric>_std`` of the losses.

    Args:
        results: One result for each replicate.
    """
    if len(results) == 1:
        return dict(results[0].metrics)
    names = [name for name in results[0].metrics if all(name in result.metrics for result in results)]
    values = {name: np.array([result.metrics[name] for result in results]) for name in names}
    means = {name: float(series.mean()) for name, series in values.items()}
    scatter = {
        f"replicates/{name}_std": float(values[name].std(ddof=1))
        for name in ("val/rmse", "val/mae", "val/r2", "val/loss")
        if name in values
    }
    return {**means, **scatter, "replicates/n": float(len(results))}


def curves_of(results: Sequence[TrainingResult]) -> dict[str, list[float]]:
    """Per-epoch series of a run; with several replicates each is prefixed ``replicate_<r>/``."""
    if len(results) == 1:
        return dict(results[0].curves)
    return {
        f"replicate_{r}/{name}": series
        for r, result in enumerate(results)
        for name, series in result.curves.items()
    }


def tags_of_data(report: DataReport) -> dict[str, str]:
    """Tags that are known once the data are read."""
    tags = {
        "data_fingerprint": report.fingerprint,
        "data_origin": report.origin,
        "sealed_fingerprint": report.sealed_fingerprint,
    }
    if report.scale:
        tags["scale"] = report.scale
    if report.leaks:
        tags["leakage"] = ", ".join(report.leaks)
    if report.target_cuts:
        tags["target_cuts"] = ", ".join(report.target_cuts)
    if CUT_OFF in report.notes:
        tags["incomplete"] = f"{CUT_OFF}: {report.notes[CUT_OFF]}"
    if STARTED_FROM in report.notes:
        tags["started_from"] = str(report.notes[STARTED_FROM])
    return tags


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Dotted keys to values; a list stays one value."""
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, item in value.items():
        flat |= flatten(item, f"{prefix}.{key}" if prefix else str(key))
    return flat


def finite(value: float | None) -> bool:
    """Whether a metric is a number that can be compared."""
    return value is not None and math.isfinite(value)
