"""Residuals of the target, in its unit and in units of their stated uncertainty."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from astrosweep.core.metrics import normalised_residuals
from astrosweep.core.types import FloatArray
from astrosweep.kinds.tables.figures.points import Points, as_written, is_logarithmic, val_points
from astrosweep.kinds.tables.table import Roles
from astrosweep.report.canvas import BLUE, INK, ORANGE, dress, new_figure, note, plain_ticks

_N_BINS = 12
_MIN_PER_BIN = 8
_LINEAR_SHARE = 0.05
"""Of the objects that an inverse hyperbolic sine scale shows where it is linear, unless a role says."""
_TICK_DISTANCE = 0.065
"""Least distance of two ticks, as a share of the axis."""


def residuals_against_target(predictions: pd.DataFrame, roles: Roles, title: str) -> Figure:
    """Draw the residuals of the validation objects against observed and against predicted target.

    Lines show the median and the band the 16th to 84th percentile of bins of equally many objects. Noise of
    the observed value is part of the residual, so that even perfect predictions slope downwards on the left;
    only the right side, where honest predictions are level, shows a bias. The lower row divides by the total
    uncertainty, where the catalogue's errors are known; where no object has one, by the predicted
    uncertainty. Targets that ``is_logarithmic`` are on an inverse hyperbolic sine scale, linear near zero and
    logarithmic far from it; the axes leave out the outermost 0.5 %.

    Args:
        predictions: The predictions table, as in ``write_figures``.
        roles: The columns of the target.
        title: Title, usually the name of the run.

    Raises:
        DataError: If a column is missing or there are no validation objects.
    """
    points = val_points(predictions, roles)
    rows = _rows(points, roles)
    figure = new_figure(title, 9.6, 1.0 + 2.9 * len(rows))
    panels = figure.subplots(len(rows), 2, sharex="col", sharey="row", squeeze=False)
    softening = _softening(roles, points)
    for row, (ylabel, values, used) in zip(panels, rows, strict=True):
        for axes, target in zip(row, (points.observed, points.predicted), strict=True):
            _draw(axes, target[used], values[used], softening)
        _limit(row[0], values[used])
        dress(row[0], ylabel=ylabel)
        dress(row[1])
        if not used.all():
            note(
                row[1], f"{int((~used).sum()):,} of {len(used):,} objects without a catalogue error not shown"
            )
    panels[-1, 0].set_xlabel(f"observed {roles.label}", fontsize=10)
    panels[-1, 1].set_xlabel(f"predicted {roles.label}", fontsize=10)
    if panels[0, 0].get_legend_handles_labels()[0]:
        panels[0, 0].legend(fontsize=9, loc="upper right", framealpha=0.85, edgecolor="none")
    for axes in panels.flat:
        as_written(axes)
    return figure


def _rows(points: Points, roles: Roles) -> list[tuple[str, FloatArray, NDArray[np.bool_]]]:
    """What the rows show: label, value of every object, and which of them are drawn."""
    everything, known = np.ones(len(points), dtype=np.bool_), points.error > 0.0
    unit = f" ({roles.unit})" if roles.unit else ""
    rows = [(f"predicted − observed{unit}", points.predicted - points.observed, everything)]
    z = normalised_residuals(points.observed, points.error, points.predicted, points.uncertainty)
    if known.any():
        rows.append(("residual / total uncertainty", z, known))
    elif np.isfinite(z).all():
        rows.append(("residual / predicted uncertainty", z, everything))
    return rows


def _softening(roles: Roles, points: Points) -> float | None:
    """Where an inverse hyperbolic sine scale is linear; None for a linear scale."""
    if not is_logarithmic(roles, points):
        return None
    return roles.softening or float(np.quantile(points.observed, _LINEAR_SHARE))


def _draw(axes: Axes, target: FloatArray, residual: FloatArray, softening: float | None) -> None:
    alpha = float(np.clip(400.0 / len(target), 0.1, 0.7))
    axes.plot(
        target,
        residual,
        ".",
        color=BLUE,
        markersize=5,
        markeredgewidth=0,
        alpha=alpha,
        zorder=1,
    )
    axes.axhline(0.0, color=INK, linewidth=1.0, linestyle="--", zorder=2)
    n_bins = min(_N_BINS, len(target) // _MIN_PER_BIN)
    if n_bins >= 2:
        bins = np.array_split(np.argsort(target, kind="stable"), n_bins)
        centre = [float(np.median(target[members])) for members in bins]
        low, middle, high = np.transpose([np.percentile(residual[members], (16, 50, 84)) for members in bins])
        axes.fill_between(
            centre, low, high, color=ORANGE, alpha=0.2, linewidth=0, zorder=3, label="16th to 84th percentile"
        )
        axes.plot(centre, middle, "o-", color=ORANGE, markersize=4, linewidth=1.5, zorder=4, label="median")
    low, high = np.quantile(target, (0.005, 0.995))
    if softening is None:
        margin = 0.05 * float(high - low) or 1.0
        axes.set_xlim(low - margin, high + margin)
        return
    axes.set_xscale("asinh", linear_width=softening)
    limits = float(low - 0.5 * softening), float(high * 1.1 + 0.5 * softening)
    axes.xaxis.set_major_locator(FixedLocator(_asinh_ticks(*limits, softening)))
    axes.xaxis.set_minor_locator(NullLocator())
    plain_ticks(axes.xaxis)
    axes.set_xlim(limits)


def _asinh_ticks(low: float, high: float, softening: float) -> list[float]:
    """Round numbers that do not crowd an inverse hyperbolic sine scale: zero, then decades, then 5 and 2."""
    reach = math.ceil(math.log10(max(abs(low), abs(high))))
    decades = [10.0**power for power in range(reach, math.floor(math.log10(softening)) - 2, -1)]
    sizes = [digit * decade for digit in (1.0, 5.0, 2.0) for decade in decades]
    start, width = math.asinh(low / softening), math.asinh(high / softening) - math.asinh(low / softening)
    ticks: dict[float, float] = {}
    for value in (0.0, *(sign * size for size in sizes for sign in (1.0, -1.0))):
        place = (math.asinh(value / softening) - start) / width
        if low <= value <= high and all(abs(place - other) >= _TICK_DISTANCE for other in ticks.values()):
            ticks[value] = place
    return sorted(ticks)


def _limit(axes: Axes, residual: FloatArray) -> None:
    low, high = np.quantile(residual, (0.005, 0.995))
    reach = 1.2 * max(abs(float(low)), abs(float(high)))
    if reach > 0.0:
        axes.set_ylim(-reach, reach)
