"""What the Fourier models of pulsating stars' light curves share."""

import numpy as np
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import Columns, FloatArray

FIRST_HARMONIC = 0.4
"""Amplitude of the first harmonic over the peak-to-peak amplitude (approximation; 0.5 for a sine)."""
MEAN_OFFSET = 0.0576
"""Magnitude mean minus intensity mean in mag, over the squared peak-to-peak amplitude in mag^2:
0.04 ln 10 (5 / 8), the second order of a sine."""


def amplitudes(amplitude_g: FloatArray, bp_ratio: float, rp_ratio: float, rng: Generator) -> Columns:
    """Return ``peak_to_peak_g``, ``_bp`` and ``_rp`` in mag; the ratios scatter by 6 per cent."""
    n = amplitude_g.size
    return {
        "peak_to_peak_g": amplitude_g,
        "peak_to_peak_bp": amplitude_g * bp_ratio * np.exp(rng.normal(0.0, 0.06, n)),
        "peak_to_peak_rp": amplitude_g * rp_ratio * np.exp(rng.normal(0.0, 0.06, n)),
    }


def observe_fourier(columns: Columns, shape: Columns, rng: Generator) -> Columns:
    """Add measurement noise to the Fourier parameters and give the mean magnitudes of the models.

    An amplitude ratio has the noise of one harmonic, ``sqrt(2 / N)`` of an epoch's, over the first amplitude;
    a phase difference has that noise over the ratio.

    Args:
        columns: ``peak_to_peak_*``, ``true_*``, ``num_clean_epochs_g``, shape (n,).
        shape: True ``r21_g``, ``r31_g`` and ``phi21_g``, ``phi31_g`` (rad).
        rng: Source of the noise.

    Returns:
        The four Fourier parameters, phases in [0, 2 pi), and ``zp_mag_*`` and ``int_average_*`` (mag) of the
        three bands.
    """
    n, epochs = columns["true_g"].size, columns["num_clean_epochs_g"]
    epoch_noise = 0.004 + 0.01 * 10.0 ** (0.3 * (columns["true_g"] - 17.0))
    noise = epoch_noise * np.sqrt(2.0 / epochs) / (FIRST_HARMONIC * columns["peak_to_peak_g"])
    seen: Columns = {}
    for harmonic in ("21", "31"):
        ratio = np.abs(shape[f"r{harmonic}_g"] + noise * rng.normal(0.0, 1.0, n))
        phase_noise = np.minimum(noise / np.maximum(ratio, 1e-3), np.pi)
        seen[f"r{harmonic}_g"] = ratio
        phase = shape[f"phi{harmonic}_g"] + phase_noise * rng.normal(0.0, 1.0, n)
        seen[f"phi{harmonic}_g"] = phase % (2.0 * np.pi)
    for band in ("g", "bp", "rp"):
        amplitude, true = columns[f"peak_to_peak_{band}"], columns[f"true_{band}"]
        residual = (epoch_noise + 0.05 * amplitude) / np.sqrt(epochs)
        average = true + residual * rng.normal(0.0, 1.0, n)
        seen[f"int_average_{band}"] = average
        seen[f"zp_mag_{band}"] = average + MEAN_OFFSET * amplitude**2 + 0.2 * residual * rng.normal(0, 1, n)
    return seen
