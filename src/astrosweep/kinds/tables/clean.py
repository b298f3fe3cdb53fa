"""Row rules without fitted parameters: the same for training, validation and test rows."""

import numpy as np
import pandas as pd

from astrosweep.config.kinds.tables import CleaningConfig
from astrosweep.core.errors import DataError
from astrosweep.data.reading.convert import NO_IDENTIFIER
from astrosweep.data.report import RowFilter
from astrosweep.kinds.tables.table import Roles


def require_targets(rows: RowFilter, roles: Roles, config: CleaningConfig) -> None:
    """Drop rows that cannot be split: without a target or an identifier, or repeating an earlier object."""
    target = rows.frame[roles.target]
    rows.keep("finite_target", f"{roles.target} is missing or not finite", np.isfinite(target))
    if roles.error in rows.frame:
        error = rows.frame[roles.error]
        rows.keep(
            "positive_target_error",
            f"{roles.error} is zero, negative or infinite",
            error.isna() | ((error > 0) & np.isfinite(error)),
        )
    if config.unidentified == "drop":
        rows.keep("unidentified", f"{roles.id} is missing", rows.frame[roles.id] > NO_IDENTIFIER)
    if config.drop_duplicates:
        rows.keep(
            "duplicates", f"{roles.identifier} repeats an earlier row", ~rows.frame[roles.id].duplicated()
        )


def apply_rules(rows: RowFilter, features: list[str], config: CleaningConfig) -> None:
    """Apply quality cuts, value lists and the rule against sparse rows.

    Args:
        rows: The rows, reduced in place.
        features: Columns used as features; non-finite values in them count as missing.
        config: The rules.

    Raises:
        DataError: A rule names a column that the table does not have, or no row is left.
    """
    for name, (low, high) in config.cuts.items():
        values = _column(rows.frame, name, "cuts")
        if not pd.api.types.is_numeric_dtype(values):
            raise DataError(
                f"data.cleaning.cuts.{name}: the column holds text, for example "
                f"{values.dropna().iloc[0] if values.notna().any() else None!r}; a cut needs numbers. "
                f"For classes use data.cleaning.keep={{{name}: [...]}}."
            )
        inside = values.between(
            -np.inf if low is None else low, np.inf if high is None else high, inclusive="both"
        )
        rows.keep(
            f"cuts.{name}",
            f"{name} outside [{low}, {high}]; {int(values.isna().sum())} rows without a value pass",
            inside | values.isna(),
        )
    for name, allowed in config.keep.items():
        rows.keep(
            f"keep.{name}",
            f"{name} is none of {', '.join(allowed)}",
            _column(rows.frame, name, "keep").isin(allowed),
        )
    missing = rows.frame[features].isna().mean(axis=1)
    rows.keep(
        "sparse_rows",
        f"more than {config.max_missing_fraction:.0%} of the features are missing",
        missing <= config.max_missing_fraction,
    )


def _column(frame: pd.DataFrame, name: str, rule: str) -> pd.Series:
    if name not in frame:
        raise DataError(
            f"data.cleaning.{rule}.{name}: the table has no such column; it has: "
            f"{', '.join(map(str, frame.columns))}"
        )
    return frame[name]
