"""Optuna's plots of a study by plotly, and one page that holds them all.

MLflow shows an HTML artifact in a frame that can load no other file: the page holds plotly.js itself, once.
"""

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import optuna.visualization as plots
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from astrosweep.report.canvas import BLUE, INK, ORANGE
from astrosweep.report.study_view import END_COLOURS, View, best_last, coarse, curves_range, endings, wrapped

_COLUMNS = 4
_STYLE = """
body { font-family: system-ui, sans-serif; color: #222222; max-width: 1280px; margin: 1.5rem auto; }
body { padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 0.2rem; border-top: 1px solid #c8c8c8; padding-top: 1.2rem; }
p { line-height: 1.45; margin: 0.3rem 0; }
"""


@dataclass(frozen=True)
class Section:
    """A heading of the page with its plots.

    Attributes:
        key: Name of the section in the page's address and of its plots' elements.
        heading: What is plotted.
        text: How to read it.
        figures: Figures of plotly.
    """

    key: str
    heading: str
    text: str
    figures: Sequence[Any]


def history(view: View) -> list[Any]:
    """Draw the value of every trial and the best so far."""
    figure = plots.plot_optimization_history(view.study, target_name=view.label)
    figure.data[0].update(name="trial", marker={"color": BLUE, "size": 6})
    figure.data[1].update(name="best so far", line={"color": ORANGE})
    figure.update_xaxes(title="trial")
    return [_finished(figure, 420)]


def parallel_coordinates(view: View) -> list[Any]:
    """Draw every trial as a line through its parameters, the best ones above the others."""
    study = best_last(view) if len(view.labels) == 1 else view.study
    figure = plots.plot_parallel_coordinate(study, list(view.params), target_name=view.labels[0])
    names = [wrapped(name, 16).replace("\n", "<br>") for name in (*view.labels, *view.params)]
    figure.update_xaxes(ticktext=names, tickangle=0, tickfont_size=10)
    figure.update_annotations(bgcolor="rgba(255, 255, 255, 0.7)", font_color=INK)
    return [_finished(figure, 540)]


def slices(view: View) -> list[Any]:
    """Draw the value over every parameter, four in a figure."""
    figures = []
    for start in range(0, len(view.params), _COLUMNS):
        params = list(view.params[start : start + _COLUMNS])
        figure = plots.plot_slice(view.study, params, target_name=view.label)
        figure.update_traces(marker_colorbar_title="trial")
        figure.for_each_xaxis(_unquote)
        figures.append(_finished(figure, 380))
    return figures


def contour(view: View, params: Sequence[str]) -> list[Any]:
    """Draw the value over each pair of a few parameters."""
    figure = plots.plot_contour(coarse(view, params), list(params), target_name=view.label)
    figure.update_traces(marker={"size": 4, "line": {"width": 0.5}}, selector={"type": "scatter"})
    low, high = view.range
    figure.update_traces(zmin=low, zmax=high, zauto=False, selector={"type": "contour"})
    n_columns = len(params) if len(params) > 2 else 1
    for place in range(n_columns**2):
        row, column = divmod(place, n_columns)
        for letter, at in (("x", column), ("y", n_columns - 1 - row)):
            axis = figure.layout[f"{letter}axis{place + 1 if place else ''}"]
            axis.update(domain=[(at + 0.03) / n_columns, (at + 0.97) / n_columns], title_font_size=11)
    return [_finished(figure, 520 if len(params) == 2 else 260 * len(params))]


def param_importances(view: View) -> list[Any]:
    """Draw how much each parameter decides whether a trial is among the best."""
    figure = plots.plot_param_importances(
        view.study, view.evaluator, list(view.params), target_name=view.label
    )
    figure.update_traces(marker_color=BLUE)
    figure.update_xaxes(title=f"importance for {view.names[0]}")
    names = list(figure.data[0].y)
    lines = [wrapped(name, 36).replace("\n", "<br>") for name in names]
    figure.update_yaxes(title="", automargin=True, tickvals=names, ticktext=lines)
    return [_finished(figure, 200 + 26 * max(len(view.params), 3))]


