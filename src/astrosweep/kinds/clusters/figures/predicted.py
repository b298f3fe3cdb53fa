"""Predicted against true profiles, point by point, and their relative errors against radius."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.figures.errors import draw_errors, errors_by_radius
from astrosweep.kinds.clusters.figures.profiles import LABELS, val_points
from astrosweep.report.canvas import BLUE, INK, dress, log_ticks, new_figure, note

_MAX_MARKERS = 1500


def predicted_profiles(predictions: pd.DataFrame, called: str, title: str, scale: str) -> Figure:
    """Draw the points of all clusters against their true values, and percentiles of the relative errors.

    Axes are logarithmic; more than 1,500 points are counted in hexagons. A note counts the points that such
    axes cannot show.

    Args:
        predictions: One row per cluster, target and point; those of the part ``val`` are drawn.
        called: What their clusters are called.
        title: Title.
        scale: What radii are divided by, in words.

    Raises:
        DataError: There are none.
    """
    rows, table = val_points(predictions), errors_by_radius(predictions)
    targets = list(rows["target"].unique())
    figure = new_figure(title, 4.2 * len(targets) + 0.6, 8.6)
    panels = figure.subplots(2, len(targets), squeeze=False)
    for column, target in enumerate(targets):
        points = rows[rows["target"] == target]
        top, bottom = panels[:, column]
        label = LABELS[target]
        dress(top, f"true {label}", f"predicted {label}")
        _draw_points(top, points, called)
        draw_errors(bottom, points, table[table["target"] == target], scale)
    panels[1, 0].legend(fontsize=8, frameon=False)
    return figure


def _draw_points(axes: Axes, points: pd.DataFrame, called: str) -> None:
    true, predicted = (points[name].to_numpy(dtype=np.float64) for name in ("true", "predicted"))
    positive = (true > 0.0) & (predicted > 0.0)
    if hidden := int((~positive).sum()):
        note(axes, f"{hidden:,} of {len(points):,} points ≤ 0 not shown")
    if not positive.any():
        return
    x, y = true[positive], predicted[positive]
    low, high = _limits(x, y)
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high), aspect="equal")
    if len(x) > _MAX_MARKERS:
        ends = np.log10([low, high, low, high])
        hexagons = axes.hexbin(
            x, y, xscale="log", yscale="log", bins="log", mincnt=1, gridsize=60, linewidths=0.1, zorder=2,
            extent=(ends[0], ends[1], ends[2], ends[3]),
        )  # fmt: skip
        bar = axes.figure.colorbar(hexagons, ax=axes, shrink=0.7)
        bar.set_label(f"{called} points per hexagon", fontsize=8)
    else:
        axes.plot(x, y, "o", color=BLUE, markersize=3, markeredgewidth=0, alpha=0.5, zorder=2)
    axes.plot([low, high], [low, high], "--", color=INK, linewidth=1.0, label="y = x", zorder=3)
    axes.legend(fontsize=8, frameon=False, loc="upper left")
    if high < 100.0 * low and low > 1e-3:
        log_ticks(axes.xaxis, low, high)
        log_ticks(axes.yaxis, low, high)


def _limits(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    return float(min(x.min(), np.quantile(y, 0.001))) / 1.2, float(max(x.max(), np.quantile(y, 0.999))) * 1.2
