"""Bring a file's columns under the archive's names and astrosweep's units."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.plausible import without_fillers
from astrosweep.data.reading import RawTable, check_named, convert
from astrosweep.kinds.stars.column_sources import ROWS, find_sources
from astrosweep.kinds.stars.column_units import Units
from astrosweep.kinds.stars.identifiers import without_prefix
from astrosweep.kinds.stars.schema import (
    COLUMNS,
    ID,
    TARGET,
    TARGET_ERROR,
    TRUE_DISTANCE,
    ZERO_POINT,
    is_categorical,
)
from astrosweep.kinds.tables.identifiers import identifiers_among
from astrosweep.kinds.tables.table import SourceTable

_log = logging.getLogger(__name__)

OF_THE_TRUTH = (TARGET, TARGET_ERROR, ZERO_POINT, TRUE_DISTANCE)
"""Columns that predictions do not need."""


def map_columns(
    raw: RawTable, config: StarDataConfig, path: Path, *, unlabelled: bool = False
) -> SourceTable:
    """Bring a table under the archive's names and astrosweep's units and types.

    ``find_sources`` says where columns come from, ``Units`` in which units they are taken. All other columns
    stay under their own names. Numbers that stand for nothing are missing before anything is computed.

    Args:
        raw: The table as read.
        config: ``mapping``, ``columns``, ``units``, ``missing_values`` and ``zero_point`` are used.
            ``columns={source_id: row_number}`` numbers the rows of a table without identifiers, from 1.
        path: The file, for messages.
        unlabelled: Whether the stars are to be predicted: rows without identifiers are numbered, and columns
            of the truth that cannot be used are left out.

    Returns:
        The table: identifiers first, then known columns in the order of the schema, then the others. Rows
        whose identifier is missing stay: theirs is ``convert.NO_IDENTIFIER`` less the row's place from 1.

    Raises:
        DataError: The columns have no names, the table has no identifiers, a configured column is absent,
            text stands where numbers should, a unit cannot be converted, or the zero point asked for is
            absent.
    """
    unknown = sorted(set(config.units) - set(COLUMNS))
    if unknown:
        raise DataError(
            f"data.units: astrosweep knows no unit of {', '.join(unknown)}; it knows {[*COLUMNS]}"
        )
    check_named(raw, path)
    preset_name, preset, sources = find_sources(raw.frame, config, path, numbered=unlabelled)
    identifiers = identifiers_among(map(str, raw.frame.columns), [sources[ID].column])
    frame, fillers = without_fillers(raw.frame, config.missing_values, identifiers)
    raw = replace(raw, frame=frame)
    units = Units(raw, sources, config, preset, path)
    values, lineage = {}, {}
    known = [name for name in COLUMNS if name in sources]
    for name in [*known, *(name for name in sources if name not in COLUMNS)]:
        try:
            values[name] = _column(name, units)
        except DataError as error:
            if not (unlabelled and name in OF_THE_TRUTH):
                raise
            _log.info("%s; the column is not used", error)
            continue
        lineage[name] = sources[name].columns
    renamed = {source.column for source in sources.values()}
    for name in raw.frame.columns:
        if name not in values and name not in renamed:
            values[name] = convert.to_foreign(raw.frame[name], name, path)
            lineage[name] = frozenset({name})
    frame = pd.DataFrame(values).reset_index(drop=True)
    if config.zero_point == "column":
        _subtract_zero_point(frame, lineage, path)
    return SourceTable(frame, lineage, f"{path} (mapping {preset_name})", impossible=fillers)


def _column(name: str, units: Units) -> pd.Series:
    """Return the values of one column of the star table."""
    frame, source = units.raw.frame, units.sources[name]
    if source is ROWS:
        return pd.Series(np.arange(1, len(frame) + 1, dtype=np.int64), index=frame.index)
    if name == ID or is_categorical(name):
        if source.column is None:
            raise DataError(f"{units.path}: {name} must be one column, not the expression {source.text!r}")
        values = frame[source.column]
        if name == ID:
            ids, _ = convert.to_identifiers(without_prefix(values), source.column, units.path)
            return pd.Series(ids, index=frame.index)
        return convert.to_categories(values, units.preset.values.get(name, {}))
    if name not in COLUMNS and source.column is not None:
        return convert.to_foreign(frame[source.column], source.column, units.path)
    numbers = units.convert(name)
    return pd.Series(np.where(np.isfinite(numbers), numbers, np.nan), index=frame.index, dtype=np.float64)


def _subtract_zero_point(frame: pd.DataFrame, lineage: dict[str, frozenset[str]], path: Path) -> None:
    """Correct the parallax, in place; where no zero point is known it counts as none."""
    if ZERO_POINT not in frame:
        raise DataError(
            f"{path}: data.zero_point=column needs the column {ZERO_POINT}; say which one it is with "
            f"data.columns={{{ZERO_POINT}: ...}}, or use data.zero_point=none"
        )
    if TARGET in frame:
        offset = frame[ZERO_POINT]
        n_unknown = int(offset.isna().sum())
        _log.info("%s: zero point subtracted; unknown for %d of %d rows", path, n_unknown, len(frame))
        frame[TARGET] = frame[TARGET] - offset.fillna(0.0)
        lineage[TARGET] |= lineage[ZERO_POINT]
