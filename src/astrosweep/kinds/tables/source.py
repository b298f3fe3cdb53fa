"""``data=table``: a user's own table, its target and its features."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from astropy import units as u

from astrosweep.config.kinds.tables import TableDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.expression import Expression, find_expression, parse_expression
from astrosweep.data.reading.convert import to_foreign, to_identifiers, to_numbers
from astrosweep.data.reading.read import read_table
from astrosweep.kinds.tables.features import Features, choose_features
from astrosweep.kinds.tables.leakage import Guard
from astrosweep.kinds.tables.merge import merge
from astrosweep.kinds.tables.table import Roles, SourceTable

ROW_NUMBER = "row_number"
"""Column of identifiers of a table that has none."""
_IDENTIFIER = re.compile(
    r"(^|_|obj|source|star|spec|object)_?(id|ids|name|number)$|^recno$|^designation$", re.IGNORECASE
)
"""Names of columns of numbers that are no features unless they are named."""
_SHORTEST_NAME = 3
"""Shorter names of targets stand in too many other names to give a feature away."""


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
    paths = [data.path] if isinstance(data.path, str) else data.path or []
    read = [_read(Path(path).expanduser(), data) for path in paths]
    table = merge([table for table, _ in read], data.target_error or "")
    if data.id is None:
        table.frame[ROW_NUMBER] = np.arange(1, len(table.frame) + 1, dtype=np.int64)
    target = str(data.target)
    roles = Roles(
        id=data.id or ROW_NUMBER,
        target=target,
        error=data.target_error or "",
        unit=data.target_unit or read[0][1].get(target, ""),
        type=data.features.classes[0] if data.features.classes else None,
    )
    columns, left_out = _features(table, roles, data)
    notes = {**table.notes, **({"left out of the features as identifiers": left_out} if left_out else {})}
    derived = re.compile(re.escape(target), re.IGNORECASE) if len(target) >= _SHORTEST_NAME else None
    return Source(
        table=replace(table, notes=notes),
        features=choose_features(table, roles, columns, (), data.features.classes),
        guard=Guard(roles, derived),
    )


def _read(path: Path, data: TableDataConfig) -> tuple[SourceTable, dict[str, str]]:
    """Read one file: its columns and those computed from them, and the unit of each."""
    raw = read_table(path, data.format)
    own = [str(name) for name in raw.frame.columns]
    frame = {name: to_foreign(raw.frame[name], name, path) for name in own}
    lineage = {name: frozenset({name}) for name in own}
    wanted = [data.target, data.target_error, *(data.features.columns or [])]
    asked = data.columns | {text: text for text in wanted if text and text not in own}
    for name, text in asked.items():
        source = _find(name, text, own, path)
        inputs = {column: to_numbers(raw.frame[column], column, path) for column in source.columns}
        frame[name] = (
            frame[source.column]
            if source.column is not None
            else pd.Series(source.evaluate(inputs), index=raw.frame.index)
        )
        lineage[name] = source.columns
    if data.id is not None:
        if data.id not in frame:
            raise DataError(f"data.id={data.id}: {path} has no such column; it has {', '.join(own)}")
        frame[data.id] = _identifiers(raw.frame[data.id], data.id, path)
    units = {**{name: str(unit) for name, unit in raw.units.items()}, **data.units}
    table = pd.DataFrame(frame).reset_index(drop=True)
    _match_units(table, data, units, path)
    return SourceTable(table, lineage, str(path)), units


def _find(name: str, text: str, own: list[str], path: Path) -> Expression:
    try:
        source = find_expression(text, own)
    except DataError as error:
        raise DataError(f"{path}: there is no column {text!r}, and {error}") from None
    if source is None:
        absent = ", ".join(sorted(parse_expression(text).columns - set(own)))
        raise DataError(f"{path}: {name} needs the column {absent}; the table has {', '.join(own)}")
    return source


def _identifiers(values: pd.Series, column: str, path: Path) -> pd.Series:
    try:
        return to_identifiers(values, column, path)
    except DataError as error:
        raise DataError(f"{error}; or say data.id=null, which numbers the rows") from None


def _match_units(table: pd.DataFrame, data: TableDataConfig, units: dict[str, str], path: Path) -> None:
    """Bring the target's errors to its unit, in place, where both are stated and differ."""
    target, error = str(data.target), data.target_error
    stated = units.get(error, "") if error else ""
    if not error or not stated or stated == units.get(target, ""):
        return
    try:
        factor = float(u.Unit(stated).to(u.Unit(units.get(target, ""))))
    except (ValueError, TypeError) as fault:
        raise DataError(
            f"{path}: the target {target} is in {units.get(target, '')!r} and its error {error} in "
            f"{stated!r}, which do not convert ({fault}); say what they are with data.units={{{error}: ...}}"
        ) from None
    table[error] = table[error] * factor


def _features(table: SourceTable, roles: Roles, data: TableDataConfig) -> tuple[list[str], list[str]]:
    """Columns that are features, and those that were left out because they look like identifiers."""
    classes = data.features.classes
    if data.features.columns is not None:
        named = data.features.columns
        return [*named, *(name for name in classes if name not in named)], []
    of_target = table.lineage.get(roles.target, frozenset()) | table.lineage.get(roles.error, frozenset())
    out = {roles.id, roles.target, roles.error, *of_target, *data.features.derived}
    numeric = [
        str(name)
        for name in table.frame
        if name not in out
        and pd.api.types.is_numeric_dtype(table.frame[name])
        and table.frame[name].notna().any()
    ]
    left_out = [name for name in numeric if _IDENTIFIER.search(name)]
    return [*(name for name in numeric if name not in left_out), *classes], left_out
