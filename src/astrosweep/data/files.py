"""``data.source=table``: one file, or several merged, as a star table."""

import logging
from pathlib import Path

import pandas as pd

from astrosweep.config.data import StarDataConfig
from astrosweep.data.derive import derive
from astrosweep.data.mapping import ROW_NUMBER, map_columns
from astrosweep.data.read import read_table
from astrosweep.data.schema import ID
from astrosweep.data.table import StarTable

_log = logging.getLogger(__name__)


def load_file(config: StarDataConfig) -> StarTable:
    """Read, map and complete the table or the tables of ``data.path``.

    Several files are mapped and completed one by one and joined below each other on the columns that all of
    them have, of the same kind; rows of the same identifier stay for the cleaning to judge.

    Args:
        config: ``path``, ``format``, ``mapping``, ``columns``, ``units`` and ``zero_point`` are used.

    Returns:
        The stars with derived columns; the lineage of a column joins those of the files.

    Raises:
        DataError: A file cannot be read or mapped.
    """
    assert config.path, "the configuration asks for a path with source=table"
    paths = [config.path] if isinstance(config.path, str) else config.path
    tables = [_load(Path(path).expanduser(), config) for path in paths]
    if len(tables) == 1:
        return tables[0]
    common = [name for name in tables[0].frame.columns if _is_alike(name, tables)]
    left_out = sorted({name for table in tables for name in table.frame.columns} - set(common))
    if left_out:
        _log.info(
            "left out, being absent from a file or text in one and numbers in another: %s",
            ", ".join(left_out),
        )
    frame = pd.concat([table.frame[common] for table in tables], ignore_index=True)
    if config.columns.get(ID) == ROW_NUMBER:
        frame[ID] = range(1, len(frame) + 1)
    lineage = {name: frozenset().union(*(table.lineage[name] for table in tables)) for name in common}
    return StarTable(frame, lineage, "; ".join(table.origin for table in tables))


def _load(path: Path, config: StarDataConfig) -> StarTable:
    return derive(map_columns(read_table(path, config.format), config, path))


def _is_alike(name: str, tables: list[StarTable]) -> bool:
    """Say whether all tables have a column, as text in each or as numbers in each."""
    if not all(name in table.frame for table in tables):
        return False
    return len({pd.api.types.is_numeric_dtype(table.frame[name].dtype) for table in tables}) == 1
