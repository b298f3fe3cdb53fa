"""``data=table``: a file whose rows are to be predicted, read as the training table, without its target."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.tables import RowsConfig, TableDataConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.expression import find_expression
from astrosweep.data.plausible import without_fillers
from astrosweep.data.reading import RawTable, check_named, read_parts
from astrosweep.kinds.tables.columns import Columns, columns_as_read, identifiers_of, table_of
from astrosweep.kinds.tables.identifiers import identifiers_among
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.kinds.tables.spelling import as_configured
from astrosweep.kinds.tables.units import in_unit_of_target
from astrosweep.kinds.tables.unlabelled import ABSENT, UnlabelledTable, readable


def map_unlabelled(
    raw: RawTable, data: TableDataConfig, path: Path, preparation: RowPreparation
) -> UnlabelledTable:
    """Bring a file of rows that are to be predicted under the names of the training table.

    Columns are taken, computed and cleared of fillers as in training. What the file states of a unit is
    converted to that of ``data.units``. What is not there counts as missing, the target too.

    Args:
        raw: The file as read.
        data: How the training table was read.
        path: The file, for messages.
        preparation: The preparation of what predicts them.

    Raises:
        DataError: A column is not what it should be.
    """
    raw = as_configured(raw, data)
    named = (data.id, data.columns.get(data.id or ""))
    identifiers = identifiers_among(map(str, raw.frame.columns), named)
    classes = {*preparation.classes, *(data.columns.get(name, name) for name in preparation.classes)}
    as_read = raw.frame
    frame, unreadable = readable(as_read, {*identifiers, *classes})
    frame, fillers = without_fillers(frame, data.missing_values, identifiers)
    columns, absent = _columns(RawTable(frame, raw.units, raw.named, raw.notes), path, data, preparation)
    notes = {ABSENT: ", ".join(absent)} if absent else {}
    ids: pd.Series | None = None
    if data.id is not None:
        if data.id in columns.values:
            ids = identifiers_of(raw, columns, data.id).reset_index(drop=True)
        else:
            notes["identifiers"] = f"the file has no column {data.id}; rows are numbered from 1"
    return UnlabelledTable(
        table=table_of(columns, raw.notes, fillers),
        identifiers=ids,
        as_read=as_read,
        units=raw.units,
        unreadable=unreadable,
        notes=notes,
    )


def truth_beside(
    raw: RawTable, data: TableDataConfig, path: Path, preparation: RowPreparation
) -> tuple[FloatArray, FloatArray]:
    """What a file of rows says of their target and its error, each of shape (rows,), NaN where unknown.

    Args:
        raw: The file as read.
        data: How the training table was read.
        path: The file, for messages.
        preparation: The preparation of what predicts them, whose unit the target is brought to.

    Raises:
        DataError: A column holds text, or its unit does not convert.
    """
    raw = as_configured(raw, data)
    identifiers = identifiers_among(map(str, raw.frame.columns), [data.id])
    frame, _ = without_fillers(raw.frame, data.missing_values, identifiers)
    columns = columns_as_read(RawTable(frame, raw.units, raw.named, raw.notes), path, raw.units, data.units)
    target, error = str(data.target), data.target_error or ""
    found = {}
    for name in (target, error):
        text = data.columns.get(name, name)
        if name and _is_there(text, columns):
            if name not in columns.values or name in data.columns:
                columns.add(name, text)
            found[name] = columns.numbers(name)
    table = pd.DataFrame(found, index=range(len(frame)), dtype=np.float64)
    in_unit_of_target(table, target, error, {**raw.units, **data.units}, preparation.roles.unit, str(path))
    nothing = np.full(len(table), np.nan)
    values, errors = (
        table[name].to_numpy(dtype=np.float64) if name in table else nothing for name in (target, error)
    )
    return values, np.where(errors > 0.0, errors, np.nan)


def read_rows_of(path: Path, data: RowsConfig, size: int) -> Iterator[tuple[RawTable, int]]:
    """Read a file in parts by the settings of a configuration, whose names are for columns that have none.

    Args:
        path: The file.
        data: ``format``, ``names`` and ``decimal`` are used.
        size: The most rows of a part.

    Raises:
        DataError: See ``read_parts``.
    """
    for raw, n_rows in read_parts(path, data.format, size=size, decimal=data.decimal):
        if not raw.named and data.names:
            yield from read_parts(path, data.format, size=size, names=data.names, decimal=data.decimal)
            return
        check_named(raw, path)
        yield raw, n_rows


def _columns(
    raw: RawTable, path: Path, data: TableDataConfig, preparation: RowPreparation
) -> tuple[Columns, list[str]]:
    """The columns of a file and those computed from them, as far as they can be, and which cannot."""
    columns = columns_as_read(raw, path, raw.units, data.units)
    absent = []
    for name, text in data.columns.items():
        if _is_there(text, columns):
            columns.add(name, text)
        elif name not in (data.target, data.target_error):
            absent.append(name)
    for name in preparation.raw:
        if name not in columns.values and _is_there(name, columns):
            columns.add(name, name)
    for name in (name for name in preparation.raw if name in columns.values):
        if name in preparation.classes:
            columns.let_be_classes(name)
        else:
            columns.let_be_numbers(name, needed=False)
    return columns, absent


def _is_there(text: str, columns: Columns) -> bool:
    try:
        return find_expression(text, list(columns.values)) is not None
    except DataError:
        return False
