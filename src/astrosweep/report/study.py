"""Optuna's plots of one study as files, and the importance of its parameters."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from matplotlib.figure import Figure

from astrosweep.report import study_figures as png
from astrosweep.report import study_page as page
from astrosweep.report.study_view import View, has_curves, quiet, view_of

_log = logging.getLogger(__name__)

_DPI = 130
_MAX_CONTOUR = 3
# What Optuna, matplotlib and plotly raise where a study has not what a plot needs.
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class _Plot:
    """One plot: the name of its file, what is said of it and how it is drawn."""

    name: str
    heading: str
    text: str
    draw: Callable[[], Figure]
    draw_page: Callable[[], list[Any]]


def write_study_figures(study: optuna.Study, folder: Path, objective_names: Sequence[str]) -> list[Path]:
    """Write Optuna's plots of a study: ``study.html`` with all of them, and each as a PNG file.

    They are history, importances, slices, contours of the three most important parameters, parallel
    coordinates and intermediate values, as far as the study has what they need. With several objectives the
    first four are drawn for each, and the Pareto front of two or three. Parameters of one value are left out.
    A few very high values are drawn at a bound that their labels name. A plot that fails is logged and left
    out.

    Args:
        study: Any study, also one that still runs; it is only read.
        folder: Where to write; made if missing.
        objective_names: One per objective, such as ``val/rmse`` or ``-val/r2``.

    Returns:
        The files written, the page first; none if no trial has a value.

    Raises:
        ValueError: If there are not as many names as objectives.
    """
    if len(objective_names) != len(study.directions):
        raise ValueError(f"{len(study.directions)} objectives need as many names, not {objective_names}")
    paths: list[Path] = []
    sections: list[page.Section] = []
    with quiet():
        for plot in _plots(study, objective_names):
            path = folder / f"{plot.name}.png"
            if _attempt(plot.name, "PNG", partial(_write_png, plot, path)):
                paths.append(path)
            figures = _attempt(plot.name, "HTML", plot.draw_page)
            if figures:
                sections.append(page.Section(plot.name, plot.heading, plot.text, figures))
        if sections:
            folder.mkdir(parents=True, exist_ok=True)
            paths.insert(0, folder / "study.html")
            paths[0].write_text(page.page(study, objective_names, sections), encoding="utf-8")
    return paths


def importances(study: optuna.Study, objective_index: int = 0) -> dict[str, float]:
    """Return how much each parameter decides whether a trial is among the best (PED-ANOVA).

    The best are a tenth of the trials, or five of fewer than fifty. The method (Watanabe et al. 2023, and for
    parameters that some trials lack Ito et al. 2026) has no random part.

    Args:
        study: Any study.
        objective_index: Which of several objectives.

    Returns:
        Parameters that have at least two values to shares of 1, the largest first; empty where undefined:
        fewer than two complete trials, or none better than the rest.
    """
    names = [f"objective {index}" for index in range(len(study.directions))]
    with quiet():
        return _importances(view_of(study, names, [objective_index]))


def _importances(view: View) -> dict[str, float]:
    if not view.is_ranked or not view.params:
        return {}
    found = optuna.importance.get_param_importances(
        view.study, evaluator=view.evaluator, params=list(view.params)
    )
    return {name: float(share) for name, share in found.items()}


def _plots(study: optuna.Study, names: Sequence[str]) -> Iterator[_Plot]:
    """Yield the plots for which the study has trials and parameters."""
    indices = range(len(names))
    views = [view_of(study, names, [index]) for index in indices]
    together = views[0] if len(names) == 1 else view_of(study, names, indices)
    if together.complete and len(names) in (2, 3):
        text = "A trial is on the front if no other is better in one objective and as good in the rest."
        yield _plot("pareto_front", "Pareto front", text, together)
    for index, view in enumerate(views):
        plain = re.sub(r"[^0-9A-Za-z]+", "_", names[index]).strip("_")
        yield from _plots_of_values(view, f"_{index + 1}_{plain}" if len(names) > 1 else "")
    if len(together.complete) > 1 and together.params:
        text = "Each line is a complete trial; the darker, the better."
        yield _plot("parallel_coordinates", "Parallel coordinates", text, together)
    with_curves = view_of(study, names, [0], curves=True)
    if has_curves(with_curves):
        text = "What each trial reported to the pruner, epoch by epoch or fold by fold."
        yield _plot("intermediate_values", "Values during the trials", text, with_curves)


def _plots_of_values(view: View, ending: str) -> Iterator[_Plot]:
    """Yield the plots of one objective."""
    whose = f": {view.names[0]}" if ending else ""
    cut = " Higher values are drawn at the cut." if view.label != view.names[0] else ""
    if view.complete:
        text = f"Each point is a complete trial.{cut}"
        yield _plot(f"history{ending}", f"Optimisation history{whose}", text, view, "history")
    if len(view.complete) < 2 or not view.params:
        return
    shares = _importances(view)
    if len(shares) > 1:
        text = "Share of each parameter in whether a trial is among the best tenth, or best five (PED-ANOVA)."
        heading = f"Importance of the parameters{whose}"
        yield _plot(f"importances{ending}", heading, text, view, "param_importances")
    text = f"Each point is a complete trial; the darker, the later.{cut}"
    yield _plot(f"slice{ending}", f"Value by parameter{whose}", text, view, "slices")
    params = _contour_params(view, list(shares))
    if params:
        text = f"Complete trials, interpolated between them, over the most important parameters.{cut}"
        heading = f"Value by two parameters{whose}"
        yield _plot(f"contour{ending}", heading, text, view, "contour", params)


def _plot(name: str, heading: str, text: str, view: View, function: str = "", *more: Any) -> _Plot:
    """Return a plot that both modules draw by a function of the same name."""
    draw, draw_page = (getattr(module, function or name) for module in (png, page))
    return _Plot(name, heading, text, partial(draw, view, *more), partial(draw_page, view, *more))


def _contour_params(view: View, ranked: Sequence[str]) -> list[str]:
    """Return the first parameters that trials have together, at most three; none if there are no two."""
    chosen: list[str] = []
    for name in ranked:
        if all(sum({name, other} <= trial.params.keys() for trial in view.complete) > 1 for other in chosen):
            chosen.append(name)
    return chosen[:_MAX_CONTOUR] if len(chosen) > 1 else []


def _write_png(plot: _Plot, path: Path) -> Path:
    with png.agg():
        figure = plot.draw()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Laid out once: savefig would do it twice.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        figure.savefig(path, dpi=_DPI)
    return path


def _attempt(name: str, kind: str, draw: Callable[[], Any]) -> Any:
    """Return what is drawn, or None with a warning in the log."""
    try:
        return draw()
    except _FAULTS as error:
        _log.warning("the plot %s could not be drawn as %s: %s: %s", name, kind, type(error).__name__, error)
        return None
