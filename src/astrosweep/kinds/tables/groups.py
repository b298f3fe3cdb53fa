"""What rows are told apart by: variables that group their calibration, and the ranges of their features."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.data.kind import Judged
from astrosweep.data.ranges import range_of_numbers
from astrosweep.data.space import fit_space
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.kinds.tables.rows import Rows, RowTruth

UNCLASSED = "unknown"
"""Class of rows that have none."""


def row_variables(preparation: RowPreparation, judged: Judged[Rows, RowTruth]) -> dict[str, NDArray[Any]]:
    """See ``Kind.variables``: each class column and the predicted value, each of shape (N, 1)."""
    classes = {
        name: np.array([one if isinstance(one, str) else UNCLASSED for one in found], dtype=object)[:, None]
        for name in preparation.classes
        for found in [judged.objects.frame[name]]
    }
    return {**classes, f"predicted {preparation.roles.target}": judged.predicted.mean[:, :1]}


def row_ranges(rows: Rows) -> dict[str, Any]:
    """See ``Kind.ranges``.

    Returns:
        ``features``: each numeric feature to what ``range_of_numbers`` gives; ``classes``: each class column
        to its class names and how often each is there, the most frequent first; ``unclassed``: each
        class column to the share of rows without one; ``space``: see ``Space``, None where there are too few
        rows.
    """
    features: dict[str, Any] = {}
    classes: dict[str, Any] = {}
    unclassed: dict[str, float] = {}
    for column in rows.frame:
        name, values = str(column), rows.frame[column]
        if pd.api.types.is_numeric_dtype(values.dtype):
            features[name] = range_of_numbers(values.to_numpy(dtype=np.float64))
        else:
            classes[name] = dict(Counter(one for one in values if isinstance(one, str)).most_common())
            unclassed[name] = 1.0 - sum(classes[name].values()) / max(len(values), 1)
    space = fit_space(rows.frame[list(features)])
    return {
        "features": features,
        "classes": classes,
        "unclassed": unclassed,
        "space": space.as_dict() if space else None,
    }
