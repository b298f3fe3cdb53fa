"""Stack tables of several classes on the columns that all of them have."""

import logging
from collections.abc import Sequence

import pandas as pd

from astrosweep.kinds.tables.table import SourceTable

_log = logging.getLogger(__name__)


def merge(tables: Sequence[SourceTable], error: str) -> SourceTable:
    """Stack tables on their common columns; errors of the target are kept wherever they are known.

    Rows of the same identifier stay for the cleaning to judge.

    Args:
        tables: One or more tables.
        error: Column of the target's errors.

    Returns:
        All rows; the lineage of a column joins those of the tables.
    """
    if len(tables) == 1:
        return tables[0]
    common = [str(name) for name in tables[0].frame if _is_alike(str(name), tables)]
    everything = {str(name) for table in tables for name in table.frame}
    if left_out := sorted(everything - {*common, error}):
        _log.info(
            "left out, being absent from a table or text in one and numbers in another: %s",
            ", ".join(left_out),
        )
    if error in everything and error not in common:
        _log.warning("%s is unknown for the objects of some tables", error)
        common.append(error)
    parts = [table.frame.reindex(columns=common) for table in tables]
    return SourceTable(
        frame=pd.concat(parts, ignore_index=True),
        lineage={
            name: frozenset().union(*(table.lineage.get(name, frozenset()) for table in tables))
            for name in common
        },
        origin="; ".join(table.origin for table in tables),
        notes=_joined(tables),
        impossible=_added(tables),
    )


def _joined(tables: Sequence[SourceTable]) -> dict[str, str]:
    """Notes of all tables, each with all of its places."""
    joined: dict[str, list[str]] = {}
    for table in tables:
        for note, where in table.notes.items():
            joined.setdefault(note, []).append(where)
    return {note: "; ".join(dict.fromkeys(where)) for note, where in joined.items()}


def _added(tables: Sequence[SourceTable]) -> dict[str, dict[str, int]]:
    """Numbers that cannot be, of all tables together."""
    added: dict[str, dict[str, int]] = {}
    for table in tables:
        for name, counts in table.impossible.items():
            of_column = added.setdefault(name, {})
            for value, count in counts.items():
                of_column[value] = of_column.get(value, 0) + count
    return added


def _is_alike(name: str, tables: Sequence[SourceTable]) -> bool:
    """Say whether all tables have a column, as text in each or as numbers in each."""
    if not all(name in table.frame for table in tables):
        return False
    return len({pd.api.types.is_numeric_dtype(table.frame[name].dtype) for table in tables}) == 1
