"""Which columns of a table are features."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from astrosweep.core.errors import DataError
from astrosweep.kinds.tables.table import Roles, SourceTable

_MOST_CLASSES = 50


@dataclass(frozen=True)
class Features:
    """The features of a table.

    Attributes:
        names: Columns used, in order.
        absent: Optional columns that the table does not have.
    """

    names: tuple[str, ...]
    absent: tuple[str, ...] = ()


def choose_features(
    table: SourceTable,
    roles: Roles,
    required: Sequence[str],
    optional: Sequence[str],
    classes: Sequence[str],
) -> Features:
    """Choose the features that a table has.

    Args:
        table: The table.
        roles: Its identifiers and target, which it must have.
        required: Columns that it must have.
        optional: Columns used where it has them.
        classes: Columns of text that hold class names; other text is refused.

    Raises:
        DataError: The table has no rows, or a needed column is missing, has no value, holds text that is no
            class name, or too many classes.
    """
    if not len(table.frame):
        raise DataError(f"{table.origin}: the table has no rows")
    has = list(table.frame.columns)
    needed = [roles.id, roles.target, *required]
    if missing := [name for name in needed if name not in has]:
        raise DataError(
            f"{table.origin}: column {', '.join(missing)} is needed and missing. "
            f"The table has: {', '.join(map(str, has))}. Map a column with "
            f"'data.columns={{{missing[0]}: <column or expression>}}', "
            "or choose other features with data.features."
        )
    features = [*required, *(name for name in optional if name in has)]
    for name in required:
        if table.frame[name].isna().all():
            raise DataError(f"{table.origin}: the required feature {name} has no value in any row")
    for name in features:
        _check_type(table, name, classes)
    return Features(tuple(features), tuple(name for name in optional if name not in has))


def _check_type(table: SourceTable, name: str, classes: Sequence[str]) -> None:
    values = table.frame[name]
    if pd.api.types.is_numeric_dtype(values):
        return
    if name not in classes:
        text = values[pd.to_numeric(values, errors="coerce").isna() & values.notna()]
        example = f", for example {text.iloc[0]!r} in row {text.index[0] + 1}" if len(text) else ""
        raise DataError(
            f"{table.origin}: the feature {name} should hold numbers, but {len(text)} of {len(values)} "
            f"values are text{example}. If it holds class names, say data.features.classes=[{name}]."
        )
    if (n_classes := values.nunique()) > _MOST_CLASSES:
        raise DataError(
            f"{table.origin}: the feature {name} has {n_classes} classes; at most {_MOST_CLASSES} are allowed"
        )
