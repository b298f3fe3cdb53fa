"""Linear regression with an L2 penalty that cross-validation chooses: where a network may begin.

Shapes: N objects, D inputs, T targets, R draws of each object.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import Float32Array, FloatArray

_PENALTIES = np.geomspace(1e-6, 10.0, 15)
"""In units of the mean variance of an input times the number of objects."""
_N_FOLDS = 5


def fit_ridge(
    x: Sequence[FloatArray | Float32Array], z: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit targets by a linear map of the inputs; Hoerl and Kennard 1970, Technometrics 12, 55.

    The penalty is that of the smallest error on objects left out, the same for all targets. A target that is
    NaN is left out for its object.

    Args:
        x: Inputs of each draw, shape (N, D).
        z: Targets of each draw, shape (N, T); NaN at the same places in all draws.

    Returns:
        Weights, shape (D, T); intercepts, shape (T,); root mean square residual of each target on objects
        left out, shape (T,), 1 where no object has the target.
    """
    n = len(x[0])
    parts = [np.arange(n) % min(_N_FOLDS, n) == k for k in range(min(_N_FOLDS, n))]
    known = np.isfinite(z[0])
    x0 = np.mean([draw.mean(axis=0, dtype=np.float64) for draw in x], axis=0)
    z0 = np.mean([np.where(known, draw, 0.0).sum(axis=0) for draw in z], axis=0) / np.maximum(
        known.sum(axis=0), 1
    )

    def centred(rows: NDArray[np.bool_]) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Inputs and targets of some objects, draw by draw: all at once would take much memory."""
        for of_x, of_z in zip(x, z, strict=True):
            # An unknown target counts as its mean while the penalty is chosen.
            yield of_x[rows].astype(np.float64) - x0, np.where(known[rows], of_z[rows] - z0, 0.0)

    def products(rows: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sums over objects and draws of x x, (D, D), of x z, (D, T), and of z z, (T,)."""
        sums = [(a.T @ a, a.T @ b, (b**2).sum(axis=0)) for a, b in centred(rows)]
        xx, xz, zz = (np.sum(of_draws, axis=0) for of_draws in zip(*sums, strict=True))
        return xx, xz, zz

    of_parts = [products(rows) for rows in parts]
    all_xx, all_xz, _ = (np.sum(sums, axis=0) for sums in zip(*of_parts, strict=True))
    penalties = _PENALTIES * max(float(np.trace(all_xx)) / len(all_xx), 1e-12)
    errors = np.zeros((len(penalties), z0.size))
    for rows, (xx, xz, zz) in zip(parts, of_parts, strict=True):
        values, vectors = np.linalg.eigh(all_xx - xx)
        projected = vectors.T @ (all_xz - xz)
        held = [] if known.all() else list(centred(rows))
        for i, penalty in enumerate(penalties):
            weights = vectors @ (projected / (np.maximum(values, 0.0) + penalty)[:, None])
            if known.all():
                # |x w - z|^2 from sums of products: the objects themselves need not be touched again.
                errors[i] += zz + ((xx @ weights - 2.0 * xz) * weights).sum(axis=0)
            for a, b in held:
                errors[i] += np.where(known[rows], (a @ weights - b) ** 2, 0.0).sum(axis=0)
    errors = np.maximum(errors, 0.0)
    best = int(errors.sum(axis=1).argmin())
    residual = np.sqrt(errors[best] / np.maximum(known.sum(axis=0) * len(x), 1))
    weights = np.zeros_like(all_xz)
    patterns, pattern_of = np.unique(known, axis=1, return_inverse=True)
    for i, has in enumerate(patterns.T):
        columns = pattern_of == i
        own_xx, own_xz, _ = (all_xx, all_xz, None) if has.all() else products(has)
        weights[:, columns] = np.linalg.solve(
            own_xx + penalties[best] * np.eye(len(all_xx)), own_xz[:, columns]
        )
    return weights, z0 - x0 @ weights, np.where(residual > 0.0, residual, 1.0)
