"""Residuals of the parallax, in mas and in units of their stated uncertainty."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import SymmetricalLogLocator

from astrosweep.core.metrics import normalised_residuals
from astrosweep.core.types import FloatArray
from astrosweep.report.canvas import BLUE, INK, ORANGE, dress, new_figure, note, plain_ticks, val_stars

_N_BINS = 12
_MIN_STARS_PER_BIN = 8
_LINEAR_MAS = 0.1


def residuals_against_parallax(predictions: pd.DataFrame, title: str) -> Figure:
    """Draw the residuals of the validation stars against observed and against predicted parallax.

    Lines show the median and the band the 16th to 84th percentile of bins of equally many stars. Noise of
    the observed parallax is part of the residual, so that even perfect predictions slope downwards on the
    left; only the right side, where honest predictions are level, shows a bias. The lower row divides
    by the total uncertainty, where the catalogue's errors are known. Parallaxes are on an inverse hyperbolic
    sine scale, linear near zero and logarithmic far above 0.1 mas; the axes leave out the outermost 0.5 %.

    Args:
        predictions: The predictions table, as in ``write_figures``.
        title: Title, usually the name of the run.

    Raises:
        DataError: If a column is missing or there are no validation stars.
    """
    stars = val_stars(predictions)
    known = stars.error > 0.0
    residual = stars.predicted - stars.observed
    rows = [("predicted − observed (mas)", residual, np.ones(len(stars), dtype=bool))]
    if known.any():
        z = normalised_residuals(stars.observed, stars.error, stars.predicted, stars.uncertainty)
        rows.append(("residual / total uncertainty", z, known))
    figure = new_figure(title, 9.6, 1.0 + 2.9 * len(rows))
    panels = figure.subplots(len(rows), 2, sharex="col", sharey="row", squeeze=False)
    for row, (ylabel, values, used) in zip(panels, rows, strict=True):
        for axes, parallax in zip(row, (stars.observed, stars.predicted), strict=True):
            _draw(axes, parallax[used], values[used])
        _limit(row[0], values[used])
        dress(row[0], ylabel=ylabel)
        dress(row[1])
        if not used.all():
            note(row[1], f"{int((~used).sum()):,} of {len(used):,} stars without a catalogue error not shown")
    panels[-1, 0].set_xlabel("observed parallax (mas)", fontsize=10)
    panels[-1, 1].set_xlabel("predicted parallax (mas)", fontsize=10)
    if panels[0, 0].get_legend_handles_labels()[0]:
        panels[0, 0].legend(fontsize=9, loc="upper right", framealpha=0.85, edgecolor="none")
    return figure


def _draw(axes: Axes, parallax: FloatArray, residual: FloatArray) -> None:
    alpha = float(np.clip(400.0 / len(parallax), 0.1, 0.7))
    axes.plot(
        parallax,
        residual,
        ".",
        color=BLUE,
        markersize=5,
        markeredgewidth=0,
        alpha=alpha,
        zorder=1,
    )
    axes.axhline(0.0, color=INK, linewidth=1.0, linestyle="--", zorder=2)
    n_bins = min(_N_BINS, len(parallax) // _MIN_STARS_PER_BIN)
    if n_bins >= 2:
        bins = np.array_split(np.argsort(parallax, kind="stable"), n_bins)
        centre = [float(np.median(parallax[members])) for members in bins]
        low, middle, high = np.transpose([np.percentile(residual[members], (16, 50, 84)) for members in bins])
        axes.fill_between(
            centre, low, high, color=ORANGE, alpha=0.2, linewidth=0, zorder=3, label="16th to 84th percentile"
        )
        axes.plot(centre, middle, "o-", color=ORANGE, markersize=4, linewidth=1.5, zorder=4, label="median")
    axes.set_xscale("asinh", linear_width=_LINEAR_MAS)
    axes.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=_LINEAR_MAS, subs=(1.0, 2.0, 5.0)))
    plain_ticks(axes.xaxis)
    low_x, high_x = np.quantile(parallax, (0.005, 0.995))
    axes.set_xlim(low_x - 0.05, high_x * 1.1 + 0.05)


def _limit(axes: Axes, residual: FloatArray) -> None:
    low, high = np.quantile(residual, (0.005, 0.995))
    reach = 1.2 * max(abs(float(low)), abs(float(high)))
    if reach > 0.0:
        axes.set_ylim(-reach, reach)
