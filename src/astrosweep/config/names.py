"""Names of columns as configurations have them, and the names that are made of them."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_LONGEST = 60


def _in_brackets(value: Any) -> Any:
    """Return the name that the command line's grammar reads as a list of one, such as ``[Fe/H]``."""
    is_one = isinstance(value, list) and len(value) == 1 and isinstance(value[0], str | int | float)
    return f"[{value[0]}]" if is_one else value


ColumnName = Annotated[str, BeforeValidator(_in_brackets), Field(min_length=1)]
"""A column of a table, or an expression of columns."""


def plain_name(text: str, otherwise: str) -> str:
    """Return a text in letters that names of runs, metrics and files take.

    Args:
        text: For example ``[Fe/H]``, which becomes ``Fe_H``, or ``u - g``, which becomes ``u-g``.
        otherwise: What to return if nothing is left.
    """
    close = re.sub(r"\s*([-+*/])\s*", r"\1", text)
    return re.sub(r"[^\w.+-]+", "_", close)[:_LONGEST].strip("_.-+") or otherwise
