"""Intervals for the true value: a factor of the predicted uncertainty for each level and group of objects.

The half width of a level's interval is ``f s``; the factor ``f`` is the split-conformal quantile of scores
from which the catalogue's own error is taken off (``core.conformal``), so that it is the true value that is
covered, and not the observed one. It is a product: what all objects have in common, and for each variable the
correction of the object's group, fitted one variable after the other. A correction of fewer than 200
residuals is shrunk towards the common factor.

Shapes: N objects, T target columns, four levels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.conformal import conformal_quantile, conformal_scores
from astrosweep.core.errors import DataError, FormatError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.ensemble.correction import (
    LEVELS,
    SMALLEST,
    Correction,
    Z,
    expect_keys,
    fit_correction,
    read_correction,
    read_count,
    read_factors,
)
from astrosweep.ensemble.grouping import UNKNOWN, make_grouping

Variables = Mapping[str, NDArray[Any]]
"""Name to values that can be broadcast to (N, T): numbers, or strings for classes."""


@dataclass(frozen=True)
class Calibration:
    """Fitted factors.

    Attributes:
        n: Residuals on which they were fitted.
        common: Factor of each level that all objects have in common.
        corrections: In the order in which they were fitted.
    """

    n: int
    common: tuple[float, ...]
    corrections: tuple[Correction, ...] = ()

    def factors(self, shape: tuple[int, int], variables: Variables) -> FloatArray:
        """Factor of each level for each object's targets, shape (4, N, T); they never fall with the level.

        Args:
            shape: (N, T).
            variables: Those of the fit; others are not looked at.

        Raises:
            DataError: A variable is missing, or is not of the kind that it was.
        """
        found = np.broadcast_to(np.array(self.common)[:, None, None], (len(LEVELS), *shape)).copy()
        for correction in self.corrections:
            found *= correction.of(_values(correction.grouping.name, variables, shape))
        return np.maximum.accumulate(found, axis=0)

    def half_widths(self, std: FloatArray, variables: Variables) -> FloatArray:
        """Half width of each level's interval for the true value, shape (4, N, T), in the unit of ``std``."""
        n, t = std.shape
        return self.factors((n, t), variables) * std

    def labels(self, shape: tuple[int, int], variables: Variables) -> dict[str, NDArray[np.object_]]:
        """Readable name of the group of each object's targets by variable, each of shape (N, T)."""
        found: dict[str, NDArray[np.object_]] = {}
        for grouping in (correction.grouping for correction in self.corrections):
            names = np.array([*grouping.labels, UNKNOWN], dtype=object)
            place = grouping.place(_values(grouping.name, variables, shape))
            found[grouping.name] = np.broadcast_to(names[place], shape)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, which ``from_dict`` reads back to the last bit."""
        return {
            "levels": list(LEVELS),
            "n": self.n,
            "common": list(self.common),
            "corrections": [
                {
                    "grouping": correction.grouping.as_dict(),
                    "factors": [list(factors) for factors in correction.factors],
                    "counts": list(correction.counts),
                }
                for correction in self.corrections
            ],
        }

    @classmethod
    def from_dict(cls, value: Any) -> "Calibration":
        """Read what ``as_dict`` gave.

        Raises:
            FormatError: A key is missing or unknown, or a value is not what it can be.
        """
        expect_keys(value, {"levels", "n", "common", "corrections"})
        if value["levels"] != list(LEVELS):
            raise FormatError(f"calibration: levels {value['levels']}; expected {list(LEVELS)}")
        if not isinstance(value["corrections"], list):
            raise FormatError(f"calibration: corrections must be a list, found {value['corrections']!r:.80}")
        corrections = tuple(read_correction(one) for one in value["corrections"])
        names = [correction.grouping.name for correction in corrections]
        if len(set(names)) != len(names):
            raise FormatError(f"calibration: a variable is there twice: {names}")
        return cls(read_count(value["n"]), read_factors(value["common"]), corrections)


def fit_calibration(
    residual: FloatArray, error: FloatArray, std: FloatArray, variables: Variables | None = None
) -> Calibration:
    """Fit the factors.

    Args:
        residual: Observed minus predicted, of predictions that did not see the target, shape (N, T); NaN
            where nothing is known.
        error: Catalogue error, 0 where unknown, shape (N, T).
        std: Predicted standard deviation of the true value, shape (N, T), positive where it is known.
        variables: What groups are made of, in the order in which they are fitted.

    Raises:
        DataError: No residual is known, or uncertainties are not positive.
    """
    known = np.isfinite(residual)
    r, e, s = residual[known], error[known], std[known]
    if not len(r):
        raise DataError("calibration: no residual is known")
    if not (np.isfinite(s).all() and (s > 0.0).all()):
        raise DataError(f"calibration: {int((~(s > 0.0)).sum())} of {len(s)} uncertainties are not positive")
    scores = np.stack([conformal_scores(r, e, s, z) for z in Z])
    least = max(SMALLEST * float(np.sqrt(np.mean(r**2) / np.mean(s**2))), np.finfo(np.float64).tiny)
    common = tuple(
        max(conformal_quantile(score, level), least) for score, level in zip(scores, LEVELS, strict=True)
    )
    so_far = np.repeat(np.array(common)[:, None], len(r), axis=1)
    corrections = []
    shape = (residual.shape[0], residual.shape[1])
    for name in variables or {}:
        values = _values(name, variables or {}, shape)
        grouping = make_grouping(name, _known_values(values, known))
        place = np.broadcast_to(grouping.place(values), shape)[known]
        correction = fit_correction(grouping, place, scores / so_far)
        so_far *= np.broadcast_to(correction.of(values), (len(LEVELS), *shape))[:, known]
        corrections.append(correction)
    return Calibration(len(r), common, tuple(corrections))


def cross_fit(
    residual: FloatArray, error: FloatArray, std: FloatArray, variables: Variables, group: IdArray
) -> FloatArray:
    """Factors of each object that were fitted on the other outer folds, shape (4, N, T).

    Takes what ``fit_calibration`` takes, and the outer fold of each object, shape (N,).

    Raises:
        DataError: Outside of a fold no residual is known.
    """
    n, t = residual.shape
    checked = {name: _values(name, variables, (n, t)) for name in variables}
    factors = np.ones((len(LEVELS), n, t))
    for label in np.unique(group):
        own = group == label
        fitted = fit_calibration(residual[~own], error[~own], std[~own], _of_rows(checked, ~own))
        factors[:, own] = fitted.factors((int(own.sum()), t), _of_rows(checked, own))
    return factors


def _of_rows(variables: Variables, rows: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """Variables of some objects; one that is the same for all objects stays as it is."""
    return {name: values if values.shape[0] == 1 else values[rows] for name, values in variables.items()}


def _known_values(values: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[Any]:
    """Values of a variable where a residual is known; of classes each once is enough, and quicker."""
    if values.dtype.kind in "OU":
        alike = tuple(axis for axis in (0, 1) if values.shape[axis] == 1)
        return values[known.any(axis=alike, keepdims=True)]
    return np.broadcast_to(values, known.shape)[known]


def _values(name: str, variables: Variables, shape: tuple[int, int]) -> NDArray[Any]:
    """A variable in two dimensions, each of them whole or 1."""
    if name not in variables:
        raise DataError(f"calibration variable {name} is missing; found {', '.join(variables) or 'none'}")
    values = np.atleast_2d(np.asarray(variables[name]))
    if values.ndim != 2 or any(own not in (1, whole) for own, whole in zip(values.shape, shape, strict=True)):
        found = np.shape(variables[name])
        raise DataError(f"calibration variable {name} has the shape {found}; expected {shape}")
    return values
