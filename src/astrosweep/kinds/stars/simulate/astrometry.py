"""Parallaxes, their errors and the quality of the astrometric fit.

Nothing but ``parallax`` and ``parallax_error`` depends on the noise that is drawn for the parallax, and the
error tells its precision only.
"""

import numpy as np
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import Columns, FloatArray
from astrosweep.kinds.stars.simulate.photometry import MEDIAN_EPOCHS

SKY_FACTOR = 0.78
"""Typical over sky-averaged error."""
CALIBRATION_MAG = (4.0, 5.5, 7.0, 8.5, 10.0, 11.5, 12.3, 13.0, 21.0)
CALIBRATION_MAS = (0.14, 0.070, 0.022, 0.016, 0.0125, 0.0155, 0.011, 0.009, 0.009)
"""Error that does not fall with more light, against G: saturation below 7 mag, gates and window classes up to
13. Both are calibrated on the DR3 stars of the real tables, to 20 per cent."""
LARGEST_ERROR_MAS = 1.2
"""Below G = 18; an approximation: Gaia's own limit (Lindegren et al. 2021, A&A 649, A2) is one on
all five parameters together."""
ERROR_SCATTER = 0.22
"""Scatter of the natural logarithm of the error at a given magnitude, epochs and RUWE."""

RUWE_MEDIAN, RUWE_SCATTER = 1.02, 0.10
"""Log-normal core of the RUWE of well-fitted sources."""
POOR_FIT_START, WORST_RUWE = 1.1, 40.0
"""Of badly fitted sources."""
ALONG_SCAN_PER_EPOCH = 8.5
"""CCD observations along scan per transit of the focal plane."""

UNIT_WEIGHT_MAG = (5.5, 7.0, 10.0, 11.5, 12.5, 13.5, 21.0)
UNIT_WEIGHT_MEDIAN = (3.0, 1.24, 1.30, 1.40, 1.18, 0.96, 1.0)
"""Median unit weight error against G; approximation after 448 Cepheids of DR2."""


def formal_error(g_mag: FloatArray) -> FloatArray:
    """Sky-averaged parallax error of Gaia DR3.

    Published at https://www.cosmos.esa.int/web/gaia/science-performance; see also Lindegren et al. (2021,
    A&A 649, A2): ``sqrt(40 + 800 z + 30 z^2)`` microarcsec, ``z = 10^(0.4 (max(G, 13) - 15))``.

    Args:
        g_mag: Mean G magnitude, shape (n,).

    Returns:
        Error in mas, shape (n,).
    """
    z = 10.0 ** (0.4 * (np.maximum(g_mag, 13.0) - 15.0))
    return 1e-3 * np.sqrt(40.0 + 800.0 * z + 30.0 * z**2)


def observe_astrometry(
    columns: Columns, poor_share: FloatArray, poor_excess: FloatArray, rng: Generator
) -> Columns:
    """Observe parallaxes and the statistics of the fit.

    The error grows with fewer epochs, with RUWE (as Gaia adds excess noise to the formal error) and towards
    very bright, saturated stars. RUWE is log-normal with an exponential tail in its logarithm. Goodness of
    fit is the Gaussian equivalent of chi-squared, ``sqrt(9 nu / 2) ((chi2 / nu)^(1/3) + 2 / (9 nu) - 1)``
    (Gaia DR3 documentation, ``gaia_source.astrometric_gof_al``; nu is the number of observations minus 5).

    Args:
        columns: ``true_distance_pc``, ``phot_g_mean_mag`` and ``num_clean_epochs_g``, shape (n,).
        poor_share: Share of badly fitted sources, shape (n,).
        poor_excess: Their mean excess of log RUWE, shape (n,).
        rng: Source of all noise.

    Returns:
        ``parallax`` and ``parallax_error`` (mas), ``ruwe``, ``astrometric_gof_al``,
        ``astrometric_chi2_al`` and ``astrometric_excess_noise`` (mas).
    """
    g_mag, epochs = columns["phot_g_mean_mag"], columns["num_clean_epochs_g"]
    n = g_mag.size
    ruwe = RUWE_MEDIAN * np.exp(rng.normal(0.0, RUWE_SCATTER, n))
    poor = rng.random(n) < poor_share
    tail = POOR_FIT_START * np.exp(poor_excess * rng.exponential(1.0, n))
    ruwe = np.where(poor, np.minimum(tail, WORST_RUWE), ruwe)

    sampled = SKY_FACTOR * formal_error(g_mag) * np.sqrt(MEDIAN_EPOCHS / epochs)
    floor = np.interp(g_mag, CALIBRATION_MAG, CALIBRATION_MAS)
    error = np.hypot(sampled, floor) * np.maximum(ruwe, 1.0) * np.exp(rng.normal(0.0, ERROR_SCATTER, n))
    error = np.minimum(error, LARGEST_ERROR_MAS * np.maximum(1.0, 10.0 ** (0.2 * (g_mag - 18.0))))
    parallax = 1e3 / columns["true_distance_pc"] + error * rng.normal(0.0, 1.0, n)

    freedom = np.round(ALONG_SCAN_PER_EPOCH * epochs) - 5.0
    unit_weight = ruwe * np.interp(g_mag, UNIT_WEIGHT_MAG, UNIT_WEIGHT_MEDIAN)
    wilson_hilferty = unit_weight ** (2.0 / 3.0) + 2.0 / (9.0 * freedom) - 1.0
    single = 0.6 * formal_error(g_mag) * np.sqrt(freedom)
    return {
        "parallax": parallax,
        "parallax_error": error,
        "ruwe": ruwe,
        "astrometric_gof_al": np.sqrt(4.5 * freedom) * wilson_hilferty,
        "astrometric_chi2_al": freedom * unit_weight**2,
        "astrometric_excess_noise": single * np.sqrt(np.maximum(unit_weight**2 - 1.0, 0.0)),
    }
