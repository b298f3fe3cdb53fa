"""Rows as a table that a served model takes, and back: identifiers and raw features."""

from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.core.errors import DataError
from astrosweep.core.types import IdArray
from astrosweep.data.identifiers import id_of
from astrosweep.data.reading.convert import NO_IDENTIFIER, to_identifiers, to_numbers
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.kinds.tables.rows import Rows

_TABLE = Path("the table of objects")
"""What messages call it."""


def frame_of(preparation: RowPreparation, rows: Rows) -> pd.DataFrame:
    """One row each: the identifier, missing where a row has none, and the raw features.

    Args:
        preparation: The preparation of what will predict them.
        rows: The rows.
    """
    known = rows.ids > NO_IDENTIFIER
    if rows.names is not None:
        identifier = pd.Series(rows.names, dtype=object).where(known, np.nan)
    elif known.all():
        identifier = pd.Series(rows.ids)
    else:
        identifier = pd.Series(pd.array(rows.ids, dtype="Int64")).where(known)
    features = rows.frame[list(preparation.raw)].reset_index(drop=True)
    return pd.concat([identifier.rename(preparation.roles.identifier), features], axis=1)


def rows_from(preparation: RowPreparation, frame: pd.DataFrame) -> Rows:
    """Rows of such a table.

    Args:
        preparation: The preparation of what will predict them.
        frame: Raw features, and the identifier where there is one; without it rows are numbered from 1.

    Raises:
        DataError: There are no rows, a feature is missing, or numbers or identifiers are none.
    """
    if not len(frame):
        raise DataError(f"{_TABLE} has no rows")
    if absent := [name for name in preparation.raw if name not in frame]:
        raise DataError(
            f"{_TABLE} has no column {', '.join(absent)}; needed: {', '.join(preparation.raw)}, and "
            f"{preparation.roles.identifier} where there are identifiers"
        )
    numbered = frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"), axis=0)
    features = {
        name: _classes(numbered[name])
        if name in preparation.classes
        else pd.Series(to_numbers(numbered[name], name, _TABLE), index=numbered.index)
        for name in preparation.raw
    }
    ids, names = _identifiers(preparation, numbered)
    return Rows(ids, pd.DataFrame(features).reset_index(drop=True), names)


def _classes(values: pd.Series) -> pd.Series:
    """Class names, NaN where missing; text also where they are numbers."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        values = values.map("{:.10g}".format, na_action="ignore")
    return values.astype(object).where(values.notna(), np.nan)


def _identifiers(preparation: RowPreparation, frame: pd.DataFrame) -> tuple[IdArray, np.ndarray | None]:
    """Identifiers, and the text that they are hashes of; missing ones go by the row's place."""
    roles, places = preparation.roles, np.arange(1, len(frame) + 1, dtype=np.int64)
    values = frame.get(roles.identifier)
    if roles.name is None:
        if values is None or values.isna().all():
            return places, None
        return to_identifiers(values, roles.identifier, _TABLE)[0], None
    text = pd.Series("", index=frame.index) if values is None else values
    names = np.array(["" if missing else str(one) for one, missing in zip(text, text.isna(), strict=True)])
    ids = [
        id_of(name) if name else NO_IDENTIFIER - int(place) for name, place in zip(names, places, strict=True)
    ]
    return np.array(ids, dtype=np.int64), names.astype(object)
