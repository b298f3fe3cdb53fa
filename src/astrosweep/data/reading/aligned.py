"""Lines whose columns stand at fixed places, brought to tabs between the cells."""

import re
from collections.abc import Sequence

from astrosweep.data.reading.rows import Line

_RULE = re.compile(r"\s*[-=]+(\s+[-=]+)+\s*")
_GROUP = re.compile(r"[-=]+")


def by_rule(body: Sequence[Line]) -> list[Line] | None:
    """Cut lines where a rule such as ``----- ---`` below the names, or around them, says.

    Args:
        body: Lines without comments.

    Returns:
        The lines, rule below the names included; None where no rule is among the first lines or characters
        stand between the columns.
    """
    rules = [place for place, (_, line) in enumerate(body[:3]) if _RULE.fullmatch(line)]
    if not rules:
        return None
    rule = body[rules[-1]][1].expandtabs()
    lines = list(body[1:]) if rules[0] == 0 else list(body)
    if lines and lines[-1][1].strip() == rule.strip() and len(rules) > 1:
        lines = lines[:-1]
    spans = [match.span() for match in _GROUP.finditer(rule)]
    return _cut(lines, [(start, end) for start, end in spans[:-1]] + [(spans[-1][0], None)])


def by_blanks(body: Sequence[Line]) -> list[Line]:
    """Cut lines where all of them have blanks."""
    lines = [line.expandtabs() for _, line in body]
    filled = {place for line in lines for place, letter in enumerate(line) if letter != " "}
    starts = sorted(place for place in filled if place - 1 not in filled)
    ends = sorted(place + 1 for place in filled if place + 1 not in filled)
    return _cut(body, list(zip(starts, ends, strict=True))) or list(body)


def _cut(lines: Sequence[Line], spans: Sequence[tuple[int, int | None]]) -> list[Line] | None:
    cut = []
    for number, tabbed in lines:
        line = tabbed.expandtabs()
        between = zip([0, *(end or 0 for _, end in spans)], [start for start, _ in spans], strict=False)
        if any(line[end:start].strip() for end, start in between):
            return None
        cut.append((number, "\t".join(line[start:end].strip() for start, end in spans)))
    return cut
