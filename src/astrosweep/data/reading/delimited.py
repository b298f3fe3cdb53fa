"""Text tables: which lines are rows, what stands between the columns, and where names and units are."""

import re
from collections.abc import Sequence

from astrosweep.core.errors import DataError
from astrosweep.data.reading import aligned
from astrosweep.data.reading.raw import RawTable, Request, check_names
from astrosweep.data.reading.rows import Line, cells_of, parse
from astrosweep.data.reading.typed import NUMBER
from astrosweep.data.reading.units import known_unit

_MARKS = ("\t", "|", ";", ",")
_SAMPLED = 20
_COMMENTS = ("#", "%", "!")
_RULE = re.compile(r"[\s|+:=-]*(--|==)[\s|+:=-]*")
_DASHES = re.compile(r":?[-=]+:?")
_SPREADSHEET = re.compile(r'"?sep=.?"?', re.IGNORECASE)  # a first line that tells spreadsheets the mark
_INLINE = re.compile(r"\s#.*")
_BRACKETS = re.compile(r"[\[(](.+)[\])]")


def read_delimited(text: str, request: Request, fixed_width: bool = False) -> RawTable:
    """Read a text table with a mark, or blanks, between the columns.

    Lines that begin with ``#`` are comments; those that begin with ``%`` or ``!`` are if the file begins with
    such a line or a blank follows. Names come from the first line if none of its cells is a number, else from
    the last comment above the rows if it has as many words as there are columns. A row of units below the
    names, and rules of dashes, are no data.

    Args:
        text: The content.
        request: Path, names, decimal mark and text columns.
        fixed_width: Columns are where all lines have characters, not what blanks separate.

    Returns:
        The table, indexed by the line number of each row, whole numbers exact.

    Raises:
        DataError: There are no rows, a row has too many or too few values, a quoted value runs over several
            lines, two columns share a name, or names are given for a table that has its own.
    """
    path = request.path
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    comments, body = _without_comments(lines)
    if body and _SPREADSHEET.fullmatch(body[0][1].strip()):
        body = body[1:]
    if not body:
        raise DataError(f"{path}: the file is empty: it has no line besides blanks and comments")
    if text and not text.endswith("\n"):
        request.notes.append("the last line has no end; if the file was cut short, its last value is wrong")
    if fixed_width:
        mark, body = "\t", aligned.by_blanks(body)
    else:
        mark = _mark([line for _, line in body[:_SAMPLED]])
        if mark == "|":
            body = _unframed(body)
        elif mark == " " and (ruled := aligned.by_rule(body)):
            mark, body = "\t", ruled
        elif mark == " ":
            body = [(number, line if '"' in line else _INLINE.sub("", line)) for number, line in body]
    names, units, body = _header(body, comments, mark, request)
    named = names is not None
    width = len(cells_of(body[0][1], mark)) if body else 0
    names = names or [f"column_{place}" for place in range(1, width + 1)]
    below, body = _units(body, len(names), mark)
    if not body:
        raise DataError(f"{path}: the file has a header ({', '.join(names[:8])}) but no rows")
    frame = parse(body, names, mark, named, request)
    stated = zip(names, units or below or [""] * len(names), strict=True)
    return RawTable(frame, {name: unit for name, unit in stated if _DASHES.sub("", unit)}, named)


def _without_comments(lines: Sequence[Line]) -> tuple[list[str], list[Line]]:
    """Return the comments above the rows, without their marks, and all lines that are no comments."""
    comments: list[str] = []
    body: list[Line] = []
    leading = next((line.lstrip(" ")[0] for _, line in lines if not line.lstrip(" ").startswith("#")), "")
    for number, line in lines:
        start = line.lstrip(" ")[:2]
        if start[0] == "#" or (start[0] in _COMMENTS and (start[0] == leading or start[1:] in " \t%!")):
            if not body:
                comments.append(line.lstrip("#%! "))
        else:
            body.append((number, line))
    return comments, body


def _mark(lines: Sequence[str]) -> str:
    """Return what stands between the columns of some lines, a blank for blanks of any kind.

    It is the mark that gives most lines as many cells as the first, and among those the one whose cells are
    numbers most often.
    """
    lines = [line for line in lines if not _RULE.fullmatch(line)] or list(lines)
    best, best_score = " ", (0.0, 0.0)
    for mark in _MARKS:
        rows = [cells_of(line, mark) for line in lines]
        alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        if len(rows[0]) == 1 or alike < 0.5:
            continue
        if mark == "\t" and (alike < 1 or not all(map(any, zip(*rows, strict=True)))) and _words_fit(lines):
            continue  # tabs that are there for the looks
        cells = [cell for row in rows for cell in row]
        score = (float(alike == 1), sum(bool(NUMBER.fullmatch(cell)) for cell in cells) / len(cells))
        if score > best_score or best == " ":
            best, best_score = mark, score
    return " " if best == "," and _decimal_commas(lines) else best


