"""Predicted against observed targets."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from astrosweep.kinds.tables.figures.points import (
    Points,
    as_written,
    is_logarithmic,
    points_of,
    val_points,
)
from astrosweep.kinds.tables.table import Roles
from astrosweep.report.canvas import (
    AMBER,
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    dress,
    log_ticks,
    new_figure,
    note,
)

Mask = NDArray[np.bool_]

_MAX_MARKERS = 4000
_MAX_ERROR_BARS = 300
_TYPE_STYLES = (("o", BLUE), ("s", AMBER), ("^", GREEN), ("D", PURPLE))


def predicted_against_observed(
    predictions: pd.DataFrame, roles: Roles, title: str, called: str = "validation"
) -> Figure:
    """Draw predicted against observed targets, with y = x and the line that fits best.

    Axes are logarithmic where ``is_logarithmic`` says so. The line is fitted by least squares to the
    validation objects, on such axes to the logarithms of those with both values positive; noise of the
    observed value flattens it, so a slope below 1 alone is no bias. Up to 300 objects have error bars, more
    than 4,000 are counted in hexagons; training objects are faint in the background. A note counts the
    objects that the axes, cut at the outermost 0.5 %, cannot show.

    Args:
        predictions: The predictions table, as in ``write_figures``.
        roles: The columns of target and types.
        title: Title, usually the name of the run.
        called: What the objects of the part ``val`` are called.

    Raises:
        DataError: If a column is missing or there are no validation objects.
    """
    points, train = val_points(predictions, roles), points_of(predictions, roles, "train")
    scale: Literal["log", "linear"] = "log" if is_logarithmic(roles, points) else "linear"
    usable = _usable(points, scale)
    # The bar that explains hexagons needs room beside them.
    figure = new_figure(title, 7.4 if usable.sum() > _MAX_MARKERS else 6.4, 6.6)
    axes = figure.add_subplot(xscale=scale, yscale=scale)
    dress(axes, f"observed {roles.label}", f"predicted {roles.label}")
    hidden = {f"with a {roles.target} ≤ 0": int((~usable).sum())}
    if usable.any():
        low, high = limits = _limits(points, usable, scale)
        inside = usable & np.all(
            [(v >= low) & (v <= high) for v in (points.observed, points.predicted)], axis=0
        )
        hidden["outside the axes"] = int(usable.sum() - inside.sum())
        _draw_train(axes, train, scale)
        _draw_val(axes, points, inside, limits, scale, called)
        axes.plot(limits, limits, "--", color=INK, linewidth=1.0, label="y = x", zorder=5)
        _draw_fit(axes, points, usable, scale)
        axes.set(xlim=limits, ylim=limits, aspect="equal")
        if scale == "log":
            log_ticks(axes.xaxis, low, high)
            log_ticks(axes.yaxis, low, high)
        axes.legend(fontsize=9, loc="upper left", framealpha=0.85, edgecolor="none")
    reasons = " and ".join(f"{count:,} {reason}" for reason, count in hidden.items() if count)
    if reasons:
        note(axes, f"of {len(points):,} {called} objects not shown:\n{reasons}")
    as_written(axes)
    return figure


def _usable(points: Points, scale: str) -> Mask:
    """Objects that axes of a scale can show."""
    if scale == "linear":
        return np.ones(len(points), dtype=np.bool_)
    return np.asarray((points.observed > 0.0) & (points.predicted > 0.0))


def _limits(points: Points, usable: Mask, scale: str) -> tuple[float, float]:
    both = [points.observed[usable], points.predicted[usable]]
    low = min(float(np.quantile(values, 0.005, method="lower")) for values in both)
    high = max(float(np.quantile(values, 0.995, method="higher")) for values in both)
    if scale == "log":
        return low / 1.25, high * 1.25
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _draw_train(axes: Axes, train: Points, scale: str) -> None:
    shown = _usable(train, scale)
    if shown.any():
        axes.plot(
            train.observed[shown], train.predicted[shown], ".", color=PALE, markersize=4, markeredgewidth=0,
            zorder=1, label="training",
        )  # fmt: skip


def _draw_val(
    axes: Axes,
    points: Points,
    shown: Mask,
    limits: tuple[float, float],
    scale: Literal["log", "linear"],
    called: str,
) -> None:
    if shown.sum() > _MAX_MARKERS:
        extent = np.log10([*limits, *limits]) if scale == "log" else [*limits, *limits]
        hexagons = axes.hexbin(
            points.observed[shown], points.predicted[shown], xscale=scale, yscale=scale, bins="log", mincnt=1,
            gridsize=50, extent=(extent[0], extent[1], extent[2], extent[3]), linewidths=0.1, zorder=2,
        )  # fmt: skip
        axes.figure.colorbar(hexagons, ax=axes, shrink=0.75, label=f"{called} objects per hexagon")
        return
    for name, group, (marker, colour) in _by_type(points, shown):
        x, y = points.observed[group], points.predicted[group]
        label = f"{called}{name and ', '}{name} ({len(x):,} objects)"
        if shown.sum() <= _MAX_ERROR_BARS:
            axes.errorbar(
                x, y, xerr=points.error[group], yerr=points.uncertainty[group], fmt="none", ecolor=colour,
                elinewidth=0.7, alpha=0.35, zorder=2,
            )  # fmt: skip
        alpha = 0.85 if len(x) <= _MAX_ERROR_BARS else 0.5
        axes.plot(
            x, y, marker, color=colour, markersize=4, markeredgewidth=0, alpha=alpha, zorder=3, label=label
        )


def _by_type(points: Points, shown: Mask) -> list[tuple[str, Mask, tuple[str, str]]]:
    """Return name, points and style of the types: the frequent ones, then all others as one."""
    types = points.types.to_numpy()
    names = [str(name) for name in points.types[shown].value_counts().index]
    if len(names) > len(_TYPE_STYLES):
        names = names[: len(_TYPE_STYLES) - 1]
    groups = [(name or "unknown type", shown & (types == name)) for name in names]
    rest = shown & ~np.isin(types.astype(str), names)
    if rest.any():
        groups.append(("other types", rest))
    if names == [""]:
        groups = [("", shown)]
    return [(name, group, style) for (name, group), style in zip(groups, _TYPE_STYLES, strict=False)]


def _draw_fit(axes: Axes, points: Points, usable: Mask, scale: str) -> None:
    x, y = points.observed[usable], points.predicted[usable]
    if scale == "log":
        x, y = np.log10(x), np.log10(y)
    variance = float(np.var(x))
    if len(x) < 3 or variance == 0.0:
        return
    slope = float(np.mean((x - x.mean()) * (y - y.mean()))) / variance
    ends = np.array([x.min(), x.max()])
    fitted = y.mean() + slope * (ends - x.mean())
    if scale == "log":
        ends, fitted = 10**ends, 10**fitted
    text = "least squares in log–log" if scale == "log" else "least squares"
    axes.plot(ends, fitted, color=ORANGE, linewidth=1.8, zorder=6, label=f"{text}, slope {slope:.2f}")
