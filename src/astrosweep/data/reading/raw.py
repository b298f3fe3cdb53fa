"""What reading a table asks for and what it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from astrosweep.core.errors import DataError

MISSING = (
    *("", "-", "--", "---", "...", "nan", "null", "none", "n/a", "#n/a", "na", "<na>", "masked"),
    *('""', "''"),
)
"""Spellings of a missing value, in lower case and without surrounding blanks."""

CUT_OFF = (
    "the archive cut the result off at its limit of rows (QUERY_STATUS=OVERFLOW), so rows are missing; "
    "ask for more rows, or for parts"
)
"""Note of a table that is not whole."""


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as its file has it.

    Attributes:
        frame: The file's own columns: numbers, true and false, or text; missing values are null. The index
            is named ``line`` or ``row`` and says where in the file each row stands, counted from 1.
        units: Column to the unit that the file states, as the file spells it.
        named: Whether the columns have names of the file or of the reader's caller; else they are called
            ``column_1``, ``column_2`` and so on by their place.
        notes: What a user should know about reading the file.
    """

    frame: pd.DataFrame
    units: Mapping[str, str]
    named: bool = True
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Request:
    """What to read, and how.

    Attributes:
        path: The file, for messages.
        names: Names of the columns of a table without a header; None takes those of the file.
        decimal: ``point``, ``comma``, or ``auto``.
        text: Columns that stay text whatever stands in them, in lower case.
        notes: Takes what a user should know.
    """

    path: Path
    names: Sequence[str] | None = None
    decimal: str = "auto"
    text: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    def note_left_out(self, names: Sequence[str]) -> None:
        """Note the columns that are not read."""
        if names:
            self.notes.append(f"left out the columns that hold no single value a row: {', '.join(names)}")


def check_names(names: Sequence[str], path: Path) -> None:
    """Refuse two columns of one name.

    Raises:
        DataError: A name occurs twice.
    """
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"{path}: several columns are called {', '.join(repeated)}; rename them in the file")


def check_named(raw: RawTable, path: Path) -> None:
    """Refuse a table whose columns have no names.

    Raises:
        DataError: They have none.
    """
    if not raw.named:
        first = [str(raw.frame[name].iloc[0]) for name in raw.frame.columns[:4]]
        raise DataError(
            f"{path}: {raw.frame.index.name} {raw.frame.index[0]} should name the columns but holds numbers: "
            f"{', '.join(first)}; say the names of its {raw.frame.shape[1]} columns with data.names=[...]"
        )
