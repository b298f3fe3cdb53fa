"""Metrics of rows: all of them, in bins of the target, and by class."""

import hashlib
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from astrosweep.config.kinds.tables import OF_A_CLASS, QUANTILE_BINS
from astrosweep.core.metrics import Scorer, score_by_bin
from astrosweep.core.types import FloatArray
from astrosweep.data.kind import Judged
from astrosweep.kinds.tables.rows import Rows, RowTruth

_SMALLEST_CLASS = 20
_LONGEST_NAME = 80

Binner = Callable[[FloatArray], dict[str, NDArray[np.bool_]]]
"""From observed targets, shape (N,), to the name of each bin and whether each object is in it."""


def score_rows(
    judged: Judged[Rows, RowTruth], scorer: Scorer, binner: Binner, classes: Sequence[str] = ()
) -> dict[str, float]:
    """Return the metrics of labelled rows.

    Args:
        judged: The rows.
        scorer: Gives the metrics of one set of rows.
        binner: Divides rows by their observed target.
        classes: Raw features that hold class names, which are scored apart.

    Returns:
        ``<metric>``, ``<metric>_<bin>`` and ``<column>.<class>/<metric>``, the last for classes of at least
        20 rows.
    """
    arrays = (
        judged.target[:, 0],
        judged.error[:, 0],
        judged.predicted.mean[:, 0],
        judged.predicted.std[:, 0],
    )
    metrics = {**scorer(*arrays), **score_by_bin(scorer, binner(arrays[0]), *arrays)}
    for column in classes:
        labels = judged.objects.frame[column].to_numpy()
        for label in sorted({str(found) for found in labels if isinstance(found, str)}):
            rows = labels == label
            if _SMALLEST_CLASS <= rows.sum() < len(judged):
                scores = scorer(*(array[rows] for array in arrays))
                metrics |= {
                    f"{_metric_name(column, ' ')}.{_metric_name(label)}/{name}": scores[name]
                    for name in OF_A_CLASS
                }
    return metrics


def quantile_bins(observed: FloatArray) -> dict[str, NDArray[np.bool_]]:
    """Return which rows are in each fifth by observed target; equal targets are in the same one."""
    n = len(QUANTILE_BINS)
    edges = np.quantile(observed, np.arange(1, n) / n)
    place = np.searchsorted(edges, observed, side="right")
    return {name: place == i for i, name in enumerate(QUANTILE_BINS)}


def _metric_name(label: str, kept: str = ". ") -> str:
    """A name of a column or a class in the signs that names of metrics may have, no two labels the same.

    Letters of any script stay; another sign is the number of its Unicode code point, ``*`` is ``_x2a_``. Very
    long names are cut, with a number of their own.

    Args:
        label: The column or the class.
        kept: Signs that stay, besides letters, digits, ``_`` and ``-``.
    """
    name = re.sub(rf"[^\w{kept}-]|_(?=x[0-9a-f]+_)", lambda sign: f"_x{ord(sign[0]):x}_", label)
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}_{hashlib.sha256(label.encode()).hexdigest()[:8]}"
