"""``data.source=table``: one file, or several merged, as a star table."""

from dataclasses import replace
from pathlib import Path

from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.data.plausible import without_fillers
from astrosweep.data.reading.read import read_table
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.stars.mapping import ROW_NUMBER, map_columns
from astrosweep.kinds.stars.scale import check_scale
from astrosweep.kinds.stars.schema import ID, TARGET_ERROR, range_of
from astrosweep.kinds.tables.impossible import out_of_range
from astrosweep.kinds.tables.merge import merge
from astrosweep.kinds.tables.table import StarTable


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
    merged = merge(tables, TARGET_ERROR)
    if len(tables) > 1 and config.columns.get(ID) == ROW_NUMBER:
        merged.frame[ID] = range(1, len(merged.frame) + 1)
    return merged


def _load(path: Path, config: StarDataConfig) -> StarTable:
    raw = read_table(path, config.format)
    frame, fillers = without_fillers(raw.frame, config.missing_values)
    table = map_columns(replace(raw, frame=frame), config, path)
    check_scale(table)
    return derive(out_of_range(replace(table, impossible=fillers), range_of))
