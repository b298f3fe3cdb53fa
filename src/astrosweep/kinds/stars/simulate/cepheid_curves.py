"""Light curves of Cepheids: amplitudes and Fourier parameters that follow the period.

Fundamental classical Cepheids show the Hertzsprung progression: a bump moves through the light curve and
passes the maximum near ten days, where the amplitude and R21 dip and phi21 and phi31 sweep by (Simon & Lee
1981, ApJ 248, 291). The tables below are running medians of 1,187 Milky Way stars of Gaia DR3
(``vari_cepheid``); those of overtones, type II and anomalous Cepheids are approximations.
"""

import numpy as np
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import Columns
from astrosweep.kinds.stars.simulate.light_curves import amplitudes, observe_fourier

BP_RATIO, RP_RATIO = 1.26, 0.815
"""Amplitude ratios to G (medians of 448 Cepheids of DR2)."""

LOG_PERIOD = (0.0, 0.2, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.05, 1.15, 1.25, 1.35, 1.5, 1.8)
AMPLITUDE = (0.95, 0.80, 0.64, 0.53, 0.49, 0.49, 0.47, 0.44, 0.40, 0.52, 0.66, 0.78, 0.78, 0.78, 0.72)
R21 = (0.47, 0.45, 0.44, 0.42, 0.394, 0.371, 0.35, 0.29, 0.18, 0.15, 0.183, 0.229, 0.276, 0.33, 0.33)
R31 = (0.30, 0.27, 0.24, 0.21, 0.178, 0.156, 0.126, 0.13, 0.11, 0.115, 0.13, 0.156, 0.21, 0.22, 0.18)
PHI21 = (4.05, 4.2, 4.33, 4.36, 4.42, 4.52, 4.72, 5.05, 5.5, 4.75, 4.48, 4.65, 4.7, 5.1, 5.2)
PHI31 = (2.05, 2.3, 2.5, 2.55, 2.64, 2.84, 3.02, 3.25, 4.4, 7.4, 8.15, 8.75, 9.0, 9.6, 10.0)
"""Of fundamental mode against log10 P in days: peak-to-peak G (mag), ratios, unwound phases (rad)."""
AMPLITUDE_SCATTER = 0.27
"""Of the natural logarithm: the amplitude also depends on the place in the instability strip."""

OVERTONE_LOG_PERIOD = (-0.3, 0.2, 0.5, 0.7)
OVERTONE_AMPLITUDE = (0.32, 0.29, 0.23, 0.19)


CLASSICAL, OVERTONE, TYPE_II, ANOMALOUS = range(4)
CURVE_OF_KIND = np.array([CLASSICAL, OVERTONE, CLASSICAL, OVERTONE, TYPE_II, ANOMALOUS, OVERTONE])
"""Which light curve each kind of ``cepheids.SHARES`` has."""
FLAT = {
    "r21_g": (0.0, 0.19, 0.28, 0.42),
    "r31_g": (0.0, 0.07, 0.12, 0.25),
    "phi21_g": (0.0, 4.5, 4.6, 4.1),
    "phi31_g": (0.0, 3.2, 2.8, 2.1),
}
"""Typical values of the curves without a table, by curve."""
PHASE_SCATTER = np.array([0.15, 0.3, 0.8, 0.2])
BUMP_SCATTER, BUMP_LOG_PERIOD, BUMP_WIDTH = 0.9, 1.03, 0.09
"""Scatter of phi21 in rad by curve, and what the bump near ten days adds, where the second harmonic nearly
vanishes; that of phi31 is 1.6 times as large."""
RATIO_SCATTER = {"r21_g": 0.065, "r31_g": 0.05}


def draw_amplitudes(columns: Columns, rng: Generator) -> Columns:
    """Draw peak-to-peak amplitudes for ``kind`` and ``log_period`` (fundamental, log10 days)."""
    curve, log_period = CURVE_OF_KIND[columns["kind"]], columns["log_period"]
    classical = np.interp(log_period, LOG_PERIOD, AMPLITUDE)
    overtone = np.interp(log_period - 0.15, OVERTONE_LOG_PERIOD, OVERTONE_AMPLITUDE)
    typical = np.select(
        [curve == CLASSICAL, curve == OVERTONE, curve == TYPE_II], [classical, overtone, 0.70], 0.75
    )
    typical = typical * np.exp(rng.normal(0.0, AMPLITUDE_SCATTER, curve.size))
    return amplitudes(typical, BP_RATIO, RP_RATIO, rng)


def observe_curves(columns: Columns, rng: Generator) -> Columns:
    """Draw Fourier parameters around their tables and observe them."""
    curve, log_period = CURVE_OF_KIND[columns["kind"]], columns["log_period"]
    tables = {"r21_g": R21, "r31_g": R31, "phi21_g": PHI21, "phi31_g": PHI31}
    bump = BUMP_SCATTER * np.exp(-0.5 * ((log_period - BUMP_LOG_PERIOD) / BUMP_WIDTH) ** 2)
    loose = PHASE_SCATTER[curve] + np.where(curve == CLASSICAL, bump, 0.0)
    shape: Columns = {}
    for name, table in tables.items():
        typical = np.where(
            curve == CLASSICAL, np.interp(log_period, LOG_PERIOD, table), np.array(FLAT[name])[curve]
        )
        noise = rng.normal(0.0, 1.0, curve.size)
        if name in RATIO_SCATTER:
            shape[name] = np.maximum(typical + RATIO_SCATTER[name] * noise, 0.02)
        else:
            shape[name] = typical + (1.6 if name == "phi31_g" else 1.0) * loose * noise
    return observe_fourier(columns, shape, rng)
