"""Whether intervals hold what they should: coverage, PIT histogram, sharpness, NLL and CRPS."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.ensemble.correction import LEVELS, Z
from astrosweep.ensemble.objectives import OBJECTIVES

PIT_BINS = 10


@dataclass(frozen=True)
class Coverage:
    """How many values an interval covers.

    Attributes:
        level: What was asked for.
        share: Part of the values that are covered.
        std_error: Binomial standard error of the share at the level, for as many draws as there are objects:
            the values of one object are not independent.
        n: Values.
        objects: Objects that have them.
    """

    level: float
    share: float
    std_error: float
    n: int
    objects: int


@dataclass(frozen=True)
class Reliability:
    """What a report says of intervals; widths and scores in the unit of the target.

    Attributes:
        overall: Coverage of each level.
        by_group: The same by variable and group.
        pit: Values in each tenth of the probability integral transform of a Gaussian of the calibrated
            68.27 % uncertainty and the catalogue's error; equally many in each if it is true.
        sharpness: Median full width of each level's interval for the true value.
        nll: Mean negative log-likelihood of that Gaussian.
        crps: Mean continuous ranked probability score of it.
    """

    overall: tuple[Coverage, ...]
    by_group: Mapping[str, Mapping[str, tuple[Coverage, ...]]] = field(default_factory=dict)
    pit: tuple[int, ...] = ()
    sharpness: tuple[float, ...] = ()
    nll: float = math.nan
    crps: float = math.nan

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def measure(
    residual: FloatArray,
    error: FloatArray,
    std: FloatArray,
    factors: FloatArray,
    groups: Mapping[str, NDArray[Any]] | None = None,
) -> Reliability:
    """Measure intervals on objects that their factors did not see.

    A value is covered when ``r^2 <= (f s)^2 + (z e)^2``: with the true value in the interval as often as the
    level says, and Gaussian errors, so many observed ones are.

    Args:
        residual: Observed minus predicted, shape (N, T); NaN where nothing is known.
        error: Catalogue error, 0 where unknown, shape (N, T); 0 where the residual is of the true value.
        std: Predicted standard deviation of the true value, before calibration, shape (N, T).
        factors: Of ``cross_fit`` or ``Calibration.factors``, shape (4, N, T).
        groups: Variable to the name of each value's group, shape (N, T): ``Calibration.labels``.

    Raises:
        DataError: No residual is known.
    """
    known = np.isfinite(residual)
    if not known.any():
        raise DataError("coverage: no residual is known")
    rows = np.nonzero(known)[0]
    r, e = residual[known], error[known]
    widths = np.stack([(factor * std)[known] for factor in factors])
    covered = np.stack([r**2 <= width**2 + (z * e) ** 2 for width, z in zip(widths, Z, strict=True)])
    by_group = {}
    for name, labels in (groups or {}).items():
        place, found = pd.factorize(np.broadcast_to(labels, residual.shape)[known])
        order = np.argsort(place, kind="stable")
        edges = np.searchsorted(place[order], np.arange(len(found) + 1))
        inside = {str(label): order[edges[i] : edges[i + 1]] for i, label in enumerate(found)}
        by_group[name] = {
            label: _coverage(covered[:, inside[label]], rows[inside[label]]) for label in sorted(inside)
        }
    variance = widths[LEVELS.index(0.6827)] ** 2 + e**2
    pit = ndtr(r / np.sqrt(variance))
    counts = np.histogram(pit, bins=PIT_BINS, range=(0.0, 1.0))[0]
    return Reliability(
        overall=_coverage(covered, rows),
        by_group=by_group,
        pit=tuple(int(count) for count in counts),
        sharpness=tuple(float(np.median(2.0 * width)) for width in widths),
        nll=float(OBJECTIVES["nll"].loss(r, variance).mean()),
        crps=float(OBJECTIVES["crps"].loss(r, variance).mean()),
    )


def _coverage(covered: NDArray[np.bool_], rows: NDArray[np.int64]) -> tuple[Coverage, ...]:
    objects = len(np.unique(rows))
    return tuple(
        Coverage(
            level,
            float(inside.mean()),
            math.sqrt(level * (1.0 - level) / objects),
            len(inside),
            objects,
        )
        for level, inside in zip(LEVELS, covered, strict=True)
    )
