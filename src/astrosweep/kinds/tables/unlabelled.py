"""Rows that come in to be predicted: what a file says of them, and what keeps one from being predicted."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.config.kinds.tables import CleaningConfig
from astrosweep.core.errors import DataError
from astrosweep.data.incoming import Incoming
from astrosweep.data.reading.convert import NO_IDENTIFIER
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.kinds.tables.rows import Rows, raw_features
from astrosweep.kinds.tables.table import SourceTable

Mask = NDArray[np.bool_]

ABSENT = "columns that data.columns names and the file lacks"
"""Note of columns that a model's configuration asks for, in vain."""
NO_INPUT = "none of the inputs has a value"
_FEW = 0.5
"""A column of which more is text is one of text."""


@dataclass(frozen=True, eq=False)
class UnlabelledTable:
    """A file's rows under the names of a kind of rows.

    Attributes:
        table: The rows. Columns of the truth, if any, are not looked at.
        identifiers: Whole numbers, or text, of each row; None where rows are numbered.
        as_read: The file's own columns.
        units: Units that the file states of them.
        unreadable: Own column to its rows whose text should be a number, and the first such text.
        aside: Columns that are no inputs but that somebody may look at.
        notes: What a user should know.
    """

    table: SourceTable
    identifiers: pd.Series | None
    as_read: pd.DataFrame
    units: Mapping[str, str]
    unreadable: Mapping[str, tuple[Mask, str]]
    aside: pd.DataFrame | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


def readable(frame: pd.DataFrame, texts: Collection[str]) -> tuple[pd.DataFrame, dict[str, tuple[Mask, str]]]:
    """Let columns of numbers have numbers where a few cells are text.

    Args:
        frame: Columns as read.
        texts: Columns that are text whatever stands in them, such as identifiers and classes.

    Returns:
        The table, unreadable cells missing, and for each column that had any which rows they are, and one.
    """
    columns, unreadable = {}, {}
    for name in frame.columns:
        values = frame[name]
        columns[name] = values
        if pd.api.types.is_numeric_dtype(values.dtype) or name in texts:
            continue
        present = values.notna()
        numbers = pd.to_numeric(values, errors="coerce")
        bad = (present & numbers.isna()).to_numpy()
        if bad.any() and bad.sum() <= _FEW * present.sum():
            columns[name] = numbers
            unreadable[str(name)] = (bad, str(values[bad].iloc[0]))
    return pd.DataFrame(columns, index=frame.index), unreadable


def rows_to_predict(
    read: UnlabelledTable,
    preparation: RowPreparation,
    cleaning: CleaningConfig,
    first: int = 0,
    n_total: int = 0,
) -> Incoming[Rows]:
    """Sort rows into those that can be predicted and those that cannot.

    Args:
        read: The file's rows.
        preparation: The preparation of what predicts them.
        cleaning: Rules by which training rows were chosen; here they remove nothing.
        first: How many rows of the file stand before these.
        n_total: Rows of the whole file.

    Raises:
        DataError: The file has no input with a value at all, or an input holds text.
    """
    frame, origin = read.table.frame, read.table.origin
    n_rows = len(frame)
    present = [name for name in preparation.raw if name in frame and frame[name].notna().any()]
    if not present:
        raise DataError(
            f"{origin}: no usable column: none of the inputs {', '.join(preparation.raw)} has a value; the "
            f"file has {', '.join(map(str, read.as_read.columns))}. Say which column is which with "
            f"data.columns={{{preparation.raw[0]}: <column or expression>}}"
        )
    _check_types(frame, present, preparation, origin)
    absent = [name for name in preparation.raw if name not in present]
    frame = frame.assign(
        **{
            name: pd.Series(np.nan, frame.index, object if name in preparation.classes else np.float64)
            for name in absent
        }
    )
    features = raw_features(frame, preparation.raw)
    reasons = dict.fromkeys(np.flatnonzero(features.isna().all(axis=1)).tolist(), NO_INPUT)
    own = set().union(*(read.table.lineage.get(name, {name}) for name in present))
    for name, (rows, example) in read.unreadable.items():
        if name in own:
            text = f"a value of {name} is text and no number, such as {example!r}"
            reasons |= dict.fromkeys(np.flatnonzero(rows).tolist(), text)
    row = np.setdiff1d(np.arange(n_rows), np.fromiter(reasons, np.int64, len(reasons)))
    ids, names, shown = _identified(read.identifiers, first, n_rows)
    notes = {**read.table.notes, **read.notes}
    if absent:
        notes["inputs that the file lacks"] = ", ".join(absent)
    remarks = _remarks(frame, features, cleaning)
    return Incoming(
        objects=Rows(ids, features.reset_index(drop=True), names).take(row),
        row=row,
        n_rows=n_rows,
        names=shown,
        reasons=reasons,
        n_total=n_total,
        carried=read.as_read.reset_index(drop=True),
        units=read.units,
        notes=notes,
        remarks=None if remarks is None else remarks[row],
        aside=None if read.aside is None else read.aside.reset_index(drop=True).iloc[row],
    )


def _check_types(
    frame: pd.DataFrame, present: Iterable[str], preparation: RowPreparation, origin: str
) -> None:
    for name in present:
        is_number = pd.api.types.is_numeric_dtype(frame[name].dtype)
        if name not in preparation.classes and not is_number:
            values = frame[name].dropna()
            raise DataError(
                f"{origin}: the input {name} should hold numbers, but is text, such as {values.iloc[0]!r}; "
                f"say which column it is with data.columns={{{name}: <column or expression>}}"
            )


def _identified(
    identifiers: pd.Series | None, first: int, n_rows: int
) -> tuple[NDArray[np.int64], NDArray[np.object_] | None, NDArray[Any]]:
    """Whole numbers and text that identify rows here, and what the file has, masked where missing."""
    places = first + np.arange(1, n_rows + 1, dtype=np.int64)
    if identifiers is None:
        return places, None, places
    if pd.api.types.is_integer_dtype(identifiers.dtype):
        ids = identifiers.to_numpy(dtype=np.int64)
        return ids, None, np.ma.masked_array(ids, mask=ids <= NO_IDENTIFIER)
    text = np.array(
        ["" if isinstance(one, int) and one <= NO_IDENTIFIER else str(one) for one in identifiers],
        dtype=object,
    )
    return places, text, text


def _remarks(
    frame: pd.DataFrame, features: pd.DataFrame, cleaning: CleaningConfig
) -> NDArray[np.object_] | None:
    """Which of the rules that chose the training rows each row breaks."""
    broken: list[tuple[str, Mask]] = []
    for name, (low, high) in cleaning.cuts.items():
        if name in frame and pd.api.types.is_numeric_dtype(frame[name].dtype):
            values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            below = np.full(len(frame), False) if low is None else values < low
            broken.append(
                (f"{name} outside {low} to {high}", below | (values > (np.inf if high is None else high)))
            )
    for name, allowed in cleaning.keep.items():
        if name in frame:
            broken.append((f"{name} none of {', '.join(allowed)}", ~frame[name].isin(allowed).to_numpy()))
    share = features.isna().mean(axis=1).to_numpy()
    sparse = f"more than {cleaning.max_missing_fraction:.0%} of the inputs missing"
    broken.append((sparse, share > cleaning.max_missing_fraction))
    if not any(mask.any() for _, mask in broken):
        return None
    remarks = np.full(len(frame), "", dtype=object)
    for text, mask in broken:
        remarks[mask] = [f"{one}; {text}" if one else text for one in remarks[mask]]
    return remarks
