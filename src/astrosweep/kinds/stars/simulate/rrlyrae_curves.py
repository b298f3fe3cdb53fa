"""Light curves of RR Lyrae stars: amplitudes and Fourier parameters.

Amplitudes, R21 and phi21 follow the stars of the reference table (RRab) and of globular clusters (RRc); R31
and the phases of RRc are approximations.
"""

import numpy as np
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import Columns
from astrosweep.kinds.stars.simulate.light_curves import amplitudes, observe_fourier

RRAB, RRC, RRD = range(3)
"""Codes of the kinds."""
BP_RATIO, RP_RATIO = 1.22, 0.78
"""Amplitude ratios to G (approximation)."""


def draw_amplitudes(columns: Columns, rng: Generator) -> Columns:
    """Draw peak-to-peak amplitudes; those of RRab fall with period (Bailey diagram) and [Fe/H]."""
    n, metal = columns["l"].size, columns["true_metallicity"] + 1.5
    fundamental = 0.915 - 0.38 * (10.0 ** columns["log_period"] - 0.54) - 0.06 * metal
    fundamental = np.clip(fundamental + 0.125 * rng.normal(0.0, 1.0, n), 0.2, 1.4)
    overtone = np.clip(0.46 + 0.06 * rng.normal(0.0, 1.0, n), 0.15, 0.7)
    fundamental = np.where(columns["kind"] == RRAB, fundamental, overtone)
    return amplitudes(fundamental, BP_RATIO, RP_RATIO, rng)


def observe_curves(columns: Columns, rng: Generator) -> Columns:
    """Draw Fourier parameters and observe them.

    phi31 of RRab carries the metallicity: ``[Fe/H] = -1.888 - 5.772 (P - 0.6) + 1.090 (phi31 - 2) +
    1.065 (R21 - 0.45)``, solved for phi31 with a scatter of 0.2 rad. It is of the form of Li et al. (2023,
    ApJ 944, 88) for Gaia DR3; the coefficients are an approximation, not compared with the paper.
    """
    n, period = columns["l"].size, 10.0 ** columns["log_period"]
    fundamental = columns["kind"] == RRAB
    longer = np.where(fundamental, period - 0.54, 0.0)
    larger = np.where(fundamental, columns["peak_to_peak_g"] - 0.915, 0.0)
    metallic = np.where(fundamental, columns["true_metallicity"] + 1.5, 0.0)
    r21 = np.where(fundamental, 0.483, 0.199) + 0.32 * longer + 0.07 * metallic + 0.18 * larger
    r21 = np.maximum(r21 + 0.041 * rng.normal(0.0, 1.0, n), 0.05)
    phi21 = np.where(fundamental, 4.0, 4.585) + 0.74 * longer + 0.18 * metallic - 0.35 * larger
    excess = columns["true_metallicity"] + 1.888 + 5.772 * (period - 0.6) - 1.065 * (r21 - 0.45)
    phi31 = np.where(fundamental, 2.0 + excess / 1.090, 3.4)
    shape = {
        "r21_g": r21,
        "phi21_g": phi21 + np.where(fundamental, 0.11, 0.15) * rng.normal(0.0, 1.0, n),
        "r31_g": np.maximum(np.where(fundamental, 0.34, 0.08) + 0.035 * rng.normal(0.0, 1.0, n), 0.01),
        "phi31_g": phi31 + np.where(fundamental, 0.2, 0.5) * rng.normal(0.0, 1.0, n),
    }
    return observe_fourier(columns, shape, rng)
