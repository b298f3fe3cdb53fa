"""The correlation matrix of features and target."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.report.canvas import INK, new_figure

_MAX_NUMBERED, _MAX_SHOWN = 15, 60


def correlation_heatmap(correlation: pd.DataFrame, title: str) -> Figure:
    """Draw the lower triangle of a correlation matrix, with numbers in the cells of up to 15 columns.

    The name of the last column, the target's, is bold. A cell without a value (a constant column) holds a
    dash. Of more than 60 columns those closest to the target are shown, in their order.

    Args:
        correlation: Features and target against themselves, shape (F + 1, F + 1), -1 to 1; the name of its
            index, such as ``Spearman``, labels the colour bar.
        title: Title, usually the name of the run.

    Raises:
        DataError: If the matrix is empty or its rows and columns differ.
    """
    names = [str(name) for name in correlation.columns]
    if not names or names != [str(name) for name in correlation.index]:
        raise DataError("a correlation matrix needs the same features as rows and as columns")
    n_features = len(names) - 1
    if len(names) > _MAX_SHOWN:
        correlation = _closest_to_target(correlation)
        names = [str(name) for name in correlation.columns]
    values = np.where(np.tri(len(names), dtype=bool), correlation.to_numpy(np.float64), np.nan)
    numbered = len(names) <= _MAX_NUMBERED
    # Inches: cells, and names of 9-point letters beside and (at 45 degrees) below them.
    cells, longest = (0.48 if numbered else 0.28) * len(names), max(map(len, names))
    figure = new_figure(
        title, max(cells, 2.0) + 0.075 * longest + 1.3, max(cells, 2.0) + 0.055 * longest + 0.9
    )
    axes = figure.add_subplot()
    image = axes.imshow(values, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    _draw_cells(axes, values, numbered)
    _label(axes, names)
    method = f"{correlation.index.name} correlation" if correlation.index.name else "correlation"
    if len(names) - 1 < n_features:
        axes.set_title(
            f"the {len(names) - 1} of {n_features:,} features closest to {names[-1]}",
            fontsize=9,
            parse_math=False,
        )
    figure.colorbar(image, ax=axes, shrink=0.7).set_label(method, fontsize=10)
    return figure


def _closest_to_target(correlation: pd.DataFrame) -> pd.DataFrame:
    to_target = correlation.iloc[-1, :-1].abs().fillna(0.0).to_numpy()
    shown = [*np.sort(np.argsort(-to_target, kind="stable")[: _MAX_SHOWN - 1]), len(to_target)]
    return correlation.iloc[shown, shown]


def _draw_cells(axes: Axes, values: FloatArray, numbered: bool) -> None:
    """Part the cells by white lines and write into them: their number, or a dash where there is none."""
    between = np.arange(1, len(values)) - 0.5
    axes.set_xticks(between, minor=True)
    axes.set_yticks(between, minor=True)
    axes.grid(which="minor", color="white", linewidth=0.8)
    for row, column in np.argwhere(np.tri(len(values))).tolist():
        value = float(values[row, column])
        if numbered or np.isnan(value):
            text = "–" if np.isnan(value) else f"{value:z.2f}"
            colour = "white" if abs(value) > 0.65 else INK
            axes.text(column, row, text, ha="center", va="center", fontsize=8.5, color=colour)


def _label(axes: Axes, names: list[str]) -> None:
    positions = np.arange(len(names))
    axes.set_xticks(positions, names, rotation=45, ha="right", rotation_mode="anchor", fontsize=9)
    axes.set_yticks(positions, names, fontsize=9)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_parse_math(False)
        if label.get_text() == names[-1]:
            label.set_fontweight("bold")
