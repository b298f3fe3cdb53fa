"""What follows from profiles of pressure, density and temperature: entropy, masses, Compton parameter.

Shapes: D draws of one cluster, P radii, K apertures. Between radii profiles are power laws, which is how they
are integrated; inside the first radius the innermost power law goes on. The gas is fully ionised hydrogen and
helium with the mass fractions 0.75 and 0.25.
"""

from functools import cache

import numpy as np
from astropy import constants as c
from astropy import units as u
from scipy.optimize import brentq

from astrosweep.core.types import FloatArray

HYDROGEN = 0.75
MU = 4.0 / (3.0 + 5.0 * HYDROGEN)
"""Mean mass of a particle of the gas in proton masses, 0.593."""
MU_E = 2.0 / (1.0 + HYDROGEN)
"""Mass of the gas for each electron in proton masses, 1.143."""
CONCENTRATION = 3.2
"""R500 over the scale radius of the total mass, typical of clusters (Pointecouteau, Arnaud and Pratt 2005,
A&A 435, 1)."""

_MSUN_OF_ELECTRONS = float((MU_E * c.m_p * u.kpc**3 / u.cm**3).to_value(u.Msun))
_MSUN_OF_KEV_KPC = float((u.keV * u.kpc / (c.G * MU * c.m_p)).to_value(u.Msun))
_MPC2_OF_PRESSURE = float((c.sigma_T / (c.m_e * c.c**2) * (u.keV / u.cm**3) * u.kpc**3).to_value(u.Mpc**2))
_HALF_WINDOW = 0.45
"""Of the local fit of slopes, in the natural logarithm of the radius."""
_LEAST_POWER = 0.1
"""Of enclosed integrals inside the first radius: r^power, so that they stay finite."""


def entropy(density: FloatArray, temperature: FloatArray) -> FloatArray:
    """Return K = k T n_e^(-2/3) in keV cm^2 (Voit 2005, RvMP 77, 207) of cm^-3 and keV."""
    return np.asarray(temperature * density ** (-2.0 / 3.0))


def gas_mass(radius: FloatArray, density: FloatArray, within: FloatArray) -> FloatArray:
    """Return the mass of the gas, 4 pi mu_e m_p times the integral of n_e r^2, in solar masses.

    Args:
        radius: Increasing, shape (P,), kpc.
        density: Electron density, shape (D, P), cm^-3.
        within: Radii of the spheres, shape (K,), kpc.

    Returns:
        Shape (D, K); NaN for a sphere beyond the last radius.
    """
    return _MSUN_OF_ELECTRONS * enclosed(radius, density, within)


def compton_parameter(radius: FloatArray, pressure: FloatArray, within: FloatArray) -> FloatArray:
    """Return the spherical Compton parameter in Mpc^2 (Arnaud et al. 2010, A&A 517, A92, eq. 14).

    Y = sigma_T / (m_e c^2) times the integral of 4 pi P_e r^2.

    Args:
        radius: Increasing, shape (P,), kpc.
        pressure: Electron pressure, shape (D, P), keV cm^-3.
        within: Radii of the spheres, shape (K,), kpc.

    Returns:
        Shape (D, K); NaN for a sphere beyond the last radius.
    """
    return _MPC2_OF_PRESSURE * enclosed(radius, pressure, within)


def hydrostatic_mass(radius: FloatArray, temperature: FloatArray, pressure: FloatArray) -> FloatArray:
    """Return the total mass inside each radius that holds the gas in hydrostatic equilibrium, solar masses.

    M(<r) = -(k T r / (G mu m_p)) d ln P / d ln r: equation 7 of Vikhlinin et al. 2006 (ApJ 640, 691) with
    P = n k T. The slope is that of a cubic fitted to the logarithms within 0.45 in ln r on either side.

    Args:
        radius: Increasing, shape (P,), kpc.
        temperature: Shape (D, P), keV.
        pressure: Shape (D, P), in any unit.

    Returns:
        Shape (D, P).
    """
    return np.asarray(-_MSUN_OF_KEV_KPC * temperature * radius * slopes(radius, pressure))


def ideal_gas_deviation(pressure: FloatArray, density: FloatArray, temperature: FloatArray) -> FloatArray:
    """Return P / (n_e k T) - 1."""
    return np.asarray(pressure / (density * temperature) - 1.0)


def slopes(radius: FloatArray, values: FloatArray) -> FloatArray:
    """Return d ln value / d ln r, shape (D, P), of positive values, shape (D, P)."""
    x = np.log(radius)
    matrix = np.zeros((len(x), len(x)))
    for i, place in enumerate(x):
        near = np.argsort(np.abs(x - place), kind="stable")
        near = near[: max(5, int((np.abs(x - place) <= _HALF_WINDOW).sum()))]
        powers = np.vander(x[near] - place, 4, increasing=True)
        matrix[i, near] = np.linalg.pinv(powers)[1]
    return np.asarray(np.log(values) @ matrix.T)


def enclosed(radius: FloatArray, values: FloatArray, within: FloatArray) -> FloatArray:
    """Return 4 pi times the integral of value r^2 from the centre, shape (D, K)."""
    x, y = np.log(radius), np.log(values)
    power = np.diff(y, axis=1) / np.diff(x) + 3.0
    inner = np.maximum(power[:, :1], _LEAST_POWER)
    start = np.exp(y + 3.0 * x)
    shells = start[:, :-1] * _growth(power, np.diff(x))
    below = np.concatenate([start[:, :1] / inner, shells], axis=1).cumsum(axis=1)
    place = np.clip(np.searchsorted(radius, within, side="right") - 1, 0, len(radius) - 2)
    rest = start[:, place] * _growth(power[:, place], np.log(within) - x[place])
    inside = start[:, :1] / inner * (within / radius[0]) ** inner
    total = np.where(within < radius[0], inside, below[:, place] + rest)
    # The scale of a radius and back rounds; what ends there does reach it.
    return 4.0 * np.pi * np.where(within <= radius[-1] * (1.0 + 1e-9), total, np.nan)


def _growth(power: FloatArray, step: FloatArray) -> FloatArray:
    """Return the integral of exp(power t) from 0 to a step."""
    small = np.abs(power) < 1e-8
    safe = np.where(small, 1.0, power)
    return np.asarray(np.where(small, step, np.expm1(safe * step) / safe))


@cache
def r2500_over_r500(concentration: float = CONCENTRATION) -> float:
    """Return R2500 / R500 of a Navarro, Frenk and White (1997) mass of a concentration R500 / r_s."""

    def mass(x: float) -> float:
        return float(np.log1p(x) - x / (1.0 + x))

    def excess(ratio: float) -> float:
        return mass(concentration * ratio) / mass(concentration) / ratio**3 - 5.0

    return float(brentq(excess, 0.05, 1.0))