def _words_fit(lines: Sequence[str]) -> bool:
    counts = {len(cells_of(line, " ")) for line in lines}
    return len(counts) == 1 and counts != {1}


def _decimal_commas(lines: Sequence[str]) -> bool:
    """Say whether blanks separate numbers that all have decimal commas, as in ``1,5 2,5``."""
    rows = [line.split() for line in lines]
    return all(len(row) > 1 and all("," in cell and NUMBER.fullmatch(cell) for cell in row) for row in rows)


def _unframed(body: Sequence[Line]) -> list[Line]:
    """Return lines without rules, and without the bars at both ends that some tables have."""
    body = [(number, line.strip()) for number, line in body if not _RULE.fullmatch(line)]
    framed = all(line.startswith("|") and line.endswith("|") and len(line) > 1 for _, line in body)
    return [(number, line[1:-1]) for number, line in body] if framed else body


def _header(
    body: list[Line], comments: Sequence[str], mark: str, request: Request
) -> tuple[list[str] | None, list[str] | None, list[Line]]:
    """Return the names, units of comments, and the lines below the names."""
    first = cells_of(body[0][1], mark) if body else []
    headed = not any(NUMBER.fullmatch(cell) for cell in first)
    names, units = (first, None) if headed else _commented(comments, len(first), mark)
    if request.names is not None:
        if headed and first != [*request.names]:
            raise DataError(
                f"{request.path}: line {body[0][0]} names the columns already: {', '.join(first[:8])}; "
                "names can be given for tables without a header only"
            )
        if len(request.names) != len(first):
            raise DataError(
                f"{request.path}: {len(request.names)} names are given, {', '.join(request.names[:8])}, but "
                f"line {body[0][0]} has {len(first)} values; allowed: one name for each column"
            )
        names = [*request.names]
    if names is not None:
        names = [name.rstrip(",") for name in names] if mark == " " else names
        names = [name or f"column_{place}" for place, name in enumerate(names, start=1)]
        check_names(names, request.path)
    return names, units, body[1:] if headed else body


def _commented(comments: Sequence[str], width: int, mark: str) -> tuple[list[str] | None, list[str] | None]:
    """Return the names, and the units below them, that the last comments have for so many columns."""
    fitting = []
    for comment in comments[-2:]:
        splits = [[word.rstrip(",") for word in cells_of(comment, " ")]]
        if mark != " " and mark in comment:
            splits.insert(0, cells_of(comment, mark))
        elif "," in comment:
            splits.append(cells_of(comment, ","))
        fitting.append(next((cells for cells in splits if len(cells) == width), None))
    if not fitting or fitting == [None, None]:
        return None, None
    *above, last = fitting
    if last is None or (above and above[0] and _are_units(last)):
        names, units = above[0] if above else None, last
    else:
        names, units = last, None
    if names is None or any(NUMBER.fullmatch(name) for name in names) or len(set(names)) < width:
        return None, None
    return names, units and [_bare(unit) for unit in units]


def _units(body: list[Line], width: int, mark: str) -> tuple[list[str] | None, list[Line]]:
    """Take off rules of dashes and a row of units, if the rows begin with them."""
    for place, (_, line) in enumerate(body[:2]):
        cells = cells_of(line, mark)
        if len(cells) == width and all(_DASHES.fullmatch(cell) for cell in cells):
            units = cells_of(body[0][1], mark) if place else []
            return ([_bare(unit) for unit in units] if len(units) == width else None), body[place + 1 :]
    if len(body) > 1:
        units, below = (cells_of(line, mark) for _, line in body[:2])
        if len(units) == len(below) == width and _are_units(units) and any(map(_is_unit_of, units, below)):
            return [_bare(unit) for unit in units], body[1:]
    return None, body


def _is_unit_of(unit: str, cell: str) -> bool:
    """Say whether a number stands below a unit."""
    return bool(_DASHES.sub("", unit) and NUMBER.fullmatch(cell) and any(map(str.isdigit, cell)))


def _are_units(cells: Sequence[str]) -> bool:
    """Say whether cells are units, or empty, and at least one is a unit."""
    bare = [_bare(cell) for cell in cells if _DASHES.sub("", cell)]
    return bool(bare) and all(not NUMBER.fullmatch(cell) and known_unit(cell) is not None for cell in bare)


def _bare(unit: str) -> str:
    bracketed = _BRACKETS.fullmatch(unit.strip())
    return bracketed[1] if bracketed else unit.strip()
