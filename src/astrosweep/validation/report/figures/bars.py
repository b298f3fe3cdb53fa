"""Figures with a bar or a mark for each input or network."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from astrosweep.report.canvas import BLUE, GREEN, INK, ORANGE, dress, new_figure
from astrosweep.validation.resample import Estimate
from astrosweep.validation.robustness import Importance
from astrosweep.validation.seeds import Seeds
from astrosweep.validation.shift import Shift, is_notable

_MOST = 40


def importance(found: Sequence[Importance], unit: str, title: str) -> Figure:
    """Draw what it costs to permute and to remove each input, the most important on top."""
    shown = found[:_MOST]
    figure = new_figure(title, 9.5, 1.8 + 0.42 * len(shown))
    axes = figure.subplots()
    for offset, colour, label, of in (
        (-0.19, BLUE, "permuted", [one.permuted["rmse"] for one in shown]),
        (0.19, ORANGE, "removed", [one.removed["rmse"] if one.removed else None for one in shown]),
    ):
        places = [place + offset for place, one in enumerate(of) if one is not None]
        known = [one for one in of if one is not None]
        if known:
            axes.barh(
                places, [one.value for one in known], height=0.36, color=colour, label=label,
                xerr=_bars(known), error_kw={"ecolor": INK, "elinewidth": 1.0, "capsize": 2},
            )  # fmt: skip
    _name(axes, [one.name for one in shown])
    dress(axes, f"change of RMSE ({unit})" if unit else "change of RMSE")
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.legend(fontsize=8.5, loc="lower right", framealpha=0.85, edgecolor="none")
    return figure


def shift(found: Sequence[Shift], title: str) -> Figure:
    """Draw how far each input moved, the farthest on top."""
    known = sorted((one for one in found if np.isfinite(one.value)), key=lambda one: -one.value)[:_MOST]
    figure = new_figure(title, 9.5, 1.6 + 0.32 * len(known))
    axes = figure.subplots()
    for place, one in enumerate(known):
        colour = ORANGE if is_notable(one) else BLUE
        axes.barh(place, one.value, height=0.62, edgecolor=colour, fill=is_notable(one), color=colour)
    _name(axes, [one.name for one in known])
    dress(axes, "KS statistic, or total variation of classes")
    axes.set_xlim(0.0, max(0.2, 1.15 * max(one.value for one in known)))
    return figure


def networks(found: Seeds, unit: str, title: str) -> Figure:
    """Draw the RMSE of each network, sorted, and that of the model."""
    ordered = sorted(found.networks, key=lambda one: one.rmse)
    weights = np.array([one.weight for one in ordered])
    figure = new_figure(title, 9.5, 4.2)
    axes = figure.subplots()
    area = 20.0 + 130.0 * weights / weights.max()
    axes.scatter(
        range(1, len(ordered) + 1), [one.rmse for one in ordered], s=area, color=BLUE, alpha=0.75,
        label="a network alone; the area grows with its weight",
    )  # fmt: skip
    axes.axhline(found.together, color=GREEN, linewidth=1.6, label=f"the model: {found.together:.4g}")
    axes.axhline(
        found.median, color=ORANGE, linewidth=1.0, linestyle="--", label=f"median: {found.median:.4g}"
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    dress(axes, f"networks by their RMSE on {found.objects}", f"RMSE ({unit})" if unit else "RMSE")
    axes.legend(fontsize=8.5, loc="upper left", framealpha=0.85, edgecolor="none")
    return figure


def _bars(known: Sequence[Estimate]) -> list[list[float]]:
    low = [max(0.0, one.value - one.low) if one.has_interval else 0.0 for one in known]
    high = [max(0.0, one.high - one.value) if one.has_interval else 0.0 for one in known]
    return [low, high]


def _name(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=8.5)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.set_ylim(len(names) - 0.4, -0.6)
