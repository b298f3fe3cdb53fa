"""What all figures share: a canvas of their own, colours, and the validation stars of a predictions table.

Figures are made without ``pyplot``, whose list of open figures is global: they are freed like any object and
can be drawn in several threads.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.kinds.stars.schema import TARGET, TARGET_ERROR

PREDICTED = f"{TARGET}_predicted"
UNCERTAINTY = f"{TARGET}_uncertainty"
TYPE = "type_best_classification"

# Okabe & Ito 2008, "Color Universal Design", distinct under every common colour blindness.
BLUE, ORANGE, GREEN, PURPLE, AMBER = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"
_DPI = 130
INK, GREY, PALE = "#222222", "#777777", "#C8C8C8"


@dataclass(frozen=True, eq=False)
class Stars:
    """Stars of one part of a predictions table.

    Attributes:
        observed: Catalogue parallax, shape (N,), mas.
        error: Its 1-sigma error, 0 where unknown, shape (N,), mas.
        predicted: Predicted parallax, shape (N,), mas.
        uncertainty: Predicted 1-sigma uncertainty, 0 where none is stated, shape (N,), mas.
        types: Variability type, empty where unknown, shape (N,).
    """

    observed: FloatArray
    error: FloatArray
    predicted: FloatArray
    uncertainty: FloatArray
    types: pd.Series

    def __len__(self) -> int:
        return len(self.observed)


def stars_of(predictions: pd.DataFrame, part: str) -> Stars:
    """Return the stars of one part (of all folds) of a predictions table.

    Args:
        predictions: One row a star and fold, with ``part``, ``parallax``, ``parallax_error``,
            ``parallax_predicted`` and ``parallax_uncertainty`` (mas) and perhaps the variability type.
        part: ``train`` or ``val``; the parallaxes of the test part are sealed.

    Raises:
        DataError: If a column is missing or a star of the part has no observed or predicted parallax.
    """
    needed = ("part", TARGET, TARGET_ERROR, PREDICTED, UNCERTAINTY)
    missing = [name for name in needed if name not in predictions]
    if missing:
        raise DataError(f"the predictions table has no column {', '.join(missing)}")
    rows = predictions[predictions["part"] == part]
    for name in (TARGET, PREDICTED):
        n_missing = int(rows[name].isna().sum())
        if n_missing:
            raise DataError(f"{n_missing} of {len(rows)} {part} stars have no {name}")
    types = rows[TYPE].astype(object).fillna("") if TYPE in rows else pd.Series("", index=rows.index)
    return Stars(
        observed=rows[TARGET].to_numpy(np.float64),
        error=rows[TARGET_ERROR].fillna(0.0).to_numpy(np.float64),
        predicted=rows[PREDICTED].to_numpy(np.float64),
        uncertainty=rows[UNCERTAINTY].fillna(0.0).to_numpy(np.float64),
        types=types,
    )


def val_stars(predictions: pd.DataFrame) -> Stars:
    """Return the validation stars, of all folds together.

    Raises:
        DataError: If there are none, or as ``stars_of``.
    """
    stars = stars_of(predictions, "val")
    if not len(stars):
        raise DataError("the predictions table has no validation stars to plot")
    return stars


def new_figure(title: str, width: float, height: float) -> Figure:
    """Return an empty figure of the given size in inches under a title wrapped to its width."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    # 11-point bold letters are about 0.085 inch wide.
    wrapped = textwrap.fill(title, int(width / 0.1))
    figure.suptitle(wrapped, fontsize=11, fontweight="bold", color=INK, parse_math=False)
    return figure


def save_figures(folder: Path, figures: Mapping[str, Figure]) -> list[Path]:
    """Write figures as PNG files by their names, over older ones.

    Args:
        folder: Where to write; made if missing.
        figures: Name without ending to figure.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in figures]
    for path, figure in zip(paths, figures.values(), strict=True):
        figure.savefig(path, dpi=_DPI)
    return paths


def dress(axes: Axes, xlabel: str = "", ylabel: str = "") -> None:
    """Label axes and give them a light grid in the background."""
    axes.set_xlabel(xlabel, fontsize=10)
    axes.set_ylabel(ylabel, fontsize=10)
    axes.tick_params(labelsize=9)
    axes.grid(color=PALE, linewidth=0.5, alpha=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def plain_ticks(axis: Axis) -> None:
    """Write the ticks of a scale that is not linear as plain numbers: 0.1 and not a power of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def log_ticks(axis: Axis, low: float, high: float) -> None:
    """Write plain numbers on a logarithmic axis, also within its decades where it has few."""
    if high < 1000.0 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    plain_ticks(axis)


def note(axes: Axes, text: str) -> None:
    """Write what a reader must know and the axes cannot show, small, in the lower right corner."""
    axes.annotate(
        text, (1.0, 0.02), xycoords="axes fraction", ha="right", va="bottom", fontsize=8, color=INK,
        bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 2},
    )  # fmt: skip
