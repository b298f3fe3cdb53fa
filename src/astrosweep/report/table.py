"""The table of many runs."""

import math
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from astrosweep.core.types import RunRecord
from astrosweep.report.named_table import NamedTable

_TITLE = "Metrics of validation stars, smallest RMSE first; test stars stay sealed"
_PROFILE_TITLE = (
    "Relative errors of validation clusters, 0.03 to 1 R500, smallest RMSE (normalised units) first; "
    "test clusters stay sealed"
)
_PROFILE_COLUMNS = (
    "median_relative_error",
    "p90_relative_error",
    "relative_bias",
    "coverage_68",
    "rmse_values",
)
_PROFILE = "/median_relative_error"


def results_table(records: Sequence[RunRecord]) -> Table:
    """Return the finished runs by validation RMSE, then those that failed or were killed, with their reason.

    Names and numbers are whole in any width; a reason is cut to one line, since its full text is in the log.
    A metric that is missing or undefined is a dash.

    Args:
        records: Runs in any order, with their metrics of the validation stars (``val/...``, mas).

    Returns:
        One column of a heading, the finished runs and the others, as far as there are any.
    """
    finished = [record for record in records if record.status == "finished"]
    of_clusters = [record for record in finished if _targets_of(record)]
    finished = [record for record in finished if not _targets_of(record)]
    stopped = [record for status in ("failed", "killed") for record in records if record.status == status]
    table = Table.grid()
    if finished:
        table.add_row(Text(_TITLE, style="italic"))
        table.add_row(_finished_table(finished))
    if of_clusters:
        table.add_row(Text(_PROFILE_TITLE, style="italic"))
        table.add_row(_clusters_table(of_clusters))
    if (finished or of_clusters) and stopped:
        table.add_row("")
    if stopped:
        table.add_row(Text("Not finished (the log has the full reason)", style="italic"))
        table.add_row(_stopped_table(stopped))
    return table


def _finished_table(records: Sequence[RunRecord]) -> NamedTable:
    columns = ("R2", "RMSE\n(mas)", "MAE\n(mas)", "68%\ncov.", "chi2", "best\nepoch", "time", "status")
    rows = []
    for record in sorted(records, key=_rmse):
        metrics = record.metrics
        values = (
            _number(metrics.get("val/r2"), 3),
            _number(metrics.get("val/rmse"), 4),
            _number(metrics.get("val/mae"), 4),
            _number(metrics.get("val/coverage_68"), 2),
            _number(metrics.get("val/reduced_chi2"), 2),
            _epoch(metrics.get("fit/best_epoch")),
            _duration(record.duration_s),
            record.status,
        )
        rows.append((record.name, values))
    return NamedTable("run", columns, rows)


def _clusters_table(records: Sequence[RunRecord]) -> NamedTable:
    columns = (
        *("target", "median\n(%)", "90 %\n(%)", "bias\n(%)", "68%\ncov.", "RMSE"),
        *("best\nepoch", "time"),
    )
    rows = []
    for record in sorted(records, key=_rmse):
        metrics = record.metrics
        for i, target in enumerate(_targets_of(record)):
            of_target = {key: metrics.get(f"val/{target}/{key}", math.nan) for key in _PROFILE_COLUMNS}
            median, p90, bias, coverage, rmse = (of_target[key] for key in _PROFILE_COLUMNS)
            values = (
                target,
                _number(100.0 * median, 2),
                _number(100.0 * p90, 2),
                _number(100.0 * bias, 2),
                _number(coverage, 2),
                _number(rmse, 4),
                _epoch(metrics.get("fit/best_epoch")) if i == 0 else "",
                _duration(record.duration_s) if i == 0 else "",
            )
            rows.append((record.name if i == 0 else "", values))
    return NamedTable("run", columns, rows, words=("target",))


def _targets_of(record: RunRecord) -> list[str]:
    """Targets of a run on clusters, none for a run on stars."""
    names = [name for name in record.metrics if name.startswith("val/") and name.endswith(_PROFILE)]
    return [name.removeprefix("val/").removesuffix(_PROFILE) for name in names]


def _stopped_table(records: Sequence[RunRecord]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, header_style="bold")
    table.add_column("run", overflow="fold", max_width=40)
    table.add_column("status", no_wrap=True)
    table.add_column("reason")
    for record in records:
        # The cell and not the column is kept from wrapping: a column that may wrap gives way to the others.
        reason = Text(" ".join(record.error.split()) or "unknown", no_wrap=True, overflow="ellipsis")
        table.add_row(Text(record.name), record.status, reason)
    return table


def _rmse(record: RunRecord) -> float:
    rmse = record.metrics.get("val/rmse", math.nan)
    return math.inf if math.isnan(rmse) else rmse


def _number(value: float | None, decimals: int) -> str:
    """Return a metric with so many decimals, from 10 upwards with fewer, which takes no more room."""
    if value is None or math.isnan(value):
        return "–"
    if abs(value) >= 1e6:
        return f"{value:.1e}"
    n_whole = len(str(int(round(abs(value), decimals))))
    return f"{value:z.{max(decimals + 1 - n_whole, 0)}f}"


def _epoch(value: float | None) -> str:
    """Return the best epoch, counted from 1; the mean of folds has a decimal."""
    return "–" if value is None or math.isnan(value) else f"{round(value, 1):g}"


def _duration(seconds: float) -> str:
    """Return minutes and seconds as 1:23, from an hour upwards hours and minutes as 1h23."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}"
