"""Objects that come in to be predicted, and the columns that go out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.field import Field
from astrosweep.data.kind import Judged, ObjectsT


@dataclass(frozen=True, eq=False)
class Incoming(Generic[ObjectsT]):
    """What a file has to be predicted: every row of it comes back, in its order.

    Attributes:
        objects: The objects that can be predicted, N of them.
        row: The row of the file of each, counted from 0 and rising, shape (N,).
        n_rows: Rows, or samples of points, that the file or this part of it has.
        names: Identifier of each row as the file has it, whole numbers or text, shape (n_rows,).
        reasons: Rows that cannot be predicted, and why.
        n_total: Rows of all parts together; 0 where this is all there is.
        carried: Columns of the file, one row each; None where there is no table of rows.
        units: Units that the file states of carried columns, as it spells them.
        notes: What reading did that a user should know.
        remarks: Of each object why it would not have been trained on, empty for most, shape (N,); None where
            there is nothing to say. Such objects are predicted and flagged.
        aside: What the file says of each object beside its inputs, such as what it has of the target, under
            the kind's own names, N rows; None where the kind looks at nothing else.
    """

    objects: ObjectsT
    row: IdArray
    n_rows: int
    names: NDArray[Any]
    reasons: Mapping[int, str] = field(default_factory=dict)
    n_total: int = 0
    carried: pd.DataFrame | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    remarks: NDArray[np.object_] | None = None
    aside: pd.DataFrame | None = None


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


@dataclass(frozen=True, eq=False)
class Unlike:
    """How N objects differ from those that a model was trained on.

    Attributes:
        sorts: Of each of C ways to differ what sort it is: ``range``, ``class``, ``missing`` or ``whole``.
        labels: What each of them is, in words.
        found: Which objects differ in which of them, shape (N, C).
        distance: Distance of each object from the training objects in prepared space, over that which one in
            a hundred of them exceeds, shape (N,); NaN where it is not known.
    """

    sorts: tuple[str, ...]
    labels: tuple[str, ...]
    found: NDArray[np.bool_]
    distance: FloatArray


Column = tuple[Field, NDArray[Any] | np.ma.MaskedArray[Any, Any]]
"""A column with its values, one for each object (or each point of a profile)."""
