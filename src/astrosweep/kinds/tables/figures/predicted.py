"""Predicted against observed parallax."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from astrosweep.report.canvas import (
    AMBER,
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    Stars,
    dress,
    log_ticks,
    new_figure,
    note,
    stars_of,
    val_stars,
)

Mask = NDArray[np.bool_]

_MAX_MARKERS = 4000
_MAX_ERROR_BARS = 300
_TYPE_STYLES = (("o", BLUE), ("s", AMBER), ("^", GREEN), ("D", PURPLE))


def predicted_against_observed(predictions: pd.DataFrame, title: str) -> Figure:
    """Draw predicted against observed parallax on logarithmic axes, with y = x and the line that fits best.

    The line is fitted by least squares to the logarithms of the validation stars with both parallaxes
    positive; noise of the observed parallax flattens it, so a slope below 1 alone is no bias. Up to 300
    stars have error bars, more than 4,000 are counted in hexagons; training stars are faint in the
    background. A note counts the stars that logarithmic axes, cut at the outermost 0.5 %, cannot show.

    Args:
        predictions: The predictions table, as in ``write_figures``.
        title: Title, usually the name of the run.

    Raises:
        DataError: If a column is missing or there are no validation stars.
    """
    stars, train = val_stars(predictions), stars_of(predictions, "train")
    positive = _positive(stars)
    # The bar that explains hexagons needs room beside them.
    figure = new_figure(title, 7.4 if positive.sum() > _MAX_MARKERS else 6.4, 6.6)
    axes = figure.add_subplot(xscale="log", yscale="log")
    dress(axes, "observed parallax (mas)", "predicted parallax (mas)")
    hidden = {"with a parallax ≤ 0": int((~positive).sum())}
    if positive.any():
        low, high = limits = _limits(stars, positive)
        inside = positive & np.all(
            [(v >= low) & (v <= high) for v in (stars.observed, stars.predicted)], axis=0
        )
        hidden["outside the axes"] = int(positive.sum() - inside.sum())
        _draw_train(axes, train)
        _draw_val(axes, stars, inside, limits)
        axes.plot(limits, limits, "--", color=INK, linewidth=1.0, label="y = x", zorder=5)
        _draw_fit(axes, stars, positive)
        axes.set(xlim=limits, ylim=limits, aspect="equal")
        log_ticks(axes.xaxis, low, high)
        log_ticks(axes.yaxis, low, high)
        axes.legend(fontsize=9, loc="upper left", framealpha=0.85, edgecolor="none")
    reasons = " and ".join(f"{count:,} {reason}" for reason, count in hidden.items() if count)
    if reasons:
        note(axes, f"of {len(stars):,} validation stars not shown:\n{reasons}")
    return figure


def _positive(stars: Stars) -> Mask:
    return np.asarray((stars.observed > 0.0) & (stars.predicted > 0.0))


def _limits(stars: Stars, positive: Mask) -> tuple[float, float]:
    both = [stars.observed[positive], stars.predicted[positive]]
    low = min(float(np.quantile(values, 0.005, method="lower")) for values in both)
    high = max(float(np.quantile(values, 0.995, method="higher")) for values in both)
    return low / 1.25, high * 1.25


def _draw_train(axes: Axes, train: Stars) -> None:
    shown = _positive(train)
    if shown.any():
        axes.plot(
            train.observed[shown], train.predicted[shown], ".", color=PALE, markersize=4, markeredgewidth=0,
            zorder=1, label="training",
        )  # fmt: skip


def _draw_val(axes: Axes, stars: Stars, shown: Mask, limits: tuple[float, float]) -> None:
    if shown.sum() > _MAX_MARKERS:
        extent = np.log10([*limits, *limits])
        hexagons = axes.hexbin(
            stars.observed[shown], stars.predicted[shown], xscale="log", yscale="log", bins="log", mincnt=1,
            gridsize=50, extent=(extent[0], extent[1], extent[2], extent[3]), linewidths=0.1, zorder=2,
        )  # fmt: skip
        axes.figure.colorbar(hexagons, ax=axes, shrink=0.75, label="validation stars per hexagon")
        return
    for name, group, (marker, colour) in _by_type(stars, shown):
        x, y = stars.observed[group], stars.predicted[group]
        label = f"validation{name and ', '}{name} ({len(x):,} stars)"
        if shown.sum() <= _MAX_ERROR_BARS:
            axes.errorbar(
                x, y, xerr=stars.error[group], yerr=stars.uncertainty[group], fmt="none", ecolor=colour,
                elinewidth=0.7, alpha=0.35, zorder=2,
            )  # fmt: skip
        alpha = 0.85 if len(x) <= _MAX_ERROR_BARS else 0.5
        axes.plot(
            x, y, marker, color=colour, markersize=4, markeredgewidth=0, alpha=alpha, zorder=3, label=label
        )


def _by_type(stars: Stars, shown: Mask) -> list[tuple[str, Mask, tuple[str, str]]]:
    """Return name, stars and style of the variability types: the frequent ones, then all others as one."""
    types = stars.types.to_numpy()
    names = [str(name) for name in stars.types[shown].value_counts().index]
    if len(names) > len(_TYPE_STYLES):
        names = names[: len(_TYPE_STYLES) - 1]
    groups = [(name or "unknown type", shown & (types == name)) for name in names]
    rest = shown & ~np.isin(types.astype(str), names)
    if rest.any():
        groups.append(("other types", rest))
    if names == [""]:
        groups = [("", shown)]
    return [(name, group, style) for (name, group), style in zip(groups, _TYPE_STYLES, strict=False)]


def _draw_fit(axes: Axes, stars: Stars, positive: Mask) -> None:
    x, y = np.log10(stars.observed[positive]), np.log10(stars.predicted[positive])
    variance = float(np.var(x))
    if len(x) < 3 or variance == 0.0:
        return
    slope = float(np.mean((x - x.mean()) * (y - y.mean()))) / variance
    ends = np.array([x.min(), x.max()])
    axes.plot(
        10**ends, 10 ** (y.mean() + slope * (ends - x.mean())), color=ORANGE, linewidth=1.8, zorder=6,
        label=f"least squares in log–log, slope {slope:.2f}",
    )  # fmt: skip
