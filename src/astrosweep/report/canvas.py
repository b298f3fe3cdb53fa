"""What all figures share: a canvas of their own, and colours.

Figures are made without ``pyplot``, whose list of open figures is global: they are freed like any object and
can be drawn in several threads.
"""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# Okabe & Ito 2008, "Color Universal Design", distinct under every common colour blindness.
BLUE, ORANGE, GREEN, PURPLE, AMBER = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"
_DPI = 130
INK, GREY, PALE = "#222222", "#777777", "#C8C8C8"


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
