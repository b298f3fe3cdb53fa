"""Columns whose numbers tell objects apart and measure nothing."""

import re
from collections.abc import Iterable

_IDENTIFIER = re.compile(
    r"(^|_|obj|source|star|spec|object)_?(id|ids|name|number)$|^recno$|^designation$", re.IGNORECASE
)


def looks_like_identifier(column: str) -> bool:
    """Whether a column is called like one of identifiers."""
    return _IDENTIFIER.search(column) is not None


def identifiers_among(columns: Iterable[str], named: Iterable[str | None]) -> set[str]:
    """Return the columns that are called like identifiers, and those that are named as such."""
    return {name for name in columns if looks_like_identifier(name)} | {name for name in named if name}
