"""How a report words numbers."""

import math

from astrosweep.ensemble.report.shown import number
from astrosweep.validation.effect import FRESH, MODEL, OUT_OF_FOLD, SEALED
from astrosweep.validation.findings import Validation
from astrosweep.validation.resample import Estimate

HEADERS = {
    "rmse": "RMSE",
    "mae": "MAE",
    "bias": "bias",
    "r2": "R2",
    "mse": "MSE",
    "nll": "NLL",
    "crps": "CRPS",
}


def shown(one: Estimate | None) -> str:
    """A number with its interval."""
    if one is None:
        return "–"
    return (
        f"{number(one.value)} ({number(one.low)} to {number(one.high)})"
        if one.has_interval
        else number(one.value)
    )


def signed(one: Estimate | None) -> str:
    """A change with its interval, with its sign."""
    if one is None or not math.isfinite(one.value):
        return "–"
    text = f"{one.value:+.3g}"
    return f"{text} ({one.low:+.3g} to {one.high:+.3g})" if one.has_interval else text


def share(value: float) -> str:
    """A share in per cent."""
    return f"{value:.1%}" if math.isfinite(value) else "–"


def size(n_bytes: float) -> str:
    """Bytes as people say them."""
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000.0:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000.0
    return f"{n_bytes:.3g} GB"


def chance(p: float) -> str:
    """A probability."""
    if not math.isfinite(p):
        return "–"
    return "< 0.001" if p < 1e-3 else f"{p:.3f}"


def headlines(found: Validation) -> list[str]:
    """What a command says at its end: a line for each set of objects, and how many reasons for care."""
    lines = []
    unit = f" {found.subject.unit}" if found.subject.unit else ""
    for objects in (SEALED, OUT_OF_FOLD, FRESH):
        for line in found.effectiveness.lines:
            if line.objects == objects and line.who == MODEL and not line.channel:
                rmse, r2 = shown(line.metrics.get("rmse")), shown(line.metrics.get("r2"))
                lines.append(f"{objects}: RMSE {rmse}{unit}, R2 {r2}, {line.n:,} objects")
    lines += [f"note: {remark}" for remark in found.effectiveness.remarks]
    if found.robustness and found.robustness.importances:
        first = found.robustness.importances[0]
        cost = signed(first.permuted["rmse"])
        lines.append(f"most important input: {first.name}, whose permutation changes RMSE by {cost}")
    lines.append(f"{len(found.card.limits)} reasons for care, in the model card")
    return lines