def intermediate_values(view: View) -> list[Any]:
    """Draw what trials reported to the pruner, coloured by how they ended."""
    figure = plots.plot_intermediate_values(view.study)
    ends = endings(view)
    shown = set()
    for trace in figure.data:
        end = ends[trace.name]
        is_best = end == "best"
        trace.update(
            mode="lines" if len(trace.x) > 1 else "markers",
            line={"color": END_COLOURS[end], "width": 2.5 if is_best else 1.0},
            marker={"color": END_COLOURS[end]},
            opacity=1.0 if is_best else 0.5,
            legendgroup=end,
            showlegend=end not in shown,
            text=f"{trace.name} ({end})",
            hovertemplate="%{text}<br>step %{x}: %{y}<extra></extra>",
            name=end,
        )
        shown.add(end)
    figure.data = sorted(figure.data, key=lambda trace: trace.legendgroup == "best")
    figure.update_layout(showlegend=True, legend_title_text="click to hide")
    figure.update_xaxes(title="step")
    figure.update_yaxes(title="value reported to the pruner", range=curves_range(view))
    return [_finished(figure, 460)]


def pareto_front(view: View) -> list[Any]:
    """Draw two or three objectives against each other."""
    figure = plots.plot_pareto_front(view.study, target_names=list(view.labels))
    flat = len(view.labels) == 2
    for trace, name, colour in zip(figure.data, ("trial", "Pareto front"), (BLUE, ORANGE), strict=True):
        trace.marker = {"color": colour, "size": 7 if flat else 4}
        trace.update(name=name, showlegend=True)
    if not flat:
        figure.update_layout(scene_camera_eye={"x": 1.6, "y": 1.6, "z": 1.1})
    return [_finished(figure, 520 if flat else 700)]


def page(study: Study, names: Sequence[str], sections: Sequence[Section]) -> str:
    """Return a page with all plots, which needs no other file.

    Args:
        study: The study; its name is the title, its trials are counted.
        names: Names of its objectives.
        sections: At least one.
    """
    title = html.escape(study.study_name)
    parts = [_summary(study, names)]
    has_library = False
    for section in sections:
        parts.append(f'<section id="{html.escape(section.key)}"><h2>{html.escape(section.heading)}</h2>')
        parts.append(f"<p>{html.escape(section.text)}</p>")
        for place, figure in enumerate(section.figures):
            parts.append(
                figure.to_html(
                    full_html=False,
                    include_plotlyjs=not has_library,
                    div_id=f"{section.key}_{place}",
                    default_height=f"{figure.layout.height}px",
                    config={"displaylogo": False, "responsive": True},
                )
            )
            has_library = True
        parts.append("</section>")
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _summary(study: Study, names: Sequence[str]) -> str:
    """Return the counts of the trials and the best one, or the size of the Pareto front."""
    trials = study.get_trials(deepcopy=False)
    counts = Counter(trial.state for trial in trials)
    parts = [f"{counts[state]} {state.name.lower()}" for state in TrialState if counts[state]]
    lines = [f"{len(trials)} trials: {', '.join(parts)}.".replace(" fail", " failed")]
    if counts[TrialState.COMPLETE]:
        lines.append(_best(study.best_trials, names))
    return "\n".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _best(best: Sequence[FrozenTrial], names: Sequence[str]) -> str:
    if len(names) > 1:
        return f"Objectives: {', '.join(names)}. {len(best)} trials are on the Pareto front."
    value = f"{names[0]} = {best[0].values[0]:.5g} in trial {best[0].number}"
    params = ", ".join(f"{name} = {_plain(number)}" for name, number in sorted(best[0].params.items()))
    return f"Best: {value}" + (f" with {params}." if params else ".")


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _finished(figure: Any, height: int) -> Any:
    """Give a figure the looks of the page; the heading takes the place of its title."""
    figure.update_layout(
        template="plotly_white", title_text="", height=height, width=None, autosize=True,
        margin={"l": 70, "r": 40, "t": 40, "b": 60}, font={"size": 12},
    )  # fmt: skip
    figure.update_xaxes(exponentformat="power")
    figure.update_yaxes(exponentformat="power")
    return figure


def _unquote(axis: Any) -> None:
    """Write the categories of an axis without the quotes of text."""
    if axis.categoryarray is not None:
        labels = list(axis.categoryarray)
        axis.update(tickvals=labels, ticktext=[str(label).strip("'\"") for label in labels])
