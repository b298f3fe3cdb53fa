"""A table of numbers whose rows have names, readable in any width."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

_READABLE = 24
"""Letters of a line that a folded name needs."""


class NamedTable:
    """Names on the left and values on the right; values are never cut.

    A name that is too long for its column is folded. Where that leaves less than a readable column, each name
    has a line of its own above its values; where the values do not fit side by side, a row is a paragraph.

    Args:
        title: Heading of the names.
        columns: Headings of the values, on the left for those that are words.
        rows: A name and its values; the name is empty where a row goes on with the one above.
        words: Columns whose values are words.
    """

    def __init__(
        self,
        title: str,
        columns: Sequence[str],
        rows: Iterable[tuple[str, Sequence[str]]],
        words: Sequence[str] = ("status",),
    ) -> None:
        self._title = title
        self._columns = columns
        self._rows = list(rows)
        self._words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose by the width that there is."""
        values = self._table(with_names=False)
        needed = Measurement.get(console, options.update(max_width=10_000), values).maximum
        longest = max((cell_len(name) for name, _ in self._rows), default=0)
        if options.max_width - needed - 1 >= min(longest, _READABLE):
            yield self._table(with_names=True)
        elif options.max_width >= needed:
            yield from self._with_lines_of_names(console, options, values)
        else:
            yield from self._paragraphs(options.max_width)

    def _table(self, *, with_names: bool) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, header_style="bold")
        if with_names:
            table.add_column(self._title, overflow="fold")
        for column in self._columns:
            table.add_column(column, justify="left" if column in self._words else "right", no_wrap=True)
        for name, values in self._rows:
            table.add_row(*([Text(name)] if with_names else []), *values)
        return table

    def _with_lines_of_names(self, console: Console, options: ConsoleOptions, values: Table) -> RenderResult:
        lines = console.render_lines(values, options, pad=False)
        first = len(lines) - len(self._rows)
        for line in lines[:first]:
            yield from (*line, Segment.line())
        for (name, _), line in zip(self._rows, lines[first:], strict=True):
            if name:
                yield Text(name, overflow="fold")
            yield from (*line, Segment.line())

    def _paragraphs(self, width: int) -> RenderResult:
        titles = [column.replace("\n", " ") for column in self._columns]
        for name, values in self._rows:
            if name:
                yield Text(name, style="bold", overflow="fold")
            line = ""
            for title, value in zip(titles, values, strict=True):
                if not value:
                    continue
                longer = f"{line}{'  ' if line else ''}{title} {value}"
                if line and cell_len(longer) > width:
                    yield Text(line)
                    longer = f"{title} {value}"
                line = longer
            yield Text(line)
