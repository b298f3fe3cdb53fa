"""Which values are missing, as in the real tables."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

FAINTNESS = 1.0
"""Rise of the log odds of a missing value per magnitude: faint stars are measured less often."""


@dataclass(frozen=True)
class Gap:
    """Columns that are missing together.

    Attributes:
        columns: Their names.
        fraction: Share of all stars, 0 to 1.
        group: Gaps of one group lie inside each other: where the rarer is missing, so is the commoner.
    """

    columns: tuple[str, ...]
    fraction: float
    group: str


def punch(columns: dict[str, NDArray[Any]], gaps: tuple[Gap, ...], rng: Generator) -> None:
    """Replace values by NaN, in place.

    The stars of a gap are those with the highest score, which rises with the G magnitude and has logistic
    noise; so the fraction is met whatever the magnitudes are.

    Args:
        columns: Arrays of shape (n_stars,) by name, with ``phot_g_mean_mag``.
        gaps: What to remove.
        rng: Source of the scores.
    """
    g_mag = columns["phot_g_mean_mag"]
    for group in dict.fromkeys(gap.group for gap in gaps):
        score = FAINTNESS * g_mag + rng.logistic(size=g_mag.size)
        for gap in gaps:
            if gap.group == group:
                hidden = score > np.quantile(score, 1.0 - gap.fraction)
                for name in gap.columns:
                    columns[name] = np.where(hidden, np.nan, columns[name])
