"""How contenders did: on objects out of fold, and on the sealed ones after they were opened."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.data.kind import Judged, Kind, Preparation
from astrosweep.ensemble.contenders import judged_with
from astrosweep.ensemble.correction import SIGMA
from astrosweep.ensemble.coverage import Reliability, measure
from astrosweep.ensemble.mixture import Combined
from astrosweep.ensemble.objectives import objective_of

_DRAWS = 1000
_INTERVAL = (16.0, 84.0)


@dataclass(frozen=True, eq=False)
class Verdict:
    """How one contender did on one set of objects.

    Attributes:
        loss: Mean of the objective over the objects.
        interval: Bootstrap interval of that, 16 and 84 %.
        metrics: Metrics of the kind of data.
        reliability: Coverage, PIT, sharpness and scores of its uncertainties.
    """

    loss: float
    interval: tuple[float, float]
    metrics: Mapping[str, float]
    reliability: Reliability

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "loss": self.loss,
            "interval_68": list(self.interval),
            "metrics": dict(self.metrics),
            "reliability": self.reliability.as_dict(),
        }


@dataclass(frozen=True, eq=False)
class Judge:
    """Judges predictions of one set of objects.

    Attributes:
        kind: The kind of data.
        preparation: What gives its targets.
        judged: The objects with their truth.
        objective: What is minimised.
        scale: What residuals are divided by, shape (T,).
    """

    kind: Kind[Any, Any, Any]
    preparation: Preparation[Any, Any]
    judged: Judged[Any, Any]
    objective: str
    scale: FloatArray

    def verdict(
        self, combined: Combined, factors: FloatArray, groups: Mapping[str, NDArray[Any]] | None = None
    ) -> Verdict:
        """Judge predictions.

        Args:
            combined: The predictions.
            factors: Calibration factors of the four intervals, shape (4, N, T).
            groups: Variable to the name of each value's group, shape (N, T).
        """
        loss, judged = self.losses(combined), self.judged
        return Verdict(
            loss=float(np.nanmean(loss)),
            interval=bootstrap(loss),
            metrics=self.kind.score(
                self.preparation, judged_with(judged, combined, combined.std * factors[SIGMA]), by_class=True
            ),
            reliability=measure(judged.target - combined.mean, judged.error, combined.std, factors, groups),
        )

    def losses(self, combined: Combined) -> FloatArray:
        """Loss of each object, the mean over its known targets, shape (N,); NaN where none is known."""
        residual = (combined.mean - self.judged.target) / self.scale
        variance = (np.square(combined.std) + np.square(self.judged.error)) / np.square(self.scale)
        loss = objective_of(self.objective).loss(residual, variance)
        known = np.isfinite(loss)
        total = np.where(known, loss, 0.0).sum(axis=1)
        return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def bootstrap(loss: FloatArray) -> tuple[float, float]:
    """Interval of a mean over objects, from objects drawn with replacement.

    Args:
        loss: Of each object, shape (N,); NaN where nothing is known.
    """
    known = loss[np.isfinite(loss)]
    if len(known) < 2:
        return math.nan, math.nan
    generator = np.random.default_rng(0)
    n = len(known)
    means = [known[generator.integers(0, n, n)].mean() for _ in range(_DRAWS)]
    low, high = np.percentile(means, _INTERVAL)
    return float(low), float(high)
