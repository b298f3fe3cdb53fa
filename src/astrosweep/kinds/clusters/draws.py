"""Draws of whole profiles from what was predicted of each point.

Shapes: D draws, P output points.

Predictions say how uncertain each point is, not how errors at two radii belong together, which decides the
uncertainty of any integral or slope. What is assumed of the errors of logarithms:

- Along ln r they are Gaussian with the correlation exp(-(d / L)^2 / 2), L = 0.55. Measured on simulated
  clusters, of all three quantities: residuals of deprojectors are so, and so is what two trainings of one
  disagree about (docs/clusters.md). Hence both parts of the uncertainty, what the data leave open and what
  the members disagree about, are drawn alike; neither is independent from radius to radius.
- Errors of density and temperature are correlated at each radius as the three predicted variances say:
  since ln P = ln n_e + ln T, 2 cov(n_e, T) = var(P) - var(n_e) - var(T). The pressure's error is the sum.

The standard deviation of each quantity at each radius is the predicted one.
"""

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from astrosweep.core.types import FloatArray

LENGTH = 0.55
"""Correlation length of errors in the natural logarithm of the radius."""
_ALL = frozenset({"pressure", "density", "temperature"})
_STRONGEST = 0.99
_LEAST_VALUE = 1e-10


def draw_errors(
    ln_radius: FloatArray, std: Mapping[str, FloatArray], n_draws: int, rng: Generator
) -> dict[str, FloatArray]:
    """Draw errors of the logarithms of the profiles of one cluster.

    Args:
        ln_radius: Natural logarithms of the radii, shape (P,).
        std: ``pressure``, ``density`` and ``temperature``, or any of them, to the 1-sigma uncertainty of its
            logarithm, positive, shape (P,).
        n_draws: Number of draws, D.
        rng: Random numbers.

    Returns:
        Quantity to what to add to its predicted mean, shape (D, P).
    """
    root = _root(ln_radius)
    units = {name: rng.standard_normal((n_draws, len(root))) @ root.T for name in sorted(std)}
    if not set(std) >= _ALL:
        return {name: units[name] * std[name] for name in std}
    density, temperature, pressure = (std[name] for name in ("density", "temperature", "pressure"))
    together = correlation(pressure, density, temperature)
    mixed = together * units["density"] + np.sqrt(1.0 - together**2) * units["temperature"]
    errors = {"density": units["density"] * density, "temperature": mixed * temperature}
    both = np.sqrt(density**2 + temperature**2 + 2.0 * together * density * temperature)
    return {"pressure": (errors["density"] + errors["temperature"]) * (pressure / both), **errors}


def correlation(pressure: FloatArray, density: FloatArray, temperature: FloatArray) -> FloatArray:
    """Return how errors of density and temperature are correlated, from 1-sigma uncertainties of logarithms.

    At most 0.99 either way, since calibrated variances need not fit together.
    """
    covariance = 0.5 * (pressure**2 - density**2 - temperature**2)
    return np.asarray(np.clip(covariance / (density * temperature), -_STRONGEST, _STRONGEST))


def _root(ln_radius: FloatArray) -> FloatArray:
    """Return a matrix A (P, P) with A A^T the correlation along the radius."""
    apart = ln_radius[:, None] - ln_radius
    values, vectors = np.linalg.eigh(np.exp(-0.5 * (apart / LENGTH) ** 2))
    root = vectors * np.sqrt(np.maximum(values, _LEAST_VALUE))
    return np.asarray(root / np.linalg.norm(root, axis=1, keepdims=True))
