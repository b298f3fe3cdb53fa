"""Optuna's plots of a study by matplotlib, with sizes, labels and legends for many trials and long names.

Optuna draws with pyplot. ``agg`` gives it a canvas without a window and takes back what it changes.
"""

import logging
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import Normalize
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from optuna.visualization import matplotlib as plots

from astrosweep.report.canvas import BLUE, INK, ORANGE, dress, log_ticks
from astrosweep.report.study_view import END_COLOURS, View, best_last, coarse, curves_range, endings, wrapped

_COLUMNS = 4
_FEW_STEPS = 12
_LONGEST = 20


@contextmanager
def agg() -> Iterator[None]:
    """Let pyplot draw without windows; then close what was drawn and restore its backend and styles."""
    backend = matplotlib.get_backend()
    logging.getLogger("matplotlib.category").setLevel(logging.WARNING)  # it explains each categorical axis
    open_before = set(plt.get_fignums())
    with matplotlib.rc_context({"figure.constrained_layout.use": True}), plt.ioff():
        plt.switch_backend("agg")
        try:
            yield
        finally:
            for number in set(plt.get_fignums()) - open_before:
                plt.close(number)
            plt.switch_backend(backend)


def history(view: View) -> Figure:
    """Draw the value of every trial and the best so far."""
    axes = plots.plot_optimization_history(view.study, target_name=view.label)
    figure = _finish(axes, "optimisation history", view, 7.5, 4.5)
    _dress(axes, "trial", view.label)
    _points(axes, 20.0)
    axes.collections[0].set_color(BLUE)
    axes.lines[0].set(color=ORANGE, alpha=1.0, linewidth=1.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(axes, {"trial": axes.collections[0], "best so far": axes.lines[0]})
    return figure


def parallel_coordinates(view: View) -> Figure:
    """Draw every trial as a line through its parameters, the best ones above the others."""
    study = best_last(view) if len(view.labels) == 1 else view.study
    axes = plots.plot_parallel_coordinate(study, list(view.params), target_name=view.labels[0])
    labels = [*view.labels, *view.params]
    figure = _finish(axes, "parallel coordinates", view, 2.6 + 1.35 * len(labels), 5.5)
    for other, name in zip(figure.axes, [labels[0], "", *labels[1:]], strict=True):
        _plain_logarithm(other.yaxis)
        other.tick_params(which="both", labelsize=8)
        other.yaxis.label.set_fontsize(10)
        if name in view.categorical:
            _shorten(other.yaxis)
        for text in other.get_yticklabels():
            text.set_bbox({"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.5})
    if len(view.labels) > 1:
        figure.axes[1].yaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    for lines in axes.collections:
        if isinstance(lines, LineCollection):
            lines.set(linewidth=0.9, alpha=0.6)
    axes.set_xticks(axes.get_xticks(), [wrapped(name) for name in labels], rotation=0, fontsize=8.5)
    return figure


def slices(view: View) -> Figure:
    """Draw the value over every parameter, four in a row."""
    drawn = plots.plot_slice(view.study, list(view.params), target_name=view.label)
    panels = np.atleast_1d(np.asarray(drawn)).ravel().tolist()
    n_columns = min(len(panels), _COLUMNS)
    n_rows = -(-len(panels) // _COLUMNS)
    figure = _finish(panels[0], "value by parameter", view, 2.3 + 2.6 * n_columns, 1.0 + 2.7 * n_rows)
    for other in figure.axes[len(panels) :]:
        other.tick_params(labelsize=9)
        other.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        other.set_ylabel("trial", fontsize=10)
    grid = figure.add_gridspec(n_rows, n_columns)
    for place, (axes, name) in enumerate(zip(panels, view.params, strict=True)):
        row, column = divmod(place, n_columns)
        axes.set_subplotspec(grid[row, column])
        _dress(axes, wrapped(name, 30), view.label if column == 0 else "")
        axes.tick_params(labelleft=column == 0, labelbottom=True)
        _points(axes, 16.0)
        _plain_logarithm(axes.xaxis)
        if name in view.categorical:
            _shorten(axes.xaxis)
            _slant(axes)
    return figure


def contour(view: View, params: Sequence[str]) -> Figure:
    """Draw the value over each pair of a few parameters."""
    drawn = plots.plot_contour(coarse(view, params), list(params), target_name=view.label)
    panels = np.atleast_1d(np.asarray(drawn)).ravel().tolist()
    size = 5.0 if len(panels) == 1 else 2.5 * len(params)
    figure = _finish(panels[0], "value by two parameters", view, size + 1.8, size + 0.8)
    _share_colours(figure, panels, view)
    for axes in panels:
        _dress(axes, wrapped(axes.get_xlabel(), 30), wrapped(axes.get_ylabel(), 30))
        axes.grid(visible=False, which="both")
        axes.minorticks_off()
        axes.tick_params(labelsize=8)
        for axis, name in ((axes.xaxis, axes.get_xlabel()), (axes.yaxis, axes.get_ylabel())):
            _plain_logarithm(axis)
            if name.replace("\n", "") in view.categorical:
                _shorten(axis)
        _slant(axes)
        _points(axes, 5.0)
        if len(panels) > 1:
            axes.label_outer()
    return figure


def param_importances(view: View) -> Figure:
    """Draw how much each parameter decides whether a trial is among the best."""
    axes = plots.plot_param_importances(view.study, view.evaluator, list(view.params), target_name=view.label)
    height = 1.5 + 0.32 * max(len(view.params), 3)
    figure = _finish(axes, "importance of the parameters", view, 7.5, height)
    _dress(axes, f"importance for {view.names[0]}", "")
    axes.legend([], frameon=False)
    names = [wrapped(text.get_text(), 36) for text in axes.get_yticklabels()]
    axes.set_yticks(axes.get_yticks(), names, parse_math=False)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0.0, 1.12 * axes.dataLim.x1)
    for bar in axes.patches:
        bar.set_facecolor(BLUE)
    for text in axes.texts:
        text.set(fontsize=9, text=f" {text.get_text()}")
    return figure


def intermediate_values(view: View) -> Figure:
    """Draw what trials reported to the pruner, coloured by how they ended."""
    axes = plots.plot_intermediate_values(view.study)
    figure = _finish(axes, "values during the trials", view, 7.5, 4.8)
    _dress(axes, "step", "value reported to the pruner")
    ends = endings(view)
    most_steps = max(len(np.atleast_1d(line.get_xdata())) for line in axes.get_lines())
    shown: dict[str, Artist] = {}
    for line in axes.get_lines():
        end = ends[str(line.get_label())]
        is_best = end == "best"
        line.set(color=END_COLOURS[end], linewidth=2.0 if is_best else 0.9, zorder=4.0 if is_best else 2.0)
        line.set_alpha(1.0 if is_best else 0.5)
        line.set_marker("." if most_steps <= _FEW_STEPS else "")
        shown.setdefault(end, line)
    _legend(axes, shown)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(curves_range(view))
    return figure


def pareto_front(view: View) -> Figure:
    """Draw two or three objectives against each other."""
    axes = plots.plot_pareto_front(view.study, target_names=list(view.labels))
    figure = _finish(axes, "Pareto front", view, 7.0, 5.2)
    if len(view.labels) == 2:
        _dress(axes, axes.get_xlabel(), axes.get_ylabel())
    else:
        _dress_3d(axes)
    for points in axes.collections:
        points.set_color(ORANGE if points.get_label() == "Best Trial" else BLUE)
    names = {"Best Trial": "Pareto front", "Trial": "trial"}
    _legend(axes, {names[str(points.get_label())]: points for points in axes.collections})
    return figure


def _legend(axes: Axes, handles: Mapping[str, Artist]) -> None:
    """Write a legend where it hides no data: in one row above the axes."""
    axes.legend(
        list(handles.values()), list(handles), loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4,
        fontsize=9, frameon=False,
    )  # fmt: skip


def _finish(axes: Axes, subject: str, view: View, width: float, height: float) -> Figure:
    """Give a figure its size and title, and take away what Optuna wrote as a title."""
    figure = axes.figure
    assert isinstance(figure, Figure)
    figure.set_layout_engine("constrained")
    figure.set_size_inches(width, height)
    for place in ("left", "center"):
        axes.set_title("", loc=place)
    title = textwrap.fill(f"{view.study.study_name}: {subject}", int(width / 0.1))
    figure.suptitle(title, fontsize=11, fontweight="bold", color=INK, parse_math=False)
    return figure


def _dress(axes: Axes, xlabel: str, ylabel: str) -> None:
    """Give axes the looks of the other figures instead of Optuna's grey ones."""
    axes.set_facecolor("white")
    dress(axes, xlabel, ylabel)
    axes.tick_params(which="both", colors=INK)
    axes.spines[:].set_color(INK)
    axes.spines[:].set_linewidth(0.8)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=INK, parse_math=False)


def _dress_3d(axes: Any) -> None:
    """Do the same for axes in three dimensions, and leave room for the labels outside of their box."""
    axes.set_facecolor("white")
    axes.set_box_aspect(None, zoom=0.88)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color("#F0F0F0")
        axis.set_major_locator(MaxNLocator(5))
        axis.set_tick_params(labelsize=8, colors=INK)
        axis.label.set(fontsize=9, color=INK, parse_math=False)


def _share_colours(figure: Figure, panels: Sequence[Axes], view: View) -> None:
    """Give all contours one scale and its colour bar; Optuna's is that of the first one."""
    norm = Normalize(*view.range)
    drawn = [child for axes in panels for child in axes.collections if isinstance(child, ContourSet)]
    filled = [contours for contours in drawn if contours.filled]
    for contours in filled:
        if contours.colorbar is not None:
            contours.colorbar.remove()
        contours.set_norm(norm)
    bar = figure.colorbar(ScalarMappable(norm, filled[0].get_cmap()), ax=panels)
    bar.ax.tick_params(labelsize=9)
    bar.set_label(view.label, fontsize=10)


def _points(axes: Axes, size: float) -> None:
    for child in axes.collections:
        if isinstance(child, PathCollection):
            child.set_sizes([size])
            child.set_linewidth(0.4)


def _plain_logarithm(axis: Axis) -> None:
    """Write plain numbers on a logarithmic axis of few decades, on which powers of ten are rare."""
    low, high = axis.get_view_interval()
    if axis.get_scale() == "log" and high < 1000.0 * low:
        log_ticks(axis, low, high)


def _shorten(axis: Axis) -> None:
    """Write categories without the quotes of text and cut long ones; leave an axis of numbers as it is."""
    if isinstance(axis.get_major_locator(), MaxNLocator):
        return
    texts = [text.get_text().strip("'\"") for text in axis.get_ticklabels()]
    short = [text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…" for text in texts]
    axis.set_ticks(axis.get_ticklocs(), short, parse_math=False)


def _slant(axes: Axes) -> None:
    """Slant the labels of the x axis where they would touch."""
    if sum(len(text.get_text()) for text in axes.get_xticklabels()) > 24:
        for text in axes.get_xticklabels():
            text.set(rotation=25, ha="right", rotation_mode="anchor", fontsize=8)
