"""How dust dims and reddens: an exponential disc of dust, integrated along each line of sight."""

import numpy as np
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import Columns, FloatArray
from astrosweep.kinds.stars.simulate.galaxy import SUN_HEIGHT_KPC, SUN_RADIUS_KPC

LOCAL_EBV_PER_KPC = 0.40
"""E(B-V) per kpc in the plane at the Sun, mag (1.2 mag of A_V); an approximation."""
SCALE_LENGTH_KPC = 4.0
SCALE_HEIGHT_KPC = 0.11
"""Approximations after Drimmel & Spergel (2001, ApJ 556, 181) and Marshall et al. (2006, A&A 453, 635)."""
PATCHINESS = 0.55
"""Standard deviation of the natural logarithm of a line of sight over the smooth model."""
EBV_ERROR = 0.08
"""Relative error (log-normal) of a published colour excess."""

R_V = 3.1
G_OVER_V, BP_OVER_V, RP_OVER_V = 0.789, 1.002, 0.589
"""A_lambda / A_V of the Gaia bands (Wang & Chen 2019, ApJ 877, 116), so A_G / E(BP-RP) = 1.91."""
LAW_SCATTER = 0.05
"""Relative scatter of A_G / E(BP-RP) from star to star, as R_V varies by about 5 per cent in the disc
(Schlafly et al. 2016, ApJ 821, 78)."""

_N_STEPS = 12


def smooth_ebv(columns: Columns) -> FloatArray:
    """Integrate the smooth dust disc from the Sun to each star.

    Along each of twelve steps, which grow with distance, the vertical exponential is integrated exactly and
    the radial one taken at the middle.

    Args:
        columns: ``true_distance_pc`` (pc), ``l`` and ``b`` (deg), shape (n,).

    Returns:
        E(B-V) in mag, shape (n,).
    """
    distance = 1e-3 * columns["true_distance_pc"]
    longitude, latitude = np.radians(columns["l"]), np.radians(columns["b"])
    sine, cosine = np.sin(latitude), np.cos(latitude)
    level = np.abs(sine) < 1e-4
    sine = np.where(level, 1e-4, sine)
    total = np.zeros_like(distance)
    for step in range(_N_STEPS):
        near, far = distance * (step / _N_STEPS) ** 2, distance * ((step + 1) / _N_STEPS) ** 2
        along = 0.5 * (near + far) * cosine
        radius = np.hypot(SUN_RADIUS_KPC - along * np.cos(longitude), along * np.sin(longitude))
        vertical = (_column(SUN_HEIGHT_KPC + far * sine) - _column(SUN_HEIGHT_KPC + near * sine)) / sine
        total += vertical * np.exp((SUN_RADIUS_KPC - radius) / SCALE_LENGTH_KPC)
    return LOCAL_EBV_PER_KPC * total


def redden(columns: Columns, rng: Generator) -> Columns:
    """Draw the dust in front of each star.

    Args:
        columns: ``true_distance_pc``, ``l`` and ``b``.
        rng: Source of patchiness, law and measurement error.

    Returns:
        ``extinction_g`` and ``excess_bp_rp`` (mag, true) and ``ebv`` (mag, as a catalogue would give it).
    """
    n = columns["l"].size
    ebv = smooth_ebv(columns) * np.exp(rng.normal(-0.5 * PATCHINESS**2, PATCHINESS, n))
    excess = R_V * (BP_OVER_V - RP_OVER_V) * ebv
    law = G_OVER_V / (BP_OVER_V - RP_OVER_V) * np.exp(rng.normal(0.0, LAW_SCATTER, n))
    return {
        "extinction_g": law * excess,
        "excess_bp_rp": excess,
        "ebv": ebv * np.exp(rng.normal(0.0, EBV_ERROR, n)),
    }


def _column(height_kpc: FloatArray) -> FloatArray:
    """Integral of exp(-|z| / scale height) from the plane to a height, in kpc, signed."""
    return np.sign(height_kpc) * -SCALE_HEIGHT_KPC * np.expm1(-np.abs(height_kpc) / SCALE_HEIGHT_KPC)
