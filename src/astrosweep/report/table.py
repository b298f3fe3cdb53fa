"""The table of many runs."""

import math
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from astrosweep.config.kinds import Column, Headline, headline_of
from astrosweep.core.types import RunRecord

_COMMON = ("best\nepoch", "time")


def results_table(records: Sequence[RunRecord]) -> Table:
    """Return the finished runs by validation RMSE, then those that failed or were killed, with their reason.

    Only names are folded where the terminal is narrow; numbers stay whole and a reason is cut to one line,
    since its full text is in the log. A metric that is missing or undefined is a dash.

    Args:
        records: Runs in any order, with their metrics of the validation objects (``val/...``) and the
            tags that ``recording.tags_of`` gives.

    Returns:
        One column of headings, the finished runs of each kind of data and the others, as far as there are
        any.
    """
    finished: dict[tuple[Headline, str], list[RunRecord]] = {}
    for record in records:
        if record.status == "finished":
            key = headline_of(record.tags["class"]), record.tags.get("scale", "")
            finished.setdefault(key, []).append(record)
    stopped = [record for status in ("failed", "killed") for record in records if record.status == status]
    table = Table.grid()
    for (headline, scale), of_kind in finished.items():
        table.add_row(Text(headline.title.format(scale=scale), style="italic"))
        table.add_row(_finished_table(headline, of_kind))
    if finished and stopped:
        table.add_row("")
    if stopped:
        table.add_row(Text("Not finished (the log has the full reason)", style="italic"))
        table.add_row(_stopped_table(stopped))
    return table


def _finished_table(headline: Headline, records: Sequence[RunRecord]) -> Table:
    table = _new_table()
    if headline.by_target:
        table.add_column("target", no_wrap=True)
    unit = records[0].tags.get("unit", "")
    for header in (*(column.header.format(unit=unit) for column in headline.columns), *_COMMON):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for record in sorted(records, key=_rmse):
        targets = record.tags["target"].split(", ") if headline.by_target else [""]
        for i, target in enumerate(targets):
            values = [_shown(record, column, target) for column in headline.columns]
            of_run = [
                _epoch(record.metrics.get("fit/best_epoch")),
                _duration(record.duration_s),
                record.status,
            ]
            table.add_row(
                Text(record.name if i == 0 else ""),
                *([target] if headline.by_target else []),
                *values,
                *(of_run if i == 0 else ["", "", ""]),
            )
    return table


def _shown(record: RunRecord, column: Column, target: str) -> str:
    value = record.metrics.get(f"val/{column.metric.format(target=target)}", math.nan)
    return _number(column.scale * value, column.decimals)


def _stopped_table(records: Sequence[RunRecord]) -> Table:
    table = _new_table()
    table.columns[0].max_width = 40
    table.add_column("status", no_wrap=True)
    table.add_column("reason")
    for record in records:
        # The cell and not the column is kept from wrapping: a column that may wrap gives way to the others.
        reason = Text(" ".join(record.error.split()) or "unknown", no_wrap=True, overflow="ellipsis")
        table.add_row(Text(record.name), record.status, reason)
    return table


def _new_table() -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, header_style="bold")
    table.add_column("run", overflow="fold")
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
