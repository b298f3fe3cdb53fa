"""The range of some numbers, as a model remembers what it was trained on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PERCENTILES = {"p0.1": 0.1, "p50": 50.0, "p99.9": 99.9}
"""Name to percentage of those between the smallest and the largest number."""


def range_of_numbers(values: NDArray[Any]) -> dict[str, float | None]:
    """Return the range of numbers of any shape; what is not finite is missing.

    Returns:
        ``min``, ``p0.1``, ``p50``, ``p99.9`` and ``max``, None where there is no number, and the share
        ``missing``.
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
