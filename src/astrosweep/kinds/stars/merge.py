"""Stack tables of several classes on the columns that all of them have."""

import logging
from collections.abc import Sequence

import pandas as pd

from astrosweep.kinds.stars import schema
from astrosweep.kinds.tables.table import StarTable

_log = logging.getLogger(__name__)


def merge(tables: Sequence[StarTable]) -> StarTable:
    """Stack tables on their common columns; errors of the target are kept wherever they are known.

    Rows of the same identifier stay for the cleaning to judge.

    Args:
        tables: One or more tables.

    Returns:
        All rows; the lineage of a column joins those of the tables.
    """
    if len(tables) == 1:
        return tables[0]
    common = [str(name) for name in tables[0].frame if _is_alike(str(name), tables)]
    everything = {str(name) for table in tables for name in table.frame}
    if left_out := sorted(everything - {*common, schema.TARGET_ERROR}):
        _log.info(
            "left out, being absent from a table or text in one and numbers in another: %s",
            ", ".join(left_out),
        )
    if schema.TARGET_ERROR in everything and schema.TARGET_ERROR not in common:
        _log.warning("%s is unknown for the stars of some tables", schema.TARGET_ERROR)
        common.append(schema.TARGET_ERROR)
    parts = [table.frame.reindex(columns=common) for table in tables]
    return StarTable(
        frame=pd.concat(parts, ignore_index=True),
        lineage={
            name: frozenset().union(*(table.lineage.get(name, frozenset()) for table in tables))
            for name in common
        },
        origin="; ".join(table.origin for table in tables),
    )


def _is_alike(name: str, tables: Sequence[StarTable]) -> bool:
    """Say whether all tables have a column, as text in each or as numbers in each."""
    if not all(name in table.frame for table in tables):
        return False
    return len({pd.api.types.is_numeric_dtype(table.frame[name].dtype) for table in tables}) == 1
