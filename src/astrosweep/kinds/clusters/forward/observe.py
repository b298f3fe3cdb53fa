"""The forward model: what X-ray and millimetre telescopes see of true clusters.

Shapes: N clusters, G nodes, A = 50 annuli, B = 6 bands, K up to 15 temperature bins.
"""

import numpy as np
from numpy.random import Generator

from astrosweep.config.kinds.clusters import ClusterSimulationConfig
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.kinds.clusters.forward.beams import BANDS, blurred
from astrosweep.kinds.clusters.forward.cosmology import CM_PER_KPC, theta500_of
from astrosweep.kinds.clusters.forward.effects import (
    CLUMPING,
    ELECTRON_KEV,
    draw_elongations,
    relativistic_slopes,
)
from astrosweep.kinds.clusters.forward.grid import (
    ANNULI,
    CELLS_PER_ANNULUS,
    EDGES,
    FIRST_ANNULUS_CELL,
    STEP,
    TARGET_RADII,
    spline_matrix,
)
from astrosweep.kinds.clusters.forward.noise import (
    Y_NOISE,
    draw_y_noise,
    sb_error,
    scaled_beams,
    temperature_error,
)
from astrosweep.kinds.clusters.forward.projection import (
    ELECTRONS_PER_PROTON,
    SIGMA_T_OVER_MC2,
    cooling,
    spectroscopic_temperature,
    to_annuli,
)
from astrosweep.kinds.clusters.forward.truths import TrueClusters, draw_log_uniform
from astrosweep.kinds.clusters.sample import Profiles

FEWEST_BINS, MOST_BINS = 8, 15
FIRST_BIN, LAST_BIN = (0.02, 0.04), (0.9, 1.1)
"""Temperature bins of a cluster; ranges of the innermost and outermost edge in x."""


def observe(clusters: TrueClusters, settings: ClusterSimulationConfig, rng: Generator) -> dict[str, Profiles]:
    """Observe clusters once.

    ``sb`` and ``y...`` are means over 50 annuli whose edges are evenly spaced in ln R; ``radius`` is the
    geometric mean of the edges. ``Txray`` has 8 to 15 bins, evenly spaced in ln R between edges that are
    drawn for each cluster. Noise is Gaussian, ``error`` its true standard deviation, so a noisy value can
    be negative where the noise is large.

    Args:
        clusters: The true clusters.
        settings: Noise, effects and instrument; its other fields are not used.
        rng: Source of the noise. The same numbers are drawn whatever the factor on the noise is.

    Returns:
        All of ``sample.OBSERVABLES``.
    """
    elongation = draw_elongations(len(clusters), rng) if settings.elongation else np.ones(len(clusters))
    depth_cm = clusters.r500_kpc * CM_PER_KPC * elongation
    radius = clusters.r500_kpc[:, None] * ANNULI

    brightness = settings.sb_calibration * _surface_brightness(clusters, depth_cm, settings)
    sigma = settings.noise * sb_error(ANNULI) * brightness
    observed = {"sb": _measured(radius, brightness, sigma, rng.normal(size=sigma.shape) * sigma)}

    bounds = _draw_bins(len(clusters), rng)
    edges = EDGES[bounds]
    middles = np.where(np.diff(bounds, axis=1) > 0, np.sqrt(edges[:, 1:] * edges[:, :-1]), np.nan)
    seen = spectroscopic_temperature(clusters.density, clusters.temperature, bounds)
    temperature = settings.temperature_calibration * seen
    sigma = settings.noise * temperature_error(middles) * temperature
    noise = rng.normal(size=sigma.shape) * sigma
    observed["Txray"] = _measured(clusters.r500_kpc[:, None] * middles, temperature, sigma, noise)

    beams = settings.beam * scaled_beams(theta500_of(clusters.r500_kpc, clusters.redshift))
    compton = _compton(clusters, depth_cm, beams, settings.relativistic)
    unit_noise, unit_sigma = draw_y_noise(beams, rng)
    in_beam = settings.noise * np.array(Y_NOISE[settings.y_noise])[:, None]
    noise, sigma = in_beam * unit_noise, in_beam * unit_sigma
    for band, name in enumerate(BANDS):
        observed[name] = _measured(radius, compton[:, band], sigma[:, band], noise[:, band])
    return observed


def targets_of(clusters: TrueClusters) -> dict[str, Profiles]:
    """Return the true profiles at 100 radii from 0.01 to 1.5 R500, with errors of 0."""
    at_targets = spline_matrix(TARGET_RADII)
    density = np.exp(np.log(clusters.density) @ at_targets)
    pressure = np.exp(np.log(clusters.pressure) @ at_targets)
    radius = clusters.r500_kpc[:, None] * TARGET_RADII
    values = {"szp3d": pressure, "ne3d": density, "t3d": pressure / density}
    return {name: Profiles(radius, value, np.zeros_like(value)) for name, value in values.items()}


def _surface_brightness(
    clusters: TrueClusters, depth_cm: FloatArray, settings: ClusterSimulationConfig
) -> FloatArray:
    """Return (1+z)^-4 / 4 pi times the integral of n_e n_p Lambda, erg/s/cm^2/sr, in the annuli, (N, A)."""
    emissivity = (
        clusters.density**2 / ELECTRONS_PER_PROTON * cooling(clusters.temperature, settings.metallicity)
    )
    if settings.clumping:
        emissivity = emissivity * CLUMPING
    dimming = (1.0 + clusters.redshift) ** -4 / (4.0 * np.pi)
    return np.asarray((dimming * depth_cm)[:, None] * (emissivity @ to_annuli()))


def _compton(
    clusters: TrueClusters, depth_cm: FloatArray, beams: FloatArray, relativistic: bool
) -> FloatArray:
    """Return Compton y in the annuli as each band's beam blurs it, shape (N, B, A)."""
    seen = blurred(clusters.pressure, beams)
    if relativistic:
        heat = clusters.temperature / ELECTRON_KEV
        seen = seen + relativistic_slopes()[:, None] * blurred(clusters.pressure * heat, beams)
    return np.asarray(SIGMA_T_OVER_MC2 * depth_cm[:, None, None] * seen)


def _draw_bins(n: int, rng: Generator) -> IdArray:
    """Draw the edges of temperature bins as positions in ``grid.EDGES``, shape (n, K + 1).

    Edges are moved to the nearest cell, by at most 0.7 per cent. A cluster with fewer bins repeats its last
    edge.
    """
    count = rng.integers(FEWEST_BINS, MOST_BINS + 1, n)[:, None]
    low, high = (draw_log_uniform(limits, (n, 1), rng) for limits in (FIRST_BIN, LAST_BIN))
    share = np.minimum(np.arange(MOST_BINS + 1) / count, 1.0)
    ln_edges = np.log(low) + share * np.log(high / low)
    cells = (ln_edges - np.log(EDGES[FIRST_ANNULUS_CELL])) / (STEP / CELLS_PER_ANNULUS)
    return np.asarray(FIRST_ANNULUS_CELL + np.rint(cells).astype(np.int64))


def _measured(radius: FloatArray, value: FloatArray, sigma: FloatArray, noise: FloatArray) -> Profiles:
    return Profiles(radius, value + noise, sigma, noiseless=value)
