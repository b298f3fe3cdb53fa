"""Learning curves: the metrics of one fit, or of the fits of k folds, by epoch."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.report.canvas import BLUE, GREY, INK, ORANGE, dress, log_ticks, new_figure

_NAME = re.compile(r"(?:(?P<fold>fold_\d+)/)?(?:(?P<split>[^/]+)/)?(?P<metric>[^/]+)")
_COLOURS = {"train": BLUE, "val": ORANGE}
_SPLITS = {"train": "training", "val": "validation"}
_LABELS = {"lr": "learning rate"}

Curves = dict[str, dict[tuple[str, str], FloatArray]]
"""Metric, then (fold, split), to one value an epoch; fold and split are empty where there is none."""


def learning_curves(curves: Mapping[str, Sequence[float]], title: str) -> Figure:
    """Draw every metric by epoch, the loss first, and mark the epoch of the lowest ``val/loss`` of each fold.

    A constant learning rate is left out. A scale is logarithmic where all values are positive and span more
    than a factor of ten; a linear one leaves out the first epochs of a steep fall.

    Args:
        curves: ``[fold_<k>/][<split>/]<metric>`` to one value an epoch, drawn as epoch 1, 2 and so on.
        title: Title, usually the name of the run.

    Raises:
        DataError: If there are no curves.
    """
    by_metric = _by_metric(curves)
    if not by_metric:
        raise DataError("the run has no learning curves to plot")
    best = {
        fold: int(np.nanargmin(values))
        for (fold, split), values in by_metric.get("loss", {}).items()
        if split == "val" and np.isfinite(values).any()
    }
    n_panels = len(by_metric)
    figure = new_figure(title, 7.0, 2.5 + 1.7 * n_panels)
    panels = figure.subplots(
        n_panels, 1, sharex=True, squeeze=False, height_ratios=[2.0] + [1.0] * (n_panels - 1)
    )[:, 0]
    for axes, (metric, series) in zip(panels, by_metric.items(), strict=True):
        _draw_metric(axes, metric, series, best)
    panels[0].legend(fontsize=9, frameon=False)
    n_epochs = max(len(values) for series in by_metric.values() for values in series.values())
    panels[-1].set_xlabel("epoch", fontsize=10)
    panels[-1].set_xlim(0.5, n_epochs + 0.5)
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure


def _by_metric(curves: Mapping[str, Sequence[float]]) -> Curves:
    by_metric: Curves = {}
    for name, values in curves.items():
        match = _NAME.fullmatch(name)
        if match is None:
            raise DataError(f"{name} is not the name of a learning curve: [fold_<k>/][<split>/]<metric>")
        key = (match["fold"] or "", match["split"] or "")
        series = np.asarray(values, dtype=np.float64)
        by_metric.setdefault(match["metric"], {})[key] = np.where(np.isfinite(series), series, np.nan)
    if len({rate for series in by_metric.get("lr", {}).values() for rate in series}) == 1:
        del by_metric["lr"]
    order = sorted(by_metric, key=lambda metric: {"loss": 0, "lr": 2}.get(metric, 1))
    return {metric: by_metric[metric] for metric in order}


def _draw_metric(
    axes: Axes, metric: str, series: Mapping[tuple[str, str], FloatArray], best: Mapping[str, int]
) -> None:
    """Draw the series of one metric, each split labelled once, and the best epochs on those of validation."""
    many = len(series) > 2
    labelled = set()
    for (fold, split), values in series.items():
        label = None if split in labelled else _SPLITS.get(split, split)
        labelled.add(split)
        axes.plot(
            np.arange(1, len(values) + 1), values, label=label, color=_COLOURS.get(split, INK),
            linewidth=1.0 if many else 1.5, alpha=0.7 if many else 1.0,
            marker="." if len(values) == 1 else "",
        )  # fmt: skip
        if split == "val" and fold in best and best[fold] < len(values):
            axes.plot(best[fold] + 1, values[best[fold]], "o", color=INK, markersize=5, zorder=4, gid="best")
    if best:
        mean = float(np.mean(list(best.values()))) + 1
        text = f"epoch {mean:g}" if len(best) == 1 else f"each fold, mean epoch {mean:.1f}"
        label = f"lowest validation loss: {text}"
        axes.axvline(mean, color=GREY, linestyle="--", linewidth=1.0, label=label, zorder=0)
    dress(axes, ylabel=_LABELS.get(metric, metric))
    _scale(axes, np.concatenate(list(series.values())))


def _scale(axes: Axes, values: FloatArray) -> None:
    values = values[np.isfinite(values)]
    if not len(values):
        return
    if values.min() > 0.0 and values.max() > 10.0 * values.min():
        axes.set_yscale("log")
        log_ticks(axes.yaxis, values.min(), values.max())
        return
    low, high = np.quantile(values, (0.03, 0.97))
    margin = 0.15 * (high - low)
    if margin > 0.0 and values.max() - values.min() > 4.0 * (high - low):
        axes.set_ylim(max(values.min(), low - margin) - margin, min(values.max(), high + margin) + margin)
