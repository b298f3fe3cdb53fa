"""Whether the stated uncertainties are honest: expected against observed coverage."""

from statistics import NormalDist

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from astrosweep.core.metrics import normalised_residuals
from astrosweep.core.types import FloatArray
from astrosweep.kinds.tables.figures.points import val_points
from astrosweep.kinds.tables.table import Roles
from astrosweep.report.canvas import BLUE, INK, PALE, dress, new_figure, note

_LEVELS = np.linspace(0.0, 0.99, 100)


def calibration(predictions: pd.DataFrame, roles: Roles, title: str) -> Figure:
    """Draw the share of validation objects inside their central interval against the interval's probability.

    Honest uncertainties follow the diagonal; above it they are too large, below it too small. The grey
    band is the 1-sigma binomial noise that honest uncertainties show with as many objects.

    Args:
        predictions: The predictions table, as in ``write_figures``.
        roles: The columns of the target.
        title: Title, usually the name of the run.

    Raises:
        DataError: If a column is missing or there are no validation objects.
    """
    points = val_points(predictions, roles)
    z = normalised_residuals(points.observed, points.error, points.predicted, points.uncertainty)
    stated = np.isfinite(z)
    figure = new_figure(title, 5.8, 5.8)
    axes = figure.add_subplot(aspect="equal", xlim=(0.0, 1.0), ylim=(0.0, 1.0))
    dress(axes, "expected coverage", "observed coverage")
    axes.plot([0.0, 1.0], [0.0, 1.0], "--", color=INK, linewidth=1.0, label="honest uncertainties")
    lines = _draw_coverage(axes, np.abs(z[stated])) if stated.any() else []
    if not stated.all():
        lines.append(
            f"{int((~stated).sum()):,} of {len(points):,} objects without any uncertainty not counted"
        )
    n_unknown = int((points.error == 0.0).sum())
    if n_unknown and roles.error:
        lines.append(f"{n_unknown:,} of {len(points):,} objects without a catalogue error")
    note(axes, "\n".join(lines))
    axes.legend(fontsize=9, loc="upper left", framealpha=0.85, edgecolor="none")
    return figure


def _draw_coverage(axes: Axes, absolute_z: FloatArray) -> list[str]:
    """Draw the coverage of every level; return what it is within 1 and 2 sigma, in words."""
    half_widths = np.array([NormalDist().inv_cdf(0.5 + 0.5 * level) for level in _LEVELS])
    observed = np.mean(absolute_z[:, np.newaxis] <= half_widths, axis=0)
    noise = np.sqrt(_LEVELS * (1.0 - _LEVELS) / len(absolute_z))
    axes.fill_between(
        _LEVELS,
        _LEVELS - noise,
        _LEVELS + noise,
        color=PALE,
        alpha=0.6,
        linewidth=0,
        label="their noise, 1 sigma",
    )
    chi2 = float(np.mean(absolute_z**2))
    label = f"validation ({len(absolute_z):,} objects)\nreduced χ² = {chi2:.2f}"
    axes.plot(_LEVELS, observed, color=BLUE, linewidth=1.8, label=label)
    lines = []
    for sigmas in (1.0, 2.0):
        level, share = 2.0 * NormalDist().cdf(sigmas) - 1.0, float(np.mean(absolute_z <= sigmas))
        axes.plot(level, share, "o", color=BLUE, markersize=6, clip_on=False)
        lines.append(f"within {sigmas:g} σ: {share:.1%} (expected {level:.1%})")
    return lines
