"""``data.source=table``: one file, or several merged, as a star table."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.data.reading import read_table
from astrosweep.data.reading.convert import NO_IDENTIFIER
from astrosweep.kinds.stars.column_sources import ROW_NUMBER
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.stars.mapping import map_columns
from astrosweep.kinds.stars.scale import check_scale
from astrosweep.kinds.stars.schema import ID, TARGET_ERROR, range_of
from astrosweep.kinds.tables.impossible import out_of_range
from astrosweep.kinds.tables.merge import merge
from astrosweep.kinds.tables.table import SourceTable


def load_file(config: StarDataConfig) -> SourceTable:
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
    merged = merge(tables, TARGET_ERROR)
    if len(tables) > 1:
        _number_anew(merged.frame, config)
    return merged


def _number_anew(frame: pd.DataFrame, config: StarDataConfig) -> None:
    """Give rows without identifiers of their own, in place, numbers that no other file's rows have."""
    places = np.arange(1, len(frame) + 1, dtype=np.int64)
    if config.columns.get(ID) == ROW_NUMBER:
        frame[ID] = places
    else:
        frame[ID] = np.where(frame[ID] <= NO_IDENTIFIER, NO_IDENTIFIER - places, frame[ID])


def _load(path: Path, config: StarDataConfig) -> SourceTable:
    raw = read_table(path, config.format, names=config.names, decimal=config.decimal)
    table = map_columns(raw, config, path)
    check_scale(table)
    notes = dict.fromkeys(raw.notes, str(path))
    return derive(out_of_range(replace(table, notes=notes), range_of))
