"""Errors and transforms by group of objects."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binom

from astrosweep.ensemble.report.order import in_order
from astrosweep.ensemble.report.shown import shortened
from astrosweep.report.canvas import BLUE, GREY, INK, ORANGE, dress, new_figure
from astrosweep.validation.calibration import Transform
from astrosweep.validation.groups import Group

_MOST = 24
"""Histograms of transforms that are drawn."""


def by_group(groups: Sequence[Group], overall_rmse: float, unit: str, title: str) -> Figure:
    """Draw RMSE and bias of each group, a row of panels for each variable.

    Args:
        groups: The groups.
        overall_rmse: RMSE of all objects.
        unit: Unit of the metrics.
        title: Title.
    """
    variables = list(dict.fromkeys(group.variable for group in groups))
    figure = new_figure(title, 11.5, 0.8 + 2.7 * len(variables))
    panels = figure.subplots(len(variables), 2, squeeze=False)
    for row, variable in zip(panels, variables, strict=True):
        own = sorted((one for one in groups if one.variable == variable), key=lambda one: in_order(one.name))
        for axes, metric, colour in ((row[0], "rmse", BLUE), (row[1], "bias", ORANGE)):
            _draw(axes, own, metric, colour)
            axes.axhline(overall_rmse if metric == "rmse" else 0.0, color=INK, linewidth=0.8, linestyle="--")
            name = {"rmse": "RMSE", "bias": "bias"}[metric]
            dress(axes, "", f"{name} ({unit})" if unit else name)
            axes.set_title(f"{name} by {variable}", fontsize=10, parse_math=False)
            axes.grid(visible=False, axis="x")
    return figure


def transforms(pit: Mapping[str, Mapping[str, Transform]], title: str) -> Figure:
    """Draw the histogram of each group's transform, at most so many as a page bears."""
    panels = [
        (variable, name, one)
        for variable, groups in pit.items()
        if len(groups) > 1
        for name, one in sorted(groups.items(), key=lambda item: in_order(item[0]))
    ][:_MOST]
    columns = 4
    rows = -(-len(panels) // columns)
    figure = new_figure(title, 11.5, 0.8 + 2.1 * rows)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in places[len(panels) :]:
        axes.set_axis_off()
    for axes, (variable, name, one) in zip(places, panels, strict=False):
        counts, total, n = one.counts, sum(one.counts), len(one.counts)
        low, high = (binom.ppf(at, one.objects, 1.0 / n) / one.objects * n for at in (0.025, 0.975))
        axes.fill_between([0.0, 1.0], low, high, color=GREY, alpha=0.25, linewidth=0)
        axes.stairs(np.array(counts) / total * n, np.linspace(0.0, 1.0, n + 1), color=BLUE, linewidth=1.4)
        axes.axhline(1.0, color=INK, linewidth=0.8, linestyle="--")
        dress(axes)
        axes.set(xlim=(0.0, 1.0), ylim=(0.0, max(2.0, 1.1 * max(counts) / total * n)))
        text = f"{shortened(variable, 34)}\n{shortened(name, 30)} ({one.objects:,})"
        axes.set_title(text, fontsize=8, parse_math=False)
    return figure


def _draw(axes: Axes, groups: Sequence[Group], metric: str, colour: str) -> None:
    found = [group.metrics[metric] for group in groups]
    places = np.arange(len(groups))
    value = np.array([one.value for one in found])
    ends = np.array(
        [[one.value - one.low, one.high - one.value] if one.has_interval else [0, 0] for one in found]
    )
    axes.errorbar(places, value, yerr=np.maximum(ends.T, 0.0), fmt="o", color=colour, capsize=3, markersize=5)
    if metric == "rmse":
        axes.set_ylim(bottom=0.0)
    width = max(8, 70 // len(groups))
    labels = ["\n".join(textwrap.wrap(shortened(one.name, 40), width)) + f"\n{one.n:,}" for one in groups]
    axes.set_xticks(places, labels, fontsize=8)
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
    axes.set_xlim(-0.5, len(groups) - 0.5)
