"""Rows of a table as objects: what was observed of them, and the truth about them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.kinds.tables.table import Roles


@dataclass(frozen=True, eq=False)
class Rows:
    """N rows without what is to be predicted.

    Attributes:
        ids: Identifiers, shape (N,).
        frame: Raw features, one row each: numbers, NaN where missing or not finite; class names, NaN where
            missing.
        names: Text that identifies the rows, shape (N,); None where ``ids`` do.
    """

    ids: IdArray
    frame: pd.DataFrame
    names: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: IdArray) -> Self:
        """Return some of the rows, by position."""
        names = None if self.names is None else self.names[rows]
        return replace(self, ids=self.ids[rows], frame=self.frame.iloc[rows], names=names)

    def join(self, others: Sequence[Self]) -> Self:
        """Return these and other rows below each other."""
        names = [part.names for part in (self, *others) if part.names is not None]
        return replace(
            self,
            ids=np.concatenate([self.ids, *(other.ids for other in others)]),
            frame=pd.concat([self.frame, *(other.frame for other in others)]),
            names=np.concatenate(names) if names else None,
        )


@dataclass(frozen=True, eq=False)
class RowTruth:
    """What is to be predicted of N rows.

    Attributes:
        roles: Names and unit of the columns.
        target: Shape (N,).
        error: Its 1-sigma error, shape (N,); NaN where unknown.
    """

    roles: Roles
    target: FloatArray
    error: FloatArray

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: IdArray) -> Self:
        """Return that of some of the rows, by position."""
        return replace(self, target=self.target[rows], error=self.error[rows])

    def join(self, others: Sequence[Self]) -> Self:
        """Return that of these and other rows below each other."""
        return replace(
            self,
            target=np.concatenate([self.target, *(other.target for other in others)]),
            error=np.concatenate([self.error, *(other.error for other in others)]),
        )


def raw_features(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Return raw features as ``Rows`` has them: values that are not finite count as missing.

    Args:
        frame: A table that has the features.
        features: Their columns.
    """
    return pd.DataFrame(
        {
            name: frame[name].where(np.isfinite(frame[name]))
            if pd.api.types.is_numeric_dtype(frame[name])
            else frame[name].astype(object).where(frame[name].notna(), np.nan)
            for name in features
        },
        index=frame.index,
    )
