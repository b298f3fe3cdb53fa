"""The columns of one file of ``data=table``: its own, and those that are computed from them."""

import difflib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.tables import TableDataConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.expression import Expression, find_expression, parse_expression
from astrosweep.data.reading import RawTable
from astrosweep.data.reading.convert import to_foreign, to_identifiers, to_numbers
from astrosweep.kinds.tables.table import SourceTable
from astrosweep.kinds.tables.units import factor_between

_log = logging.getLogger(__name__)


@dataclass
class Columns:
    """Columns of a file while they are being made.

    Attributes:
        path: The file, for messages.
        values: Column to its values.
        lineage: Column to the file's own columns it was computed from.
        original: Column to the file's own column that it is, for those that are one.
    """

    path: Path
    values: dict[str, pd.Series]
    lineage: dict[str, frozenset[str]]
    original: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, text: str) -> None:
        """Add a column, or an expression of columns, under a name.

        Raises:
            DataError: It is neither, or a column that it needs is missing or holds text.
        """
        source = self._find(name, text)
        original = self.original.pop(name, None)
        if source.column is not None:
            self.values[name] = self.values[source.column]
            original = original if source.column == name else self.original.get(source.column)
            self.original |= {name: original} if original else {}
        else:
            inputs = {column: self.numbers(column) for column in source.columns}
            index = next(iter(self.values.values())).index
            self.values[name] = pd.Series(source.evaluate(inputs), index=index, dtype=np.float64)
        self.lineage[name] = frozenset().union(*(self.lineage[column] for column in source.columns))

    def numbers(self, name: str) -> FloatArray:
        """Numbers of a column, NaN where missing.

        Raises:
            DataError: Some of them are text.
        """
        return to_numbers(self.values[name], name, self.path)

    def let_be_numbers(self, name: str, *, needed: bool) -> None:
        """Let a column hold numbers if all its text is numbers.

        Raises:
            DataError: It is not, and numbers are needed.
        """
        values = self.values[name]
        if needed or pd.to_numeric(values, errors="coerce").notna().equals(values.notna()):
            self.values[name] = pd.Series(self.numbers(name), index=values.index)

    def let_be_classes(self, name: str) -> None:
        """Let a column hold class names, text also where they are numbers."""
        values = self.values[name]
        if pd.api.types.is_numeric_dtype(values.dtype):
            values = values.map("{:.10g}".format, na_action="ignore")
        self.values[name] = values.astype(object).where(values.notna(), None)

    def _find(self, name: str, text: str) -> Expression:
        has = list(self.values)
        try:
            source = find_expression(text, has)
        except DataError as error:
            raise DataError(f"{self.path}: there is no column {text!r}, and {error}") from None
        if source is None:
            absent = sorted(parse_expression(text).columns - set(has))
            needs = "" if absent == [name] else f", which {name} needs"
            raise DataError(f"{self.path}: no column {', '.join(absent)}{needs}; {near(absent, has)}")
        return source


def near(absent: Iterable[str], has: Sequence[str]) -> str:
    """Names that are like those that are absent, or all that there are."""
    like = [match for name in absent for match in difflib.get_close_matches(name, has)]
    return f"near names: {', '.join(like)}" if like else f"the table has {', '.join(has)}"


def columns_of(raw: RawTable, path: Path, data: TableDataConfig, units: Mapping[str, str]) -> Columns:
    """Return the columns of a file and those that a configuration computes from them.

    Args:
        raw: The file as read.
        path: The file, for messages.
        data: Columns, target and features.
        units: Units in which the file's own columns are wanted, where it states others.

    Raises:
        DataError: A column is missing, holds text where numbers are needed, or has another unit.
    """
    columns = columns_as_read(raw, path, {**raw.units, **data.units}, units)
    for name, text in data.columns.items():
        columns.add(name, text)
    features, classes = data.features.columns or [], data.features.classes
    numbers = [name for name in (data.target, data.target_error) if name]
    for name in (*numbers, *features, *classes):
        if name not in columns.values:
            columns.add(name, name)
    for name in (*numbers, *features):
        if name not in classes:
            columns.let_be_numbers(name, needed=name in numbers)
    for name in classes:
        columns.let_be_classes(name)
    return columns


def columns_as_read(
    raw: RawTable, path: Path, stated: Mapping[str, str], units: Mapping[str, str]
) -> Columns:
    """Return a file's own columns.

    Args:
        raw: The file as read.
        path: The file, for messages.
        stated: Units that the columns have.
        units: Units in which they are wanted.

    Raises:
        DataError: A column has another unit, or holds text where it has to be converted.
    """
    own = [str(name) for name in raw.frame.columns]
    values = {name: to_foreign(raw.frame[name], name, path) for name in own}
    for name in own:
        factor = factor_between(stated.get(name, ""), units.get(name, ""), name, path)
        if factor != 1.0:
            values[name] = pd.Series(to_numbers(values[name], name, path) * factor, index=values[name].index)
    return Columns(path, values, {name: frozenset({name}) for name in own}, {name: name for name in own})


def identifiers_of(raw: RawTable, columns: Columns, name: str) -> pd.Series:
    """Return the identifiers that a column holds: whole numbers of 64 bits, or text.

    A missing number is ``convert.NO_IDENTIFIER`` less the row's place in the file, missing text is empty.

    Raises:
        DataError: It is no column of the file, holds nothing, or an identifier was rounded.
    """
    path = columns.path
    if name not in columns.values:
        raise DataError(f"data.id={name}: {path} has no such column; {near([name], list(columns.values))}")
    if name not in columns.original:
        raise DataError(f"data.id={name}: identifiers must be one column of {path}, not an expression")
    values = raw.frame[columns.original[name]]
    if not pd.api.types.is_numeric_dtype(values.dtype) and values.notna().any():
        if (missing := values.isna()).any():
            _log.warning(
                "%s: %d of %d identifiers are missing in column %s, the first in %s %s",
                path, missing.sum(), len(values), name, values.index.name, values.index[missing][0],
            )  # fmt: skip
        return values.astype(object).where(~missing, "")
    try:
        return pd.Series(to_identifiers(values, name, path)[0], index=values.index)
    except DataError as error:
        raise DataError(f"{error}; or say data.id=null, which numbers the rows") from None


def table_of(
    columns: Columns, notes: Sequence[str], impossible: Mapping[str, Mapping[str, int]]
) -> SourceTable:
    """Return the columns as a table, rows numbered from 0.

    Args:
        columns: The columns of a file.
        notes: What a user should know about reading the file.
        impossible: Column to the numbers that count as missing, and how often each was there.
    """
    frame = pd.DataFrame(columns.values).reset_index(drop=True)
    return SourceTable(
        frame, columns.lineage, str(columns.path), dict.fromkeys(notes, str(columns.path)), impossible
    )
