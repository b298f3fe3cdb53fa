"""How alike members err: the correlation of their residuals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from astrosweep.core.types import FloatArray
from astrosweep.ensemble.problem import Problem
from astrosweep.ensemble.report.members import MemberRow
from astrosweep.ensemble.report.shown import shortened
from astrosweep.report.canvas import PALE, new_figure

_MOST = 30
_MOST_VALUES = 100_000
_WRITTEN = 12
_NAME = 30


def correlation_of_residuals(problem: Problem, members: Sequence[MemberRow]) -> tuple[FloatArray, bool]:
    """Correlation of the members' residuals, predicted minus observed over the scale of the column.

    Args:
        problem: The candidates' predictions.
        members: The members.

    Returns:
        Shape (M, M), over the targets that both predict, NaN where residuals do not vary; and whether it is
        of 100,000 of them drawn at random.
    """
    rows, columns = np.nonzero(problem.known)
    sampled = len(rows) > _MOST_VALUES
    if sampled:
        chosen = np.random.default_rng(0).choice(len(rows), _MOST_VALUES, replace=False)
        rows, columns = rows[chosen], columns[chosen]
    residuals = {
        i: (problem.mean[row.place, rows, columns] - problem.target[rows, columns]) / problem.scale[columns]
        for i, row in enumerate(members)
    }
    return pd.DataFrame(residuals).corr().to_numpy(dtype=np.float64), sampled


def mean_correlation(correlation: FloatArray) -> float:
    """Mean over all pairs of two; NaN where there is none."""
    pairs = correlation[np.triu_indices(len(correlation), 1)]
    known = pairs[np.isfinite(pairs)]
    return float(known.mean()) if len(known) else float("nan")


def diversity(problem: Problem, members: Sequence[MemberRow], title: str) -> Figure:
    """Draw the correlation of the members' residuals; what averages out is what they do not share.

    Args:
        problem: The candidates' predictions.
        members: At least two, the largest weight first; the first 30 are drawn.
        title: Title; the mean correlation is added.
    """
    shown = members[:_MOST]
    correlation, sampled = correlation_of_residuals(problem, shown)
    mean, n = mean_correlation(correlation), len(shown)
    title = f"{title}: correlation of residuals out of fold, mean {mean:.3f}"
    if len(members) > n:
        title += f" (the {n} of {len(members)} with the largest weights)"
    figure = new_figure(title, 4.6 + 0.2 * max(n, 8), 3.6 + 0.2 * max(n, 8))
    axes = figure.add_subplot()
    pairs = np.where(np.eye(n, dtype=bool), np.nan, correlation)
    known = pairs[np.isfinite(pairs)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    low = min(low, high - 0.01)
    image = axes.imshow(pairs, cmap="viridis", vmin=low, vmax=high)
    axes.set_facecolor(PALE)
    names = [shortened(row.name, _NAME) for row in shown]
    axes.set_xticks(range(n), names, rotation=90, fontsize=8)
    axes.set_yticks(range(n), names, fontsize=8)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_parse_math(False)
    if n <= _WRITTEN:
        middle, digits = 0.5 * (low + high), 2 if high - low > 0.05 else 3
        for (i, j), value in np.ndenumerate(pairs):
            if np.isfinite(value):
                colour = "black" if value > middle else "white"
                axes.text(j, i, f"{value:.{digits}f}", ha="center", va="center", fontsize=8, color=colour)
    bar = figure.colorbar(image, ax=axes, shrink=0.75)
    bar.set_label(
        "correlation" + (f" of {_MOST_VALUES:,} targets drawn at random" if sampled else ""), fontsize=9
    )
    return figure
