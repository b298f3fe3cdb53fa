"""Linear regression with an L2 penalty that cross-validation chooses: where a network may begin.

Shapes: N objects, D inputs, T targets, R draws of each object.
"""

from collections.abc import Sequence

import numpy as np

from astrosweep.core.types import FloatArray

_PENALTIES = np.geomspace(1e-6, 10.0, 15)
"""In units of the mean variance of an input times the number of objects."""
_N_FOLDS = 5


def fit_ridge(x: Sequence[FloatArray], z: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
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
    fold = np.arange(len(x[0])) % min(_N_FOLDS, len(x[0]))
    known = np.isfinite(z[0])
    x0 = np.mean([draw.mean(axis=0) for draw in x], axis=0)
    z0 = np.mean([np.where(known, draw, 0.0).sum(axis=0) for draw in z], axis=0) / np.maximum(
        known.sum(axis=0), 1
    )
    centred = [draw - x0 for draw in x]
    # An unknown target counts as its mean while the penalty is chosen.
    filled = [np.where(known, draw - z0, 0.0) for draw in z]
    xx = [sum(draw[fold == k].T @ draw[fold == k] for draw in centred) for k in np.unique(fold)]
    xz = [
        sum(a[fold == k].T @ b[fold == k] for a, b in zip(centred, filled, strict=True))
        for k in np.unique(fold)
    ]
    all_xx, all_xz = np.sum(xx, axis=0), np.sum(xz, axis=0)
    penalties = _PENALTIES * max(float(np.trace(all_xx)) / len(all_xx), 1e-12)
    errors = np.zeros((len(penalties), z0.size))
    for k in np.unique(fold):
        values, vectors = np.linalg.eigh(all_xx - xx[k])
        projected = vectors.T @ (all_xz - xz[k])
        held = [(a[fold == k], b[fold == k]) for a, b in zip(centred, filled, strict=True)]
        for i, penalty in enumerate(penalties):
            weights = vectors @ (projected / (np.maximum(values, 0.0) + penalty)[:, None])
            if known.all():
                # |x w - z|^2 from sums of products: the objects themselves need not be touched again.
                squares = np.sum([(b**2).sum(axis=0) for _, b in held], axis=0)
                errors[i] += squares + ((xx[k] @ weights - 2.0 * xz[k]) * weights).sum(axis=0)
            else:
                for a, b in held:
                    errors[i] += np.where(known[fold == k], (a @ weights - b) ** 2, 0.0).sum(axis=0)
    errors = np.maximum(errors, 0.0)
    best = int(errors.sum(axis=1).argmin())
    residual = np.sqrt(errors[best] / np.maximum(known.sum(axis=0) * len(x), 1))
    weights = np.zeros_like(all_xz)
    patterns, pattern_of = np.unique(known, axis=1, return_inverse=True)
    for i, has in enumerate(patterns.T):
        columns = pattern_of == i
        if has.all():
            own_xx, own_xz = all_xx, all_xz[:, columns]
        else:
            own_xx = sum(draw[has].T @ draw[has] for draw in centred)
            own_xz = sum(a[has].T @ b[has][:, columns] for a, b in zip(centred, filled, strict=True))
        weights[:, columns] = np.linalg.solve(own_xx + penalties[best] * np.eye(len(all_xx)), own_xz)
    return weights, z0 - x0 @ weights, np.where(residual > 0.0, residual, 1.0)
