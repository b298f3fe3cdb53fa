"""Strategies and baselines side by side: nested loss, and what the sealed objects said."""

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from astrosweep.ensemble.build import Built
from astrosweep.ensemble.frozen import REFIT
from astrosweep.ensemble.report.shown import Loss
from astrosweep.report.canvas import BLUE, GREEN, GREY, INK, ORANGE, PALE, dress, log_ticks, new_figure, note

_ABOVE: dict[str, Any] = {
    "frameon": False, "loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 2, "columnspacing": 1.0,
}  # fmt: skip
_WIDE = 4.0
"""Positive losses that differ by more than this factor are drawn on a logarithmic axis."""


def strategies(built: Built, loss: Loss, title: str) -> Figure:
    """Draw how strategies differ from the best, as the proposal looks at it, and all contenders' losses.

    On the left is the nested loss of each strategy minus that of the best, object by object, with its
    standard error; a strategy that lies in its grey band, one standard error wide, may be proposed. On the
    right are all contenders: nested loss with its standard error, and the loss on the sealed objects with its
    bootstrap interval of 16 to 84 %.

    Args:
        built: The ensemble.
        loss: How losses are shown.
        title: Title.
    """
    n = len(built.comparison.contenders) + (REFIT in built.test)
    figure = new_figure(title, 11.5, 1.9 + 0.42 * n)
    left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    _draw_differences(left, built, loss)
    _draw_contenders(right, built, loss)
    return figure


def _draw_differences(axes: Axes, built: Built, loss: Loss) -> None:
    proposal = built.comparison.proposal
    best = next(row for row in proposal.table if row.name == proposal.best)
    relative = loss.objective != "nll" and best.value > 0.0
    scale = 100.0 / best.value if relative else 1.0
    label = "first"
    for place, row in enumerate(proposal.table):
        if not (math.isfinite(row.difference) and math.isfinite(row.difference_error)):
            axes.annotate("not finite", (0.0, place), fontsize=8, color=GREY, va="center")
            continue
        difference, error = scale * row.difference, scale * row.difference_error
        axes.barh(
            place, error, height=0.7, color=PALE, alpha=0.7, zorder=1,
            label="within one standard error" if label and error > 0.0 else None,
        )  # fmt: skip
        label = "" if error > 0.0 else label
        colour = GREEN if row.name == proposal.name else BLUE
        axes.errorbar(difference, place, xerr=error, fmt="o", color=colour, markersize=6, capsize=3, zorder=3)
    names = [built.comparison.contenders[row.name].label for row in proposal.table]
    taken = [row.name == built.comparison.chosen for row in proposal.table]
    axes.axvline(0.0, color=INK, linewidth=0.8, linestyle="--", zorder=2)
    what = {"mse": "squared error", "nll": "NLL", "crps": "CRPS"}[loss.objective]
    unit = " (%)" if relative else ""
    low, high = axes.get_xlim()
    axes.set_xlim(low - 0.04 * (high - low), high)
    dress(axes, f"{what} minus that of the best, nested{unit}")
    _name_rows(axes, names, taken)
    axes.plot([], [], "o", color=GREEN, label="proposed")
    axes.legend(fontsize=8, **_ABOVE)


def _draw_contenders(axes: Axes, built: Built, loss: Loss) -> None:
    names, taken, every = [], [], []
    for place, (name, contender) in enumerate(built.comparison.contenders.items()):
        nested, test = contender.nested, built.test[name]
        every.append(_draw_nested(axes, place - 0.14, loss, nested.value, nested.std_error))
        every.append(_draw_test(axes, place + 0.14, loss, test.loss, test.interval))
        names.append(contender.label)
        taken.append(name == built.comparison.chosen and REFIT not in built.test)
    if REFIT in built.test:
        test = built.test[REFIT]
        every.append(_draw_test(axes, len(names), loss, test.loss, test.interval))
        names.append("trained again on all objects")
        taken.append(True)
    dress(axes, loss.label)
    finite = [value for value in every if math.isfinite(value)]
    if finite and min(finite) > 0.0 and max(finite) > _WIDE * min(finite):
        axes.set_xscale("log")
        log_ticks(axes.xaxis, min(finite), max(finite))
    elif not finite:
        note(axes, "no loss is finite")
    _name_rows(axes, names, taken)
    axes.errorbar(
        [], [], xerr=[], fmt="o", color=BLUE, capsize=3, label="nested, out of fold ± standard error"
    )
    axes.errorbar([], [], xerr=[], fmt="s", color=ORANGE, capsize=3, label="sealed objects, 16 to 84 %")
    axes.legend(fontsize=8, **_ABOVE)


def _draw_nested(axes: Axes, y: float, loss: Loss, mean: float, std_error: float) -> float:
    value, error = loss.value(mean), loss.error(mean, std_error)
    if math.isfinite(value):
        axes.errorbar(value, y, xerr=error, fmt="o", color=BLUE, markersize=5, capsize=3)
    return value


def _draw_test(axes: Axes, y: float, loss: Loss, mean: float, interval: tuple[float, float]) -> float:
    value = loss.value(mean)
    if math.isfinite(value):
        low, high = (loss.value(end) for end in interval)
        bars = [[max(value - low, 0.0)], [max(high - value, 0.0)]]
        axes.errorbar(value, y, xerr=bars, fmt="s", color=ORANGE, markersize=5, capsize=3)
    return value


def _name_rows(axes: Axes, names: list[str], taken: list[bool]) -> None:
    marked = [f"{name} *" if is_taken else name for name, is_taken in zip(names, taken, strict=True)]
    axes.set_yticks(range(len(names)), marked, fontsize=9)
    for label, is_taken in zip(axes.get_yticklabels(), taken, strict=True):
        label.set_parse_math(False)
        label.set_fontweight("bold" if is_taken else "normal")
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
