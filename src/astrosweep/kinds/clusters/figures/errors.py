"""Relative errors and coverage of predicted profiles against radius."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from astrosweep.kinds.clusters.figures.profiles import val_points
from astrosweep.kinds.clusters.metrics import INNER, OUTER
from astrosweep.report.canvas import BLUE, GREY, INK, ORANGE, PALE, dress, log_ticks, new_figure

_N_BINS = 30


def errors_against_radius(predictions: pd.DataFrame, title: str, scale: str) -> Figure:
    """Draw bias and percentiles of the relative error of validation clusters against radius, by target.

    Args:
        predictions: One row per cluster, target and point.
        title: Title, usually the name of the run.
        scale: What radii are divided by, in words.

    Raises:
        DataError: There are no validation clusters.
    """
    rows, table = val_points(predictions), errors_by_radius(predictions)
    targets = list(table["target"].unique())
    figure = new_figure(title, 4.2 * len(targets) + 0.6, 4.2)
    panels = figure.subplots(1, len(targets), squeeze=False)[0]
    for axes, target in zip(panels, targets, strict=True):
        points = rows[rows["target"] == target]
        draw_errors(axes, points, table[table["target"] == target], scale)
    panels[0].legend(fontsize=8, frameon=False)
    return figure


def draw_errors(axes: Axes, points: pd.DataFrame, of_target: pd.DataFrame, scale: str) -> None:
    """Draw the errors of one target.

    Args:
        axes: Where to draw.
        points: Points of ``val_points`` of the target.
        of_target: Rows of ``errors_by_radius`` of the target.
        scale: What radii are divided by, in words.
    """
    inside = points["radius_scaled"].between(INNER, OUTER)
    by_cluster = points[inside]["error"].abs().groupby(points[inside]["cluster_id"]).median()
    radius = of_target["radius_scaled"]
    axes.axvspan(INNER, OUTER, color=PALE, alpha=0.25, linewidth=0)
    axes.fill_between(
        radius,
        100.0 * of_target["p05"],
        100.0 * of_target["p95"],
        color=BLUE,
        alpha=0.15,
        linewidth=0,
        label="90 % of clusters",
    )
    axes.fill_between(
        radius,
        100.0 * of_target["p16"],
        100.0 * of_target["p84"],
        color=BLUE,
        alpha=0.35,
        linewidth=0,
        label="68 % of clusters",
    )
    axes.plot(radius, 100.0 * of_target["bias"], color=ORANGE, linewidth=1.6, label="median: bias")
    axes.axhline(0.0, color=INK, linewidth=0.8, linestyle="--")
    dress(axes, f"r / {scale}", "predicted / true − 1 (%)")
    axes.set_xscale("log")
    log_ticks(axes.xaxis, radius.min(), radius.max())
    text = "–" if by_cluster.empty else f"{by_cluster.median():.1%}"
    axes.set_title(
        f"{points['target'].iloc[0]}: median |error| {text} in {INNER:g}–{OUTER:g} {scale}", fontsize=9
    )


def errors_by_radius(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return what the figures below and above draw, one row for each target and bin of radius.

    Args:
        predictions: One row per cluster, target and point.

    Returns:
        Columns ``target``, ``radius_scaled``, ``n_points``, ``bias`` (median relative error), its
        percentiles ``p05``, ``p16``, ``p84`` and ``p95``, ``median_absolute``, ``p90_absolute``,
        ``coverage_68`` and ``coverage_95`` of validation clusters.

    Raises:
        DataError: There are no validation clusters.
    """
    rows = val_points(predictions)
    table = []
    for target, points in rows.groupby("target", sort=False):
        for radius, group in zip(*_binned(points), strict=True):
            absolute = group["error"].abs()
            low, inner, middle, outer, high = np.percentile(group["error"], [5, 16, 50, 84, 95])
            table.append(
                {
                    "target": target,
                    "radius_scaled": radius,
                    "n_points": len(group),
                    "bias": middle,
                    "p05": low,
                    "p16": inner,
                    "p84": outer,
                    "p95": high,
                    "median_absolute": absolute.median(),
                    "p90_absolute": absolute.quantile(0.9),
                    **{
                        f"coverage_{level}": group["true"]
                        .between(group[f"lower_{level}"], group[f"upper_{level}"])
                        .mean()
                        for level in ("68", "95")
                    },
                }
            )
    return pd.DataFrame(table)


def intervals_against_radius(predictions: pd.DataFrame, title: str, scale: str) -> Figure:
    """Draw the share of validation clusters inside their 68 and 95 % intervals against radius, by target.

    Args:
        predictions: One row per cluster, target and point.
        title: Title, usually the name of the run.
        scale: What radii are divided by, in words.

    Raises:
        DataError: There are no validation clusters.
    """
    table = errors_by_radius(predictions)
    targets = list(table["target"].unique())
    figure = new_figure(title, 4.2 * len(targets) + 0.6, 3.8)
    panels = figure.subplots(1, len(targets), squeeze=False, sharey=True)[0]
    for axes, target in zip(panels, targets, strict=True):
        of_target = table[table["target"] == target]
        radius = of_target["radius_scaled"]
        for level, nominal, colour in (("68", 68.27, BLUE), ("95", 95.0, ORANGE)):
            axes.plot(
                radius,
                100.0 * of_target[f"coverage_{level}"],
                color=colour,
                linewidth=1.6,
                label=f"{level} % interval",
            )
            axes.axhline(nominal, color=GREY, linewidth=1.0, linestyle="--")
        dress(axes, f"r / {scale}", "clusters inside (%)" if axes is panels[0] else "")
        axes.set_xscale("log")
        axes.set_ylim(0.0, 104.0)
        log_ticks(axes.xaxis, radius.min(), radius.max())
        axes.set_title(target, fontsize=9)
    panels[0].legend(fontsize=8, frameon=False, loc="lower left")
    return figure


def _binned(points: pd.DataFrame) -> tuple[np.ndarray, list[pd.DataFrame]]:
    """Points in bins of radius: the middle of each bin that has any, and its points."""
    low, high = points["radius_scaled"].min(), points["radius_scaled"].max()
    edges = np.geomspace(low * (1 - 1e-9), high * (1 + 1e-9), _N_BINS + 1)
    place = np.digitize(points["radius_scaled"], edges)
    groups = [group for _, group in points.groupby(place)]
    return np.array([np.exp(np.log(group["radius_scaled"]).mean()) for group in groups]), groups
