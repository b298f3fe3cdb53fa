"""Where training rows lie: each number by its rank among them, and all together by their covariance.

A number becomes the normal score of its rank; beyond the ends it goes on with the slope of the tail, so that
numbers of any distribution are as far outside as their own scatter says. What fresh rows of the same
population give is measured out of fold, and sets both limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri
from sklearn.covariance import ledoit_wolf

from astrosweep.core.types import FloatArray

_GRID = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, *range(10, 91, 5), 95.0, 98.0, 99.0, 99.5, 99.8, 100.0)
_TAIL = 10.0
"""Percentage of the rows whose scatter is that of a tail."""
_MOST_ROWS, _FEWEST_ROWS, _FOLDS = 20_000, 20, 5
_FRESH = 99.0
"""Percentage of fresh rows within each limit."""
_LEAST_MARGIN = 0.25
_MOST_SCORE = 100.0


@dataclass(frozen=True, eq=False)
class Score:
    """From the numbers of one column to normal scores.

    Attributes:
        x: Numbers, rising strictly, two at least.
        z: Their normal scores.
        slopes: Scores by number below the first and above the last.
    """

    x: FloatArray
    z: FloatArray
    slopes: tuple[float, float]

    def of(self, values: FloatArray) -> FloatArray:
        """Scores of numbers; NaN where missing."""
        inside = np.interp(values, self.x, self.z)
        below, above = np.minimum(values - self.x[0], 0.0), np.maximum(values - self.x[-1], 0.0)
        outside = below * self.slopes[0] + above * self.slopes[1]
        return np.asarray(np.clip(inside + outside, -_MOST_SCORE, _MOST_SCORE))

    def limits(self, margin: float) -> tuple[float, float]:
        """The numbers that are a margin outside of the first and the last."""
        return self.x[0] - margin / self.slopes[0], self.x[-1] + margin / self.slopes[1]


@dataclass(frozen=True, eq=False)
class Space:
    """Training rows as a model remembers them.

    Attributes:
        scores: Name of a numeric column to its scores.
        margin: How far outside, in scores, fresh rows may lie.
        center: Mean of the scores, shape (D,).
        precision: Inverse of their covariance, shape (D, D).
        distance: The Mahalanobis distance that one in a hundred fresh rows exceeds.
    """

    scores: dict[str, Score]
    margin: float
    center: FloatArray
    precision: FloatArray
    distance: float

    def distances(self, frame: pd.DataFrame) -> FloatArray:
        """Mahalanobis distance of rows over ``distance``, shape (N,); what is missing is at the center."""
        off = _matrix(self.scores, frame) - self.center
        off = np.where(np.isnan(off), 0.0, off)
        squared = np.einsum("nd,nd->n", off @ self.precision, off)
        return np.asarray(np.sqrt(np.maximum(squared, 0.0)) / self.distance)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        scores = {
            name: {"x": score.x.tolist(), "z": score.z.tolist(), "slopes": list(score.slopes)}
            for name, score in self.scores.items()
        }
        return {
            "scores": scores,
            "margin": self.margin,
            "center": self.center.tolist(),
            "precision": self.precision.tolist(),
            "distance": self.distance,
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Space":
        """Read what ``as_dict`` gave.

        Raises:
            KeyError, TypeError, ValueError: It is something else.
        """
        scores = {
            str(name): Score(
                np.array(one["x"], dtype=np.float64),
                np.array(one["z"], dtype=np.float64),
                (float(one["slopes"][0]), float(one["slopes"][1])),
            )
            for name, one in found["scores"].items()
        }
        n = len(scores)
        center, precision = (np.array(found[key], dtype=np.float64) for key in ("center", "precision"))
        if center.shape != (n,) or precision.shape != (n, n):
            raise ValueError(f"center {center.shape} and precision {precision.shape} of {n} columns")
        return cls(scores, float(found["margin"]), center, precision, float(found["distance"]))


def fit_space(frame: pd.DataFrame) -> Space | None:
    """Fit the space of training rows.

    Args:
        frame: Their numeric columns, NaN where missing.

    Returns:
        None where there are too few rows or columns to say anything.
    """
    rng = np.random.default_rng(0)
    if len(frame) > _MOST_ROWS:
        frame = frame.iloc[np.sort(rng.choice(len(frame), _MOST_ROWS, replace=False))]
    if len(frame) < _FEWEST_ROWS or not (whole := _fit(frame)).scores:
        return None
    fold = rng.permutation(len(frame)) % _FOLDS
    outside, distances = [], []
    for k in range(_FOLDS):
        own = _fit(frame[fold != k])
        fresh = frame[fold == k]
        if not own.scores:
            continue
        z = _matrix(own.scores, fresh)
        lows, highs = (np.array([score.z[end] for score in own.scores.values()]) for end in (0, -1))
        outside.append(np.nanmax(np.maximum(np.maximum(z - highs, lows - z), 0.0), axis=1, initial=0.0))
        distances.append(own.distances(fresh))
    margin = max(float(np.percentile(np.concatenate(outside), _FRESH)), _LEAST_MARGIN)
    distance = max(float(np.percentile(np.concatenate(distances), _FRESH)), np.finfo(np.float64).tiny)
    return Space(whole.scores, margin, whole.center, whole.precision, distance)


def _fit(frame: pd.DataFrame) -> Space:
    scores = {
        str(name): score for name in frame for score in [_score(frame[name].to_numpy(np.float64))] if score
    }
    z = _matrix(scores, frame)
    z = np.where(np.isnan(z), 0.0, z)
    if not scores:
        return Space(scores, 0.0, np.zeros(0), np.zeros((0, 0)), 1.0)
    covariance, _ = ledoit_wolf(z)
    covariance += 1e-6 * np.eye(len(covariance))
    return Space(scores, 0.0, z.mean(axis=0), np.linalg.inv(covariance), 1.0)


def _score(values: FloatArray) -> Score | None:
    known = values[np.isfinite(values)]
    if len(known) < 2 or known.min() == known.max():
        return None
    least = 0.5 / len(known)
    grid = np.array(_GRID)
    at = np.percentile(known, grid)
    rank = ndtri(np.clip(grid / 100.0, least, 1.0 - least))
    x, place = np.unique(at, return_inverse=True)
    z = np.bincount(place, weights=rank) / np.bincount(place)
    z[0], z[-1] = ndtri(least), ndtri(1.0 - least)
    tails = np.percentile(known, (_TAIL, 100.0 - _TAIL))
    width = np.array([tails[0] - x[0], x[-1] - tails[1]])
    scatter = (x[-1] - x[0]) / (z[-1] - z[0])
    rise = ndtri(1.0 - least) - ndtri(1.0 - _TAIL / 100.0)
    slopes = np.where(width > 0.0, max(rise, 0.1) / np.where(width > 0.0, width, 1.0), 1.0 / scatter)
    return Score(x, z, (float(slopes[0]), float(slopes[1])))


def _matrix(scores: Mapping[str, Score], frame: pd.DataFrame) -> FloatArray:
    """Scores of rows, shape (N, D)."""
    found = np.full((len(frame), len(scores)), np.nan)
    for place, (name, score) in enumerate(scores.items()):
        if name in frame:
            found[:, place] = score.of(frame[name].to_numpy(dtype=np.float64))
    return found
