"""The range of some numbers, as a model remembers what it was trained on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray

PERCENTILES = {f"p{level:g}": level for level in (0.1, 2.5, 16.0, 30.0, 50.0, 70.0, 84.0, 97.5, 99.9)}
"""Name to percentage of those between the smallest and the largest number."""


def range_of_numbers(values: NDArray[Any]) -> dict[str, float | None]:
    """Return the range of numbers of any shape; what is not finite is missing.

    Returns:
        ``min``, the ``PERCENTILES`` and ``max``, None where there is no number, and the share ``missing``.
    """
    known = values[np.isfinite(values)]
    missing = 1.0 - known.size / values.size if values.size else 1.0
    if not known.size:
        return {**dict.fromkeys(("min", *PERCENTILES, "max")), "missing": missing}
    between = np.percentile(known, list(PERCENTILES.values())).tolist()
    return {
        "min": float(known.min()),
        **dict(zip(PERCENTILES, between, strict=True)),
        "max": float(known.max()),
        "missing": missing,
    }


def known_shares(told: Mapping[str, Any]) -> tuple[FloatArray, FloatArray]:
    """What ``range_of_numbers`` tells of a cumulative distribution.

    Args:
        told: What it gave.

    Returns:
        Numbers, and the share of values below each; both empty where there was no number.
    """
    levels = {"min": 0.0, **{name: level / 100.0 for name, level in PERCENTILES.items()}, "max": 1.0}
    points = [(told[name], level) for name, level in levels.items() if told.get(name) is not None]
    at, share = np.array(points, dtype=np.float64).reshape(-1, 2).T
    return at, share
