"""Mean magnitudes in the three Gaia bands, as the archive's ``gaia_source`` has them."""

import numpy as np
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import Columns, FloatArray

G_MINUS_RP = (-0.01619, 0.73362, -0.13489, 0.01048)
"""Polynomial of G - RP in BP - RP, lowest power first: a fit to the 623 Cepheids of Trentin et al. (2024,
A&A 681, A65), 0.5 < BP - RP < 4.2, scatter 0.02 mag."""

WESENHEIT_COLOUR = 1.90
"""Of the reddening-free magnitude W = G - 1.90 (BP - RP) (Ripepi et al. 2019, A&A 625, A14)."""

PHASE_NOISE = 0.3
"""Standard deviation of one observation's magnitude, in units of the peak-to-peak amplitude."""
MEDIAN_EPOCHS, EPOCH_SCATTER, FEWEST_EPOCHS = 43.0, 0.27, 12.0
"""Clean G epochs of DR3 variables: log-normal with this median and log scatter, cut below."""


def distance_modulus(distance_pc: FloatArray) -> FloatArray:
    """Return 5 log10(d / 10 pc) in mag."""
    return 5.0 * np.log10(distance_pc) - 5.0


def observe_means(columns: Columns, rng: Generator) -> Columns:
    """Observe mean magnitudes from a finite number of epochs at random phases.

    The phases are the same in the three bands, so the colour suffers less than a magnitude. Each band
    has its own photon noise besides.

    Args:
        columns: ``absolute_g``, ``intrinsic_bp_rp``, ``true_distance_pc``, ``extinction_g``, ``excess_bp_rp``
            and the three ``peak_to_peak_*``, shape (n,).
        rng: Source of epochs and noise.

    Returns:
        ``true_g``, ``true_bp``, ``true_rp`` (mag, intensity means without noise), ``num_clean_epochs_g``,
        ``phot_g_mean_mag``, ``phot_bp_mean_mag``, ``phot_rp_mean_mag`` and ``bp_rp`` (mag).
    """
    n = columns["l"].size
    colour = columns["intrinsic_bp_rp"] + columns["excess_bp_rp"]
    true_g = columns["absolute_g"] + distance_modulus(columns["true_distance_pc"]) + columns["extinction_g"]
    true_rp = true_g - _g_minus_rp(colour)
    true_bp = true_rp + colour
    visits = MEDIAN_EPOCHS * np.exp(rng.normal(0.0, EPOCH_SCATTER, n))
    epochs = np.maximum(np.round(visits), FEWEST_EPOCHS)
    phases = PHASE_NOISE * rng.normal(0.0, 1.0, n) / np.sqrt(epochs)
    g_mag = true_g + phases * columns["peak_to_peak_g"] + 0.002 * rng.normal(0.0, 1.0, n)
    bp_mag = true_bp + phases * columns["peak_to_peak_bp"] + _colour_noise(true_bp, rng)
    rp_mag = true_rp + phases * columns["peak_to_peak_rp"] + _colour_noise(true_rp, rng)
    return {
        "true_g": true_g,
        "true_bp": true_bp,
        "true_rp": true_rp,
        "num_clean_epochs_g": epochs,
        "phot_g_mean_mag": g_mag,
        "phot_bp_mean_mag": bp_mag,
        "phot_rp_mean_mag": rp_mag,
        "bp_rp": bp_mag - rp_mag,
    }


def _g_minus_rp(colour: FloatArray) -> FloatArray:
    """G - RP of a BP - RP colour, both in mag."""
    return np.asarray(np.polynomial.Polynomial(G_MINUS_RP)(colour))


def _colour_noise(magnitude: FloatArray, rng: Generator) -> FloatArray:
    """Noise of a mean BP or RP magnitude: 5 mmag, doubling by 17 mag (approximation)."""
    sigma = 0.005 * (1.0 + 10.0 ** (0.4 * (np.minimum(magnitude, 21.0) - 17.0)))
    return sigma * rng.normal(0.0, 1.0, magnitude.size)
