"""The order of groups of objects, whose names are all that a report has of them."""

import math
import re


def in_order(name: str) -> tuple[int, str, float, str]:
    """A key to sort names by: groups of one quantity by their number, unknown ones last.

    ``below 2`` comes before ``2 to 3`` and that before ``from 3``; ``a at 0.1`` before
    ``a at 1``.
    """
    if name == "unknown":
        return 1, "", 0.0, name
    found = re.search(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", name)
    if found is None:
        return 0, name, 0.0, name
    value, before = float(found[0]), name[: found.start()]
    if before in ("below ", "from "):
        return 0, "", -math.inf if before == "below " else math.inf, name
    return 0, before, value, name


def block_of(name: str) -> str:
    """What a name says before its number; groups with the same lie side by side."""
    return re.split(r"-?\d", name, maxsplit=1)[0]
