"""True clusters: masses, redshifts and the table that true profiles follow.

Shapes: N clusters, G nodes of ``grid``, K tabulated radii.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.kinds.clusters.forward.cosmology import expansion, p500_of, r500_of, t500_of
from astrosweep.kinds.clusters.forward.grid import NODES

RADII = np.array([0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0])
DENSITY = np.array([7.12, 5.18, 3.21, 1.60, 0.982, 0.423, 0.225, 0.103]) * 1e-3
TEMPERATURE = np.array([1.16, 1.19, 1.22, 1.24, 1.22, 1.08, 0.88, 0.68])
PRESSURE = np.array([20.9, 16.9, 10.1, 5.04, 2.75, 1.10, 0.459, 0.182])
DENSITY_SCATTER = np.array([0.77, 0.63, 0.43, 0.29, 0.24, 0.17, 0.17, 0.19])
TEMPERATURE_SCATTER = np.array([0.31, 0.23, 0.16, 0.14, 0.14, 0.13, 0.13, 0.28])
PRESSURE_SCATTER = np.array([0.61, 0.51, 0.38, 0.24, 0.15, 0.09, 0.16, 0.26])
"""Medians and scatters (natural logarithm) of the 31 REXCESS clusters at ``RADII``: n_e / E^2 in cm^-3,
T / T500 and P / P500. Our analysis of the densities of Croston et al. 2008 (A&A 487, 431)
and the pressure fits of Arnaud et al. 2010 (A&A 517, A92)."""

MASS_SLOPE = 0.12
"""Of P / P500 with mass (Arnaud et al. 2010, eq. 7). Hotter clusters have more gas, not hotter gas, for
their mass, so the density has the same slope, and T / T500 none."""
TIERS = ((0.05, 0.2, 2e14, 9e14), (0.05, 0.6, 7.25e14, 12e14))
"""Redshifts and masses of the CHEX-MATE tiers (2021, A&A 650, A104, abstract); half of the clusters each. The
second tier has no largest mass there; ours is an approximation."""
MASS_FUNCTION_SLOPE = 2.0
"""Masses are drawn as M^-2 dM within a tier, an approximation of what a selection by the SZ signal leaves of
the steeper mass function."""
COLDEST_KEV, HOTTEST_KEV = 0.3, 20.0
"""Temperatures of hot gas that a cluster may have anywhere; others are drawn anew."""


@dataclass(frozen=True, eq=False)
class TrueClusters:
    """Clusters as they are, spherically symmetric.

    Attributes:
        redshift: Shape (N,).
        r500_kpc: Shape (N,).
        density: Electrons per cm^3 at the nodes, shape (N, G).
        pressure: Electron pressure at the nodes, keV/cm^3, shape (N, G).
    """

    redshift: FloatArray
    r500_kpc: FloatArray
    density: FloatArray
    pressure: FloatArray

    def __len__(self) -> int:
        return len(self.redshift)

    @property
    def temperature(self) -> FloatArray:
        """T = P / n_e in keV, shape (N, G)."""
        return self.pressure / self.density

    def take(self, rows: IdArray) -> "TrueClusters":
        """Return some of the clusters, by position."""
        return TrueClusters(self.redshift[rows], self.r500_kpc[rows], self.density[rows], self.pressure[rows])


EXCESS_OF_DENSITY, EXCESS_OF_PRESSURE = 0.3, 0.25
"""Shares of the table's inconsistency; the temperature takes the rest and most, since draws that are too hot
are replaced, which lowers it again."""


def consistent_medians() -> tuple[FloatArray, FloatArray]:
    """Return ln n_e / E^2 (cm^-3) and ln P / P500 at ``RADII``, such that T = P / n_e.

    The median of a ratio is not the ratio of medians: the table misses by up to 13 per cent, which is shared
    among the three quantities.
    """
    excess = np.log(DENSITY * TEMPERATURE * ideal_gas() / PRESSURE)
    return np.log(DENSITY) - EXCESS_OF_DENSITY * excess, np.log(PRESSURE) + EXCESS_OF_PRESSURE * excess


def ideal_gas() -> float:
    """Return E^2 T500 / P500 in cm^3, the same for all clusters: P/P500 = it (n_e/E^2) (T/T500)."""
    one, zero = np.array(3e14), np.array(0.0)
    return float(t500_of(one, zero) / p500_of(one, zero))


def draw_log_uniform(limits: tuple[float, float], shape: tuple[int, ...], rng: Generator) -> FloatArray:
    """Draw numbers between two limits, uniform in their logarithm."""
    return np.asarray(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]), shape)))


def draw_masses(n: int, rng: Generator) -> tuple[FloatArray, FloatArray]:
    """Draw M500 (solar masses) and redshifts, each of shape (n,), of the two tiers.

    Redshifts are uniform in z^2 within a tier, between the volume's z^3 and what a flux limit leaves of it.
    """
    tier = np.array(TIERS)[rng.integers(0, len(TIERS), n)].T
    first, last, lightest, heaviest = tier
    redshift = np.sqrt(first**2 + rng.random(n) * (last**2 - first**2))
    low, high = (mass ** (1.0 - MASS_FUNCTION_SLOPE) for mass in (lightest, heaviest))
    mass = (low + rng.random(n) * (high - low)) ** (1.0 / (1.0 - MASS_FUNCTION_SLOPE))
    return mass, redshift


PIVOT_MASS = 7e14
"""About the median of the drawn masses: the medians of the table hold there."""


def scaled_to(
    mass: FloatArray, redshift: FloatArray, ln_density: FloatArray, ln_pressure: FloatArray
) -> TrueClusters:
    """Give scaled profiles a mass and a redshift.

    Args:
        mass: M500 in solar masses, shape (N,).
        redshift: Shape (N,).
        ln_density: ln of n_e / E^2 in cm^-3, shape (N, G).
        ln_pressure: ln of P / P500, shape (N, G).
    """
    trend = (mass / PIVOT_MASS) ** MASS_SLOPE
    return TrueClusters(
        redshift=redshift,
        r500_kpc=r500_of(mass, redshift),
        density=np.exp(ln_density) * (expansion(redshift) ** 2 * trend)[:, None],
        pressure=np.exp(ln_pressure) * (p500_of(mass, redshift) * trend)[:, None],
    )


def plausible(clusters: TrueClusters) -> IdArray:
    """Return the positions of the clusters whose gas is never too cold or too hot and thins out outwards."""
    seen = (NODES >= 0.009) & (NODES <= 5.0)
    temperature = clusters.temperature[:, seen]
    ok = (temperature >= COLDEST_KEV) & (temperature <= HOTTEST_KEV)
    thins = np.diff(clusters.density[:, seen], axis=1) < 0.0
    return np.flatnonzero(ok.all(axis=1) & thins.all(axis=1))
