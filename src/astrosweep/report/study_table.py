"""The table of studies."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.table import Table
from rich.text import Text

from astrosweep.report.named_table import NamedTable
from astrosweep.report.table import _duration, _number

_TITLE = "Studies, smallest objective first; metrics of the best trial's validation data"
_METRICS = ("best", "R2", "RMSE", "68%\ncov.")


@dataclass(frozen=True)
class StudyRow:
    """What the table says of one study.

    Attributes:
        name: Name of the study.
        status: ``finished``, ``running``, ``killed`` (stopped from outside) or ``failed``.
        n_trials: Complete and pruned trials that are wanted in total.
        n_complete: Complete trials.
        n_pruned: Trials that the pruner ended.
        n_failed: Failed trials, which do not count towards the total.
        objective_names: One name per objective; all are minimised.
        best_values: Objectives of the best trial; empty where there is none.
        n_pareto: With several objectives, how many trials are on the Pareto front.
        best_trial: Number of the best trial.
        best_run_id: Its run's identifier in the record.
        metrics: Its run's metrics (``val/r2``, ``val/rmse``, ``val/coverage_68``).
        duration_s: Wall time in seconds.
        error: What went wrong, empty if nothing did.
    """

    name: str
    status: Literal["finished", "running", "killed", "failed"]
    n_trials: int
    n_complete: int = 0
    n_pruned: int = 0
    n_failed: int = 0
    objective_names: tuple[str, ...] = ()
    best_values: tuple[float, ...] = ()
    n_pareto: int = 0
    best_trial: int | None = None
    best_run_id: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    duration_s: float = 0.0
    error: str = ""


def studies_table(rows: Sequence[StudyRow]) -> Table:
    """Return the studies by their best value, those of the same objectives together, and their best runs.

    Names and numbers are whole in any width. What is missing or undefined is a dash.

    Args:
        rows: Studies in any order; the first one's objectives come first.

    Returns:
        One column of a heading, the studies, and a line for each best run, Pareto front or reason.
    """
    grid = Table.grid()
    if not rows:
        return grid
    groups = list(dict.fromkeys(row.objective_names for row in rows))
    ordered = sorted(rows, key=lambda row: (groups.index(row.objective_names), _best(row)))
    grid.add_row(Text(_TITLE, style="italic"))
    grid.add_row(_numbers(ordered))
    lines = [line for row in ordered for line in _lines(row)]
    for line in [Text(""), *lines] if lines else []:
        grid.add_row(line)
    return grid


def _numbers(rows: Sequence[StudyRow]) -> NamedTable:
    columns = ("trials", "pruned", "failed", *_METRICS, "best\ntrial", "time", "status")
    return NamedTable("study", columns, [(row.name, _values(row)) for row in rows])


def _values(row: StudyRow) -> tuple[str, ...]:
    return (
        f"{row.n_complete + row.n_pruned}/{row.n_trials}",
        str(row.n_pruned),
        str(row.n_failed),
        _number(row.best_values[0], 4) if len(row.best_values) == 1 else "–",
        _number(row.metrics.get("val/r2"), 3),
        _number(row.metrics.get("val/rmse"), 4),
        _number(row.metrics.get("val/coverage_68"), 2),
        "–" if row.best_trial is None else str(row.best_trial),
        _duration(row.duration_s),
        row.status,
    )


def _lines(row: StudyRow) -> list[Text]:
    """Return what is said of a study below the table."""
    objectives = " and ".join(row.objective_names)
    lines = []
    if row.n_pareto:
        trials = "trial is" if row.n_pareto == 1 else "trials are"
        lines.append(f"{row.name}: {row.n_pareto} {trials} on the Pareto front of {objectives}")
    if row.best_run_id:
        lines.append(f"{row.name}: smallest {objectives} in run {row.best_run_id}")
    texts = [Text(line, overflow="fold") for line in lines]
    if row.error:
        reason = " ".join(row.error.split())
        texts.append(Text(f"{row.name}: {reason}", no_wrap=True, overflow="ellipsis"))
    return texts


def _best(row: StudyRow) -> float:
    """Return what a study is sorted by; infinity, and so the end, where it has no value."""
    value = row.best_values[0] if row.best_values else math.nan
    return math.inf if math.isnan(value) else value
