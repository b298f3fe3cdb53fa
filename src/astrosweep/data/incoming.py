"""Objects that come in to be predicted, and the columns that go out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.kind import Judged, ObjectsT


@dataclass(frozen=True, eq=False)
class Incoming(Generic[ObjectsT]):
    """What a file has to be predicted: every row of it comes back, in its order.

    Attributes:
        objects: The objects that can be predicted, N of them.
        row: The row of the file of each, counted from 0, shape (N,); the place of the object where a file has
            many rows of one.
        n_rows: Rows, or such objects, that the file has.
        names: Identifier of each row as the file has it, whole numbers or text, shape (n_rows,).
        reasons: Rows that cannot be predicted, and why.
        carried: Columns of the file, one row each; None where there is no table of rows.
        notes: What reading did that a user should know.
    """

    objects: ObjectsT
    row: IdArray
    n_rows: int
    names: NDArray[Any]
    reasons: Mapping[int, str] = field(default_factory=dict)
    carried: pd.DataFrame | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Outgoing:
    """Predictions of N objects as a model makes them, in the unit in which targets are learned.

    Attributes:
        judged: The objects; uncertainties are half the calibrated 68 % interval.
        aleatoric: What the members say the data leave open, calibrated alike, shape (N, T).
        epistemic: What the members disagree about, calibrated alike, shape (N, T).
        widths: Half widths of the 50, 68, 90 and 95 % intervals of the true value, shape (4, N, T).
    """

    judged: Judged[Any, Any]
    aleatoric: FloatArray
    epistemic: FloatArray
    widths: FloatArray


@dataclass(frozen=True)
class Field:
    """One column of a table that goes out.

    Attributes:
        name: Its name.
        dtype: Type of its values: a numpy type, ``str`` or ``bool``.
        unit: Unit as astropy writes it; empty for none.
        ucd: Its unified content descriptor, which every column has.
        description: What it is.
    """

    name: str
    dtype: Any
    unit: str = ""
    ucd: str = ""
    description: str = ""


Column = tuple[Field, NDArray[Any] | np.ma.MaskedArray[Any, Any]]
"""A column with its values, one for each object (or each point of a profile)."""
