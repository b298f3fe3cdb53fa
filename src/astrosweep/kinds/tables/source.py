"""``data=table``: a user's own table, its target and its features."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.tables import TableDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.identifiers import id_of
from astrosweep.data.plausible import without_fillers
from astrosweep.data.reading import RawTable, check_named, read_table
from astrosweep.data.reading.convert import NO_IDENTIFIER
from astrosweep.kinds.tables.columns import columns_of, identifiers_of, table_of
from astrosweep.kinds.tables.features import Features, choose_features
from astrosweep.kinds.tables.identifiers import identifiers_among, looks_like_identifier
from astrosweep.kinds.tables.leakage import Guard
from astrosweep.kinds.tables.merge import merge
from astrosweep.kinds.tables.spelling import as_configured
from astrosweep.kinds.tables.table import Roles, SourceTable
from astrosweep.kinds.tables.units import common_units, in_unit_of_target

_log = logging.getLogger(__name__)

ROW_NUMBER = "row_number"
"""Column of identifiers of a table that has none."""
_SHORTEST_NAME = 3
"""Shorter names of targets stand in too many other names to give a feature away."""
_NO_FEATURES = "no features, unless data.features names them"
_OF_PREDICTIONS = ("part", "fold")
"""Columns that every table of predictions has besides those of the table."""


@dataclass(frozen=True)
class Source:
    """A table and which of its columns is what.

    Attributes:
        table: The objects as read.
        features: The columns that are features.
        guard: Which columns are identifier, target and error, and what gives a feature away.
    """

    table: SourceTable
    features: Features
    guard: Guard


def read_source(data: TableDataConfig) -> Source:
    """Read the table or the tables of a configuration.

    Args:
        data: Files, columns, target and features.

    Raises:
        DataError: A file cannot be used, or a column is missing or not what it should be.
    """
    target, error = str(data.target), data.target_error or ""
    _refuse_names([target, data.id or "", *data.features.classes])
    read = [_read(path, data) for path in data.paths]
    raws = [raw for raw, _ in read]
    units = common_units([{**raw.units, **data.units} for raw in raws])
    files = [columns_of(raw, path, data, units) for raw, path in zip(raws, data.paths, strict=True)]
    tables = [table_of(own, raw.notes, fillers) for own, (raw, fillers) in zip(files, read, strict=True)]
    table = merge(tables, error)
    _check_units(data, table)
    frame = table.frame
    unit = in_unit_of_target(frame, target, error, units, data.target_unit or "", table.origin)
    _check_target(table, target)
    if data.id is None:
        id_, name = _free(ROW_NUMBER, frame), None
        frame[id_] = np.arange(1, len(frame) + 1, dtype=np.int64)
    else:
        of_files = [identifiers_of(raw, own, data.id) for raw, own in zip(raws, files, strict=True)]
        id_, name = _identify(frame, of_files, data.id)
    roles = Roles(
        id=id_,
        target=target,
        error=error,
        unit=unit,
        type=data.features.classes[0] if data.features.classes else None,
        name=name,
    )
    guard = Guard(roles, _carries_name(table, target))
    columns, left_out = _features(table, guard, data)
    notes = dict(table.notes)
    if left_out:
        notes[_NO_FEATURES] = ", ".join(f"{column} ({why})" for column, why in left_out.items())
        _log.info("%s: %s", _NO_FEATURES, notes[_NO_FEATURES])
    return Source(
        table=replace(table, notes=notes),
        features=choose_features(table, roles, columns, (), data.features.classes),
        guard=guard,
    )


def _read(path: Path, data: TableDataConfig) -> tuple[RawTable, dict[str, dict[str, int]]]:
    """One file without the numbers that stand for missing, and how often each of them was there."""
    raw = read_table(path, data.format, names=data.names, decimal=data.decimal)
    check_named(raw, path)
    raw = as_configured(raw, data)
    identifiers = identifiers_among(map(str, raw.frame.columns), (data.id, data.columns.get(data.id or "")))
    frame, fillers = without_fillers(raw.frame, data.missing_values, identifiers)
    return replace(raw, frame=frame), fillers


def _identify(frame: pd.DataFrame, of_files: Sequence[pd.Series], column: str) -> tuple[str, str | None]:
    """Add identifiers to a table, in place; text is hashed, and what is missing goes by the row's place.

    Returns:
        Column of the whole numbers that identify rows, and that of the text that they are hashes of.
    """
    by_place = NO_IDENTIFIER - np.arange(1, len(frame) + 1, dtype=np.int64)
    if all(pd.api.types.is_integer_dtype(values.dtype) for values in of_files):
        ids = np.concatenate([values.to_numpy(dtype=np.int64) for values in of_files])
        frame[column] = np.where(ids <= NO_IDENTIFIER, by_place, ids)
        return column, None
    names = ["" if _is_missing(value) else str(value) for values in of_files for value in values]
    hashed = _free(f"{column}_hash", frame)
    frame[column] = pd.Series(names, dtype=object)
    frame[hashed] = [id_of(name) if name else place for name, place in zip(names, by_place, strict=True)]
    return hashed, column


def _is_missing(value: object) -> bool:
    return isinstance(value, int) and value <= NO_IDENTIFIER


def _free(name: str, frame: pd.DataFrame) -> str:
    """A name that no column of the table has."""
    while name in frame:
        name += "_"
    return name


def _refuse_names(names: Sequence[str]) -> None:
    if taken := [name for name in names if name in _OF_PREDICTIONS]:
        raise DataError(
            f"the column {taken[0]} can be no target, identifier or class: tables of predictions have a "
            f"column {taken[0]} of their own; give it another name with "
            f"data.columns={{my_{taken[0]}: {taken[0]}}} and name that one"
        )


def _check_units(data: TableDataConfig, table: SourceTable) -> None:
    if unknown := sorted(set(data.units) - set(table.frame.columns)):
        raise DataError(f"data.units: {table.origin} has no column {', '.join(unknown)}")


def _check_target(table: SourceTable, target: str) -> None:
    """Refuse a target of which there is nothing to learn."""
    known = table.frame[target][np.isfinite(table.frame[target])]
    if known.nunique() < 2:
        what = f"is {known.iloc[0]:g} in every row that has it" if len(known) else "has no value in any row"
        raise DataError(f"{table.origin}: the target {target} {what}; there is nothing to learn")


def _carries_name(table: SourceTable, target: str) -> re.Pattern[str] | None:
    """Finds the name of the target, or of a column that it was computed from, as a word of another name."""
    names = {target, *table.lineage.get(target, frozenset())}
    words = "|".join(re.escape(name) for name in sorted(names) if len(name) >= _SHORTEST_NAME)
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE) if words else None


def _features(table: SourceTable, guard: Guard, data: TableDataConfig) -> tuple[list[str], dict[str, str]]:
    """Columns that are features, and why others that could be are not.

    Raises:
        DataError: There is none.
    """
    roles, classes = guard.roles, data.features.classes
    if data.features.columns is not None:
        named = data.features.columns
        return [*named, *(name for name in classes if name not in named)], {}
    out = {roles.id, roles.name, roles.target, roles.error, *data.features.derived, *classes}
    candidates = [str(name) for name in table.frame if name not in out and table.frame[name].notna().any()]
    numeric = [name for name in candidates if pd.api.types.is_numeric_dtype(table.frame[name])]
    left_out = {
        **{name: "text" for name in candidates if name not in numeric},
        **{name: "looks like an identifier" for name in candidates if looks_like_identifier(name)},
        **{
            name: why if why.startswith("computed") else "carries the name of the target"
            for name, why in guard.leaks(numeric, table.lineage).items()
        },
    }
    features = [*(name for name in numeric if name not in left_out), *classes]
    if not features:
        raise DataError(
            f"{table.origin}: no column besides the target holds numbers that can be features; say which are "
            f"with data.features.columns=[...] or data.features.classes=[...]; left out: {left_out or 'none'}"
        )
    return features, left_out
