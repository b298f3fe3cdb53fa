"""Scales of a cluster in a flat LambdaCDM universe with H0 = 70 km/s/Mpc and Omega_m = 0.3.

All functions take and return arrays of any one shape, usually (N,).
"""

import gc
from functools import cache
from typing import TYPE_CHECKING

import astropy.units as u
import numpy as np

from astrosweep.core.types import FloatArray

if TYPE_CHECKING:
    from astropy.cosmology import FlatLambdaCDM

CM_PER_KPC = 3.0856775814913673e21
_MSUN_PER_KPC3 = u.Msun / u.kpc**3


@cache
def cosmology() -> "FlatLambdaCDM":
    """Return the universe; its library is loaded when it is first asked for, since stars do without."""
    from astropy.cosmology import FlatLambdaCDM

    universe = FlatLambdaCDM(H0=70.0, Om0=0.3)
    # Both steps leave exceptions in cycles, whose tracebacks would keep alive the arrays of all callers.
    gc.collect()
    return universe


def expansion(redshift: FloatArray) -> FloatArray:
    """Return E(z) = H(z) / H0."""
    return np.asarray(cosmology().efunc(redshift))


def r500_of(mass: FloatArray, redshift: FloatArray) -> FloatArray:
    """Return R500 in kpc: the mean density inside is 500 times the critical one.

    Args:
        mass: M500 in solar masses.
        redshift: Of the same shape.
    """
    return np.asarray(np.cbrt(3.0 * mass / (4.0 * np.pi * 500.0 * _critical_density(redshift))))


def m500_of(r500_kpc: FloatArray, redshift: FloatArray) -> FloatArray:
    """Return M500 in solar masses."""
    return np.asarray(4.0 * np.pi / 3.0 * 500.0 * _critical_density(redshift) * r500_kpc**3)


def p500_of(mass: FloatArray, redshift: FloatArray) -> FloatArray:
    """Return the characteristic electron pressure in keV/cm^3 (Arnaud et al. 2010, A&A 517, A92, eq. 5)."""
    return np.asarray(1.65e-3 * expansion(redshift) ** (8.0 / 3.0) * (mass / 3e14) ** (2.0 / 3.0))


def t500_of(mass: FloatArray, redshift: FloatArray) -> FloatArray:
    """Return the characteristic temperature in keV: 8.85 (M500 / 1e15)^(2/3) E^(2/3), by convention."""
    return np.asarray(8.85 * (expansion(redshift) * mass / 1e15) ** (2.0 / 3.0))


def theta500_of(r500_kpc: FloatArray, redshift: FloatArray) -> FloatArray:
    """Return the angle that R500 subtends, in arcmin."""
    kpc_per_arcmin = cosmology().kpc_proper_per_arcmin(redshift).to_value(u.kpc / u.arcmin)
    return np.asarray(r500_kpc / kpc_per_arcmin)


def _critical_density(redshift: FloatArray) -> FloatArray:
    """Return the critical density in solar masses per kpc^3."""
    return np.asarray(cosmology().critical_density(redshift).to_value(_MSUN_PER_KPC3))
