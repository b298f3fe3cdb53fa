"""Simulated candidates for the tests of ensembles."""

import numpy as np

from astrosweep.ensemble.problem import Problem


def scalar(mean, target, std=None, error=None, n_groups=5) -> Problem:
    """A problem of one target: means of shape (M, N), targets of shape (N,)."""
    mean, target = np.asarray(mean, dtype=np.float32), np.asarray(target, dtype=np.float64)
    std = np.ones_like(mean) if std is None else np.asarray(std, dtype=np.float32)
    error = np.zeros_like(target) if error is None else np.asarray(error, dtype=np.float64)
    return Problem(
        names=tuple(f"candidate {i}" for i in range(len(mean))),
        mean=mean[..., None],
        std=std[..., None],
        target=target[:, None],
        error=error[:, None],
        group=np.arange(len(target)) % n_groups,
        scale=np.ones(1),
        channels=("y",),
    )


def equally_good(rng, n_rows, n_candidates, correlation) -> tuple[Problem, np.ndarray]:
    """Candidates of unit variance about the target, and the part of the residual that all share, (N,)."""
    target = rng.normal(size=n_rows)
    shared = np.sqrt(correlation) * rng.normal(size=n_rows)
    own = np.sqrt(1.0 - correlation) * rng.normal(size=(n_candidates, n_rows))
    return scalar(target + shared + own, target), shared


def profiles(rng, n_objects=60, n_candidates=6, n_points=4, missing=0.3) -> Problem:
    """Two channels of different scale, some targets unknown, one candidate that did not learn a column."""
    n_columns = 2 * n_points
    scale = np.repeat([1.0, 10.0], n_points)
    target = scale * rng.normal(size=(n_objects, n_columns))
    spread = np.linspace(0.5, 1.5, n_candidates)[:, None, None]
    mean = (target + scale * spread * rng.normal(size=(n_candidates, n_objects, n_columns))).astype(
        np.float32
    )
    std = (scale * rng.uniform(0.5, 1.5, mean.shape)).astype(np.float32)
    mean[1, :, 2] = np.nan
    std[1, :, 2] = np.nan
    target[rng.random(target.shape) < missing] = np.nan
    target[3] = np.nan
    return Problem(
        names=tuple(f"candidate {i}" for i in range(n_candidates)),
        mean=mean,
        std=std,
        target=target,
        error=np.where(np.isnan(target), 0.0, scale * rng.uniform(0.0, 0.3, target.shape)),
        group=np.arange(n_objects) % 4,
        scale=scale,
        channels=("density", "temperature"),
        n_points=n_points,
    )
