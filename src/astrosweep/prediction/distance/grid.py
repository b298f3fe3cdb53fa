"""Densities on a grid of their own for each star: where they are not negligible, and their quantiles."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray

LogDensity = Callable[[FloatArray, NDArray[np.intp]], FloatArray]
"""The logarithm of the density at points of shape (M, K), or (1, K), of the M stars of these rows."""
_DEPTH = 12.0
"""A density is negligible below exp(-12) of its maximum: 4.9 sigma of a Gaussian."""
_COARSE, _POINTS = 96, 32
_FINE, _FINEST, _WIDE = 192, 384, 3.5
"""Points over a support, and over one that is wider than ``_WIDE``, which may have a narrow mode."""
_MOST_PASSES = 20


def support(log_density: LogDensity, n_stars: int, low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Find where the density of each star is not negligible, by ever smaller grids.

    The points next to the highest and next to all that are not negligible stay. That loses no mode whose
    width is at least the distance of the first grid's points, and none of a density that has one mode only.

    Args:
        log_density: Whose.
        n_stars: Their number, N.
        low: Lower limit of all.
        high: Upper limit of all.

    Returns:
        Lower and upper end of each star, shape (N,); NaN for a star whose density is nowhere a number.
    """
    rows = np.arange(n_stars)
    lows, highs = np.full(n_stars, np.nan), np.full(n_stars, np.nan)
    points = np.linspace(low, high, _COARSE)[np.newaxis]
    for _ in range(_MOST_PASSES):
        values = log_density(points, rows)
        peak = values.max(axis=1, keepdims=True)
        inside = values >= peak - _DEPTH
        last = points.shape[1] - 1
        first_kept = np.maximum(inside.argmax(axis=1) - 1, 0)
        last_kept = np.minimum(last + 1 - inside[:, ::-1].argmax(axis=1), last)
        known = np.isfinite(peak[:, 0])
        at = np.arange(len(rows)) if len(points) > 1 else np.zeros(len(rows), dtype=np.intp)
        lows[rows[known]] = points[at, first_kept][known]
        highs[rows[known]] = points[at, last_kept][known]
        rows = rows[known & (last_kept - first_kept < last // 2)]
        if not len(rows):
            break
        points = _points(lows[rows], highs[rows], _POINTS)
    return lows, highs


def quantiles(
    log_density: LogDensity, lows: FloatArray, highs: FloatArray, probabilities: tuple[float, ...]
) -> FloatArray:
    """Return quantiles of densities that are negligible outside their supports.

    Between two points the mass is that of the cubic through the four points around them, and the density a
    straight line with that mass.

    Args:
        log_density: Whose.
        lows: Lower end of each star, shape (N,), finite.
        highs: Upper end, shape (N,).
        probabilities: Of which quantiles, Q of them.

    Returns:
        Shape (N, Q).
    """
    found = np.empty((len(lows), len(probabilities)))
    wide = highs - lows > _WIDE
    for number, rows in ((_FINE, np.flatnonzero(~wide)), (_FINEST, np.flatnonzero(wide))):
        if len(rows):
            points = _points(lows[rows], highs[rows], number)
            density = log_density(points, rows)
            density -= density.max(axis=1, keepdims=True)
            places = _places(np.exp(density, out=density), probabilities) / (number - 1)
            found[rows] = lows[rows, np.newaxis] + (highs - lows)[rows, np.newaxis] * places
    return found


def _places(density: FloatArray, probabilities: tuple[float, ...]) -> FloatArray:
    """Where the quantiles of densities of shape (M, K) are, in steps from the first point, shape (M, Q)."""
    rows, last_cell = np.arange(len(density)), density.shape[1] - 2
    mass = np.empty((len(density), last_cell + 1))
    pairs = density[:, :-1] + density[:, 1:]
    mass[:, 1:-1] = np.maximum(13 * pairs[:, 1:-1] - density[:, :-3] - density[:, 3:], 0) / 24
    mass[:, [0, -1]] = pairs[:, [0, -1]] / 2
    below = np.cumsum(mass, axis=1)
    places = np.empty((len(density), len(probabilities)))
    for column, probability in enumerate(probabilities):
        wanted = probability * below[:, -1]
        cell = np.minimum((below < wanted[:, np.newaxis]).sum(axis=1), last_cell)
        in_cell = mass[rows, cell]
        share = 1 - np.clip((below[rows, cell] - wanted) / np.where(in_cell > 0, in_cell, 1), 0, 1)
        left, right = density[rows, cell], density[rows, cell + 1]
        area = share * (left + right) / 2
        root = left + np.sqrt(np.maximum(left**2 + 2 * (right - left) * area, 0))
        places[:, column] = cell + np.divide(2 * area, root, out=share.copy(), where=root > 0).clip(0, 1)
    return places


def _points(lows: FloatArray, highs: FloatArray, number: int) -> FloatArray:
    """Evenly spaced points of each star from end to end, shape (N, number)."""
    even = np.linspace(0, 1, number)
    return lows[:, np.newaxis] + (highs - lows)[:, np.newaxis] * even
