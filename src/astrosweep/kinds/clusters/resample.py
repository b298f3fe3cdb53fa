"""Resampling of profiles: a linear map between each cluster's own radii and common ones, and its inverse.

Shapes: N clusters, L own points, G common points. Values are interpolated piecewise linearly in a coordinate
(the radius or its logarithm). The map is inverted by least squares, which is exact wherever the common points
lie dense enough among the own ones; where they do not, no inverse exists and the shape check says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray

_SAME = 1e-9
"""Coordinates closer than this are the same: radii are scaled and back, which rounds."""
_RIDGE = 1e-14
_CHUNK = 1000


@dataclass(frozen=True, eq=False)
class Resampling:
    """The map for the clusters of one sample and one kind of profile.

    Attributes:
        order: Positions of the measured points of each cluster, those without a value last, shape (N, L).
        n_measured: Number of measured points, shape (N,).
        left: For each common point the measured point to its left, shape (N, G).
        weight: Weight of the point to its right, 0 to 1, shape (N, G).
        inside: Whether a common point lies within the measured range, shape (N, G). Outside of it the map
            repeats the nearest measured value, which nothing may take for a measurement.
        same: Whether own and common points are the same for all clusters, so that nothing is interpolated.
    """

    order: NDArray[np.int64]
    n_measured: NDArray[np.int64]
    left: NDArray[np.int64]
    weight: FloatArray
    inside: NDArray[np.bool_]
    same: bool

    @classmethod
    def between(cls, own: FloatArray, measured: NDArray[np.bool_], common: FloatArray) -> "Resampling":
        """Build the map.

        Args:
            own: Coordinates of the own points, increasing, NaN beyond the last, shape (N, L).
            measured: Whether a point has a value, shape (N, L).
            common: Coordinates of the common points, shape (G,), or (N, G) for each cluster's own.
        """
        if own.shape[1] == common.shape[-1] and measured.all() and bool(np.all(abs(own - common) < _SAME)):
            place = np.broadcast_to(np.arange(own.shape[1]), own.shape)
            left = np.minimum(place, own.shape[1] - 2)
            every = np.full(len(own), own.shape[1])
            return cls(place, every, left, (place - left).astype(float), measured, same=True)
        if len(own) > 1 and common.ndim == 1 and _rows_are_the_same(own, measured):
            return cls.between(own[:1], measured[:1], common)._repeated(len(own))
        order = np.argsort(~measured, axis=1, kind="stable")
        n_measured = measured.sum(axis=1)
        points = np.take_along_axis(own, order, axis=1)
        points = np.where(np.arange(own.shape[1]) < n_measured[:, None], points, np.inf)
        common = np.broadcast_to(common, (len(own), common.shape[-1]))
        right, end = np.zeros(common.shape, dtype=np.int64), common + _SAME
        for point in points.T:
            right += point[:, None] <= end
        left = np.clip(right - 1, 0, np.maximum(n_measured - 2, 0)[:, None])
        low = np.take_along_axis(points, left, axis=1)
        high = np.take_along_axis(points, np.minimum(left + 1, own.shape[1] - 1), axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = np.clip((common - low) / (high - low), 0.0, 1.0)
        weight = np.where(np.isfinite(weight), weight, 0.0)
        weight = np.where(weight < _SAME, 0.0, np.where(weight > 1.0 - _SAME, 1.0, weight))
        last = np.take_along_axis(points, np.maximum(n_measured - 1, 0)[:, None], axis=1)
        inside = (common >= points[:, :1] - _SAME) & (common <= last + _SAME) & (n_measured > 0)[:, None]
        return cls(order, n_measured, left, weight, inside, same=False)

    def _repeated(self, n: int) -> "Resampling":
        """The map of a single cluster for each of ``n``."""
        return Resampling(
            order=np.broadcast_to(self.order, (n, self.order.shape[1])),
            n_measured=np.broadcast_to(self.n_measured, (n,)),
            left=np.broadcast_to(self.left, (n, self.left.shape[1])),
            weight=np.broadcast_to(self.weight, (n, self.weight.shape[1])),
            inside=np.broadcast_to(self.inside, (n, self.inside.shape[1])),
            same=self.same,
        )

    def forward(self, values: FloatArray) -> FloatArray:
        """Carry values from own points, (N, L), to common ones, (N, G)."""
        if self.same:
            return values
        points = np.take_along_axis(values, self.order, axis=1)
        right = np.minimum(self.left + 1, points.shape[1] - 1)
        low = np.take_along_axis(points, self.left, axis=1)
        high = np.where(self.weight > 0.0, np.take_along_axis(points, right, axis=1), low)
        return low + self.weight * (high - low)

    def back(self, values: FloatArray) -> FloatArray:
        """Carry values from common points, (N, G), back to own ones, (N, L); NaN where nothing was measured.

        Only common points within the measured range are used.
        """
        if self.same:
            return values
        n, n_own = self.order.shape
        result = np.full((n, n_own), np.nan)
        for i in range(0, n, _CHUNK):
            rows = np.arange(i, min(i + _CHUNK, n))
            matrix = self._matrix(rows)
            known = np.where(self.inside[rows], values[rows], 0.0)
            # Normal equations: hat functions overlap with their neighbours only and are far from collinear.
            # Where they are not, the diagonal keeps the solution finite, and the shape check finds it wrong.
            gram = np.matmul(matrix.swapaxes(1, 2), matrix) + _RIDGE * np.eye(n_own)
            points = np.linalg.solve(gram, np.matmul(matrix.swapaxes(1, 2), known[..., None]))[..., 0]
            points = np.where(np.arange(n_own) < self.n_measured[rows, None], points, np.nan)
            own = np.full_like(points, np.nan)
            np.put_along_axis(own, self.order[rows], points, axis=1)
            result[rows] = own
        return result

    def _matrix(self, rows: NDArray[np.int64]) -> FloatArray:
        """The map as matrices (n, G, L); common points outside the measured range have zero rows."""
        left, weight, inside = self.left[rows], self.weight[rows], self.inside[rows]
        matrix = np.zeros((*left.shape, self.order.shape[1]))
        right = np.minimum(left + 1, self.order.shape[1] - 1)
        np.put_along_axis(matrix, right[..., None], np.where(inside, weight, 0.0)[..., None], axis=2)
        on_left = np.take_along_axis(matrix, left[..., None], axis=2)[..., 0]
        np.put_along_axis(
            matrix,
            left[..., None],
            np.where(inside, np.where(left == right, 1.0, 1.0 - weight), on_left)[..., None],
            axis=2,
        )
        return matrix


def _rows_are_the_same(own: FloatArray, measured: NDArray[np.bool_]) -> bool:
    """Whether all clusters have the same coordinates, as simulated ones have in units of R500."""
    apart = abs(own - own[:1])
    return bool((measured == measured[:1]).all() and np.all((apart < _SAME) | ~measured))
