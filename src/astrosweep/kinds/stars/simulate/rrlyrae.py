"""RR Lyrae stars: fundamental (RRab), first-overtone (RRc) and double-mode (RRd).

Two relations hold at once, which fixes the colour: ``M_G = 0.32 [Fe/H] + 1.11`` (Muraveva et al. 2018, MNRAS
481, 1195: 0.63 +/- 0.08 mag at [Fe/H] = -1.5) and ``W = G - 1.90 (BP - RP) = -2.49 log10 P0 + 0.14 [Fe/H] -
0.88``. The second is of the form of Garofalo et al. (2022, MNRAS 513, 788); its coefficients are an
approximation, not compared with the paper, and 0.02 mag from the median of the nearer stars of the reference
table. RRab then have BP - RP = 0.56 mag, as those stars at high latitude.

The reference table is a collection of 2,135 stars of Gaia DR3 from public research repositories, with
metallicities by Monti et al.; its magnitudes and latitudes set the completeness here.
"""

from functools import partial

import numpy as np
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import (
    Columns,
    FloatArray,
    Population,
    choose,
    falling,
    look_up,
    names_of,
    place,
)
from astrosweep.kinds.stars.simulate.galaxy import disc, halo
from astrosweep.kinds.stars.simulate.missing import Gap
from astrosweep.kinds.stars.simulate.photometry import WESENHEIT_COLOUR
from astrosweep.kinds.stars.simulate.rrlyrae_curves import RRAB, RRC, draw_amplitudes, observe_curves

SHARES = {"RRab": 0.93, "RRc": 0.06, "RRd": 0.01}
"""Of the reference table, which prefers RRab; all DR3 RR Lyrae have about 0.65, 0.34 and 0.01."""

LUMINOSITY_METALLICITY = (1.11, 0.32)
LUMINOSITY_SCATTER = 0.08
"""mag, mag/dex; evolution off the zero-age horizontal branch scatters M_G."""
PERIOD_WESENHEIT_METALLICITY = (-0.88, -2.49, 0.14)
WESENHEIT_SCATTER = 0.05
"""mag at one day, per log10 P0, per dex; intrinsic scatter in mag (approximation)."""

FUNDAMENTAL_PERIOD, PERIOD_METALLICITY, PERIOD_SCATTER = 0.542, -0.128, 0.055
"""P0 of RRab in days at [Fe/H] = -1.5, per dex and scatter: fit to 401 stars of the reference table."""
OVERTONE_PERIOD, OVERTONE_SCATTER = 0.320, 0.035
FUNDAMENTALISED = 0.127
"""log10 P0 = log10 P1 + 0.127, the usual fundamentalisation of RRc stars: a period ratio of 0.746."""

PART_SHARES = {"halo": 0.75, "thick disc": 0.25}
PLACES = (
    partial(halo, slope=2.7, core_kpc=1.0, flattening=0.7),
    partial(disc, scale_length_kpc=2.5, scale_height_kpc=0.8, inner_radius_kpc=0.5),
)
METALLICITY = {"halo": (-1.6, 0.28), "thick disc": (-1.2, 0.35)}
"""Parts of the Galaxy: the halo is near the one of Iorio & Belokurov (2019, MNRAS 482, 3868); shares, [Fe/H]
(mean and scatter) and the disc are approximations."""
METALLICITY_ERROR = 0.15
FAINT_MIDPOINT_MAG, FAINT_WIDTH_MAG = 14.2, 0.75
LATITUDE_MIDPOINT_DEG, LATITUDE_WIDTH_DEG = 8.0, 1.2
"""Completeness of the reference table, which holds nearer stars than Gaia sees and few at low latitude."""
POOR_FIT = dict.fromkeys(SHARES, (0.05, 0.4))
"""Share and mean excess of log RUWE of badly fitted sources (approximation: few companions)."""


def draw(n: int, rng: Generator) -> Columns:
    """Draw true RR Lyrae stars of an oblate halo and a thick disc."""
    kind = choose(SHARES, n, rng)
    part = choose(PART_SHARES, n, rng)
    columns = place(part, PLACES, rng)
    mean, scatter = look_up(METALLICITY, part)
    metallicity = mean + scatter * rng.normal(0.0, 1.0, n)

    fundamental = FUNDAMENTAL_PERIOD + PERIOD_METALLICITY * (metallicity + 1.5)
    fundamental = np.clip(fundamental + PERIOD_SCATTER * rng.normal(0.0, 1.0, n), 0.35, 0.9)
    overtone = np.clip(OVERTONE_PERIOD + OVERTONE_SCATTER * rng.normal(0.0, 1.0, n), 0.22, 0.45)
    log_period = np.where(kind == RRC, np.log10(overtone) + FUNDAMENTALISED, np.log10(fundamental))

    zero, slope = LUMINOSITY_METALLICITY
    absolute_g = zero + slope * metallicity + LUMINOSITY_SCATTER * rng.normal(0.0, 1.0, n)
    zero, slope, per_dex = PERIOD_WESENHEIT_METALLICITY
    wesenheit = zero + slope * log_period + per_dex * metallicity
    wesenheit += WESENHEIT_SCATTER * rng.normal(0.0, 1.0, n)
    columns |= {
        "kind": kind,
        "log_period": log_period,
        "true_metallicity": metallicity,
        "absolute_g": absolute_g,
        "intrinsic_bp_rp": (absolute_g - wesenheit) / WESENHEIT_COLOUR,
        "metallicity": metallicity + METALLICITY_ERROR * rng.normal(0.0, 1.0, n),
    }
    return columns | draw_amplitudes(columns, rng)


def completeness(columns: Columns, g_mag: FloatArray) -> FloatArray:
    """Probability that a star is in the reference table, the same for all kinds."""
    low = falling(np.abs(columns["b"]), LATITUDE_MIDPOINT_DEG, LATITUDE_WIDTH_DEG)
    return (1.0 - low) * falling(g_mag, FAINT_MIDPOINT_MAG, FAINT_WIDTH_MAG)


def observe(columns: Columns, rng: Generator) -> Columns:
    """Give periods as the archive does (``pf`` of RRab and RRd, ``p1_o`` of RRc and RRd) and light curves."""
    kind = columns["kind"]
    fundamental, overtone = 10.0 ** columns["log_period"], 10.0 ** (columns["log_period"] - FUNDAMENTALISED)
    pulsates_overtone = kind != RRAB
    return {
        "type_best_classification": names_of(SHARES, kind),
        "pf": np.where(kind == RRC, np.nan, fundamental),
        "p1_o": np.where(pulsates_overtone, overtone, np.nan),
        "fund_freq1": 1.0 / np.where(pulsates_overtone, overtone, fundamental),
        **observe_curves(columns, rng),
    }


RR_LYRAE = Population(
    draw=draw,
    completeness=completeness,
    observe=observe,
    poor_fit=POOR_FIT,
    gaps=(
        Gap(("pf", "p1_o", "fund_freq1"), 0.65, "light curve"),
        Gap(
            (
                *("peak_to_peak_g", "peak_to_peak_bp", "peak_to_peak_rp"),
                *("r21_g", "phi21_g", "r31_g", "phi31_g"),
            ),
            0.79,
            "light curve",
        ),
        Gap(("metallicity",), 0.68, "metallicity"),
    ),
)
"""Missing fractions of ``rrlyrae.csv``; its ``pf`` is missing for 0.68, the RRc stars among them."""
