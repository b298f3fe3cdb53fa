"""Bring a file's columns under the archive's names and astrosweep's units."""

import difflib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from astropy import units as u
from numpy.typing import NDArray

from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.expression import Expression, parse_expression
from astrosweep.data.reading import convert
from astrosweep.data.reading.read import RawTable
from astrosweep.kinds.stars.presets import Preset, choose_preset
from astrosweep.kinds.stars.schema import COLUMNS, ID, TARGET, ZERO_POINT, is_categorical, unit_of
from astrosweep.kinds.tables.table import StarTable

_log = logging.getLogger(__name__)

ROW_NUMBER = "row_number"
"""The value of ``data.columns.source_id`` that numbers the rows of a table without identifiers."""

_SHORTEST_CASELESS = 3  # "B" may be a magnitude where "b" is a latitude
_ROWS = Expression("row number", parse_expression("0").tree, {})


def map_columns(raw: RawTable, config: StarDataConfig, path: Path) -> StarTable:
    """Bring a table under the archive's names and astrosweep's units and types.

    A column's source is, in this order: ``data.columns``; the table's own column of that name; the preset;
    the table's own column but for upper and lower case. All other columns stay under their own names. Units
    come from ``data.units``, else from the file, else from the preset, else are taken to be astrosweep's.

    Args:
        raw: The table as read.
        config: ``mapping``, ``columns``, ``units`` and ``zero_point`` are used.
            ``columns={source_id: row_number}`` numbers the rows of a table without identifiers, from 1.
        path: The file, for messages.

    Returns:
        The table: identifiers first, then known columns in the order of the schema, then the others.

    Raises:
        DataError: The table has no identifiers, a configured column is absent, text stands where
            numbers should, a unit cannot be converted, or the zero point asked for is absent.
    """
    unknown = sorted(set(config.units) - set(COLUMNS))
    if unknown:
        raise DataError(
            f"data.units: astrosweep knows no unit of {', '.join(unknown)}; it knows {[*COLUMNS]}"
        )
    preset_name, preset = choose_preset(config.mapping, raw.frame.columns, path)
    sources = _sources(list(raw.frame.columns), preset, config, path)
    values, lineage = {}, {}
    known = [name for name in COLUMNS if name in sources]
    for name in [*known, *(name for name in sources if name not in COLUMNS)]:
        values[name] = _column(name, sources[name], raw, config, preset, path)
        lineage[name] = sources[name].columns
    renamed = {source.column for source in sources.values()}
    for name in raw.frame.columns:
        if name not in values and name not in renamed:
            values[name] = convert.to_foreign(raw.frame[name], name, path)
            lineage[name] = frozenset({name})
    frame = pd.DataFrame(values).reset_index(drop=True)
    if config.zero_point == "column":
        _subtract_zero_point(frame, lineage, path)
    return StarTable(frame, lineage, f"{path} (mapping {preset_name})")


def _sources(own: list[str], preset: Preset, config: StarDataConfig, path: Path) -> dict[str, Expression]:
    """Return what each archive column, and each other column of ``data.columns``, is computed from."""
    sources: dict[str, Expression] = {}
    for name, text in config.columns.items():
        numbered = name == ID and text == ROW_NUMBER
        sources[name] = _ROWS if numbered else _configured(name, text, own, path)
    for name in own:
        if name in COLUMNS:
            sources.setdefault(name, Expression.of_column(name))
    for name, texts in preset.columns.items():
        for text in [texts] if isinstance(texts, str) else texts:
            source = _find(text, own)
            if source:
                sources.setdefault(name, source)
    taken = {source.column for source in sources.values()}
    caseless = {name.lower(): name for name in own if name not in taken and len(name) >= _SHORTEST_CASELESS}
    for name in COLUMNS:
        if name in caseless:
            sources.setdefault(name, Expression.of_column(caseless[name]))
    if ID not in sources:
        raise DataError(
            f"{path}: no column of identifiers called {ID}; the table has {', '.join(own)}; say which one it "
            f"is with data.columns={{{ID}: ...}}, where {ROW_NUMBER} numbers the rows"
        )
    return sources


def _find(text: str, own: Sequence[str]) -> Expression | None:
    """Return a column, or an expression, whose columns the table has."""
    source = Expression.of_column(text) if text in own else parse_expression(text)
    return source if source.columns <= set(own) else None


def _configured(name: str, text: str, own: list[str], path: Path) -> Expression:
    """Return the source that ``data.columns`` gives, which must exist."""
    try:
        source = _find(text, own)
    except DataError as error:
        raise DataError(f"data.columns.{name}: {path} has no column {text!r}, and {error}") from None
    if source is None:
        absent = sorted(parse_expression(text).columns - set(own))
        near = [match for column in absent for match in difflib.get_close_matches(column, own)]
        hint = f"near names: {', '.join(near)}" if near else f"it has {', '.join(own)}"
        raise DataError(f"data.columns.{name}={text}: {path} has no column {', '.join(absent)}; {hint}")
    return source


def _column(
    name: str, source: Expression, raw: RawTable, config: StarDataConfig, preset: Preset, path: Path
) -> pd.Series:
    """Return the values of one column of the star table."""
    if source is _ROWS:
        return pd.Series(np.arange(1, len(raw.frame) + 1, dtype=np.int64), index=raw.frame.index)
    if name == ID or is_categorical(name):
        if source.column is None:
            raise DataError(f"{path}: {name} must be one column, not the expression {source.text!r}")
        values = raw.frame[source.column]
        if name == ID:
            return convert.to_identifiers(values, source.column, path)
        return convert.to_categories(values, preset.values.get(name, {}))
    if name not in COLUMNS and source.column is not None:
        return convert.to_foreign(raw.frame[source.column], source.column, path)
    units = {column: raw.units[column] for column in source.columns if column in raw.units}
    stated = config.units.get(name)
    if stated is not None and units:
        _log.warning("%s: %s is taken in %r although the file states %s", path, name, stated, units)
    if stated is None and not units:
        stated = preset.units.get(name)
    inputs = {column: convert.to_numbers(raw.frame[column], column, path) for column in source.columns}
    if name in COLUMNS and stated is None and units:
        numbers = _by_units(name, source, inputs, units, path)
    else:
        unit = unit_of(name) if stated is None else convert.parse_unit(stated, name, path)
        numbers = convert.to_schema_unit(source.evaluate(inputs) * unit, name, path)
    return pd.Series(np.where(np.isfinite(numbers), numbers, np.nan), index=raw.frame.index, dtype=np.float64)


def _by_units(
    name: str,
    source: Expression,
    inputs: dict[str, NDArray[np.float64]],
    units: dict[str, str],
    path: Path,
) -> NDArray[np.float64]:
    """Return a column or an expression in astrosweep's unit, from the units that the file states."""
    if source.column is not None:
        unit = convert.parse_unit(units[source.column], name, path)
        return convert.to_schema_unit(inputs[source.column] * unit, name, path)
    quantities = {
        column: numbers * convert.parse_unit(units.get(column, ""), column, path)
        for column, numbers in inputs.items()
    }
    try:
        result = u.Quantity(source.evaluate(quantities))
    except (u.UnitsError, TypeError) as error:
        raise DataError(
            f"{path}: {name} = {source.text} does not work out in the units that the file states, {units}: "
            f"{error}; say which unit the numbers come to with data.units={{{name}: ...}}"
        ) from None
    return convert.to_schema_unit(result, name, path)


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
