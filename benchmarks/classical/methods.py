"""The one entry point of the classical methods.

Shapes: N clusters, R radii, D draws.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.sample import Clusters

from .multiscale import fit_emissivity, king_functions
from .observation import Observation, density, interpolate, observation
from .onion import deproject_onion
from .temperature import N_KNOTS, SHELLS, TemperatureModel

Profile = tuple[FloatArray, FloatArray]
"""Electron density in cm^-3 and temperature in keV, shape (R,) each."""
Analyses = Callable[[Observation, FloatArray, np.random.Generator], Iterator[Profile]]
"""Of one cluster: first the analysis of the measurements, then without end those of perturbed ones."""


@dataclass(frozen=True, eq=False)
class Deprojection:
    """3D profiles of a sample.

    Attributes:
        profiles: Target (``ne3d``, ``t3d``, ``szp3d``) to its value, shape (N, R), and the 1-sigma
            uncertainty of the value's logarithm, shape (N, R), None without draws.
        time_s: Time each cluster took without its uncertainties, shape (N,).
        draws_time_s: Time its uncertainties took, shape (N,).
    """

    profiles: Mapping[str, tuple[FloatArray, FloatArray | None]]
    time_s: FloatArray
    draws_time_s: FloatArray


def _onion(data: Observation, radii_x: FloatArray, generator: np.random.Generator) -> Iterator[Profile]:
    """Peel the measurements, then the measurements with their noise added once more."""
    brightness, temperature = data.brightness, data.temperature
    yield deproject_onion(data, radii_x, brightness.value, temperature.value)
    while True:
        drawn = (
            np.abs(annuli.value + annuli.error * generator.standard_normal(len(annuli.value)))
            for annuli in (brightness, temperature)
        )
        yield deproject_onion(data, radii_x, *drawn)


def _multiscale(
    data: Observation, radii_x: FloatArray, generator: np.random.Generator, fitted: bool = True
) -> Iterator[Profile]:
    """Fit the measurements, then perturbed ones.

    The emissivity by parametric bootstrap: noise is added to the fitted brightness. The temperature by
    randomise-then-optimise (Bardsley et al. 2014, SIAM J. Sci. Comput. 36, A1895): noise is added to the
    measurements and to the mean of the smoothness prior, so that the draws spread as the posterior does.
    """
    brightness, bins = data.brightness, data.temperature
    functions, model = king_functions(brightness), TemperatureModel(bins)
    best = fit_emissivity(functions, brightness.value, brightness.error)
    coefficients, measured, prior = best, bins.value, np.zeros(N_KNOTS - 2)
    while True:
        temperature = interpolate(radii_x, bins.centres, measured)
        if fitted:
            of_shells = interpolate(SHELLS, bins.centres, measured)
            # The cooling function varies slowly: a third pass changes the temperature by 0.2 % at most.
            for _ in range(2):
                shells = density(functions.emissivity(coefficients, SHELLS), of_shells)
                knots = model.fit(measured, shells, prior)
                of_shells = model.at_shells(knots)
            temperature = model.at(radii_x, knots)
        yield density(functions.emissivity(coefficients, radii_x), temperature), temperature
        noise = generator.standard_normal(len(brightness.value))
        drawn = functions.means @ best + brightness.error * noise
        coefficients = fit_emissivity(functions, drawn, brightness.error)
        measured = np.abs(bins.value + bins.error * generator.standard_normal(len(bins.value)))
        prior = generator.standard_normal(N_KNOTS - 2)


def _multiscale_projected(
    data: Observation, radii_x: FloatArray, generator: np.random.Generator
) -> Iterator[Profile]:
    return _multiscale(data, radii_x, generator, fitted=False)


METHODS: Mapping[str, Analyses] = {
    "onion": _onion,
    "multiscale-projected": _multiscale_projected,
    "multiscale": _multiscale,
}


def deproject(
    clusters: Clusters, method: str, radii_x: FloatArray, n_draws: int = 0, seed: int = 0
) -> Deprojection:
    """Deproject each cluster from its ``sb`` and ``Txray``.

    Args:
        clusters: Clusters with redshift and R500, each with at least three points of both observables.
        method: One of ``METHODS``.
        radii_x: Radii of the answer, r / R500, shape (R,).
        n_draws: Perturbed analyses D behind the uncertainties; 0 for none. The uncertainty is half the width
            of the central 68.27 % of ln(value), which a few draws near zero do not spoil.
        seed: Of the draws; a cluster's do not depend on the other clusters.

    Raises:
        ValueError: If the method is unknown or a cluster lacks what it needs.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; known: {', '.join(METHODS)}")
    values, spreads, times = [], [], []
    for row in range(len(clusters)):
        started = time.perf_counter()
        generator = np.random.default_rng([seed, int(clusters.ids[row])])
        analyses = METHODS[method](observation(clusters, row), radii_x, generator)
        values.append(_three(next(analyses)))
        analysed = time.perf_counter()
        draws = [np.log(_three(profile)) for profile in islice(analyses, n_draws)]
        if draws:
            spreads.append(_half_width(np.stack(draws)))
        times.append((analysed - started, time.perf_counter() - analysed))
    value = np.stack(values, axis=1)
    sigma = np.stack(spreads, axis=1) if spreads else [None] * len(value)
    profiles = dict(zip(("ne3d", "t3d", "szp3d"), zip(value, sigma, strict=True), strict=True))
    return Deprojection(profiles, *np.transpose(times))


def _three(profile: Profile) -> FloatArray:
    """Return density, temperature and their product, the pressure in keV/cm^3; shape (3, R)."""
    return np.stack([*profile, profile[0] * profile[1]])


def _half_width(draws: FloatArray) -> FloatArray:
    """Return half the width of the central 68.27 % of the draws, shape (D, ...) to (...)."""
    low, high = np.percentile(draws, (15.865, 84.135), axis=0, method="median_unbiased")
    return np.asarray((high - low) / 2)
