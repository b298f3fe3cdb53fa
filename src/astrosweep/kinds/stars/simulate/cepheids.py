"""Classical, type II and anomalous Cepheids.

Real stars come from table 1 of Trentin et al. (2024, A&A 681, A65), called "the Trentin table" below.
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
from astrosweep.kinds.stars.simulate.cepheid_curves import draw_amplitudes, observe_curves
from astrosweep.kinds.stars.simulate.galaxy import SUN_RADIUS_KPC, disc, galactocentric_radius, halo
from astrosweep.kinds.stars.simulate.missing import Gap
from astrosweep.kinds.stars.simulate.photometry import WESENHEIT_COLOUR

SHARES = {
    "DCEP F": 0.584,
    "DCEP 1O": 0.340,
    "DCEP F1O": 0.020,
    "DCEP 1O2O": 0.020,
    "T2CEP": 0.030,
    "ACEP F": 0.003,
    "ACEP 1O": 0.003,
}
"""Of the stars drawn, most of which are too faint for the catalogue of their kind."""
FAMILIES = ("DCEP", "T2CEP", "ACEP")
FAMILY_OF_KIND = np.array([0, 0, 0, 0, 1, 2, 2])
MODES = ("FUNDAMENTAL", "FIRST_OVERTONE", "MULTI", "NOT_APPLICABLE")
MODE_OF_KIND = np.array([0, 1, 2, 2, 3, 0, 1])
HAS_FUNDAMENTAL = np.array([True, False, True, False, True, True, False])
HAS_OVERTONE = np.array([False, True, True, True, False, False, True])
"""By kind, in the order of the shares."""

LOG_PERIOD = {
    "DCEP F": (0.61, 0.20, 0.15, -0.25),
    "DCEP 1O": (0.57, 0.22, 0.0, -0.25),
    "DCEP F1O": (0.55, 0.20, 0.0, -0.25),
    "DCEP 1O2O": (0.03, 0.20, 0.0, -0.25),
    "T2CEP": (0.80, 0.48, 0.0, 0.0),
    "ACEP F": (0.12, 0.14, 0.0, -0.25),
    "ACEP 1O": (0.12, 0.14, 0.0, -0.25),
}
"""Log10 of the fundamental period in days: mean and standard deviation of a Gaussian, mean of an added
exponential, lower limit. Those of DCEP are chosen such that the visible stars have the periods of the Trentin
table; the others are approximations."""

PERIOD_WESENHEIT = {
    "DCEP": (-5.988, -3.176, -0.520, 0.13),
    "T2CEP": (-3.60, -2.50, 0.0, 0.20),
    "ACEP": (-4.90, -3.00, 0.0, 0.15),
}
"""W at 10 days (mag), slope with log10 P0, mag per dex of [Fe/H], intrinsic scatter (mag).

DCEP: Ripepi et al. (2022, A&A 659, A167, abstract), but for the scatter, an approximation. T2CEP and ACEP:
approximations of the OGLE relations in W(V, I) of the Large Magellanic Cloud, at a distance modulus of 18.48
mag."""

PERIOD_COLOUR = {"DCEP": (0.99, 0.33, 0.075), "T2CEP": (0.93, 0.25, 0.08), "ACEP": (0.75, 0.30, 0.05)}
"""Intrinsic BP - RP at 10 days, slope with log10 P0 and the half width of the instability strip as a standard
deviation. DCEP: fit to the dereddened Trentin table; the others are approximations."""

METALLICITY_GRADIENT = -0.071
"""Of the young disc, dex/kpc (fit to the Trentin table)."""
METALLICITY = {"DCEP": (0.02, 0.06), "T2CEP": (-1.0, 0.4), "ACEP": (-1.8, 0.4)}
"""Mean [Fe/H] at the Sun's radius and scatter, dex; approximations for the old families."""
METALLICITY_ERROR = 0.10

FAINT_LIMIT = {"DCEP": (12.0, 0.95), "T2CEP": (17.4, 0.7), "ACEP": (17.0, 0.7)}
"""Midpoint and width of the completeness in G, mag: classical Cepheids are those with spectroscopy, as in the
Trentin table; the others are the stars that Gaia classified."""

PLACES = (
    partial(disc, scale_length_kpc=3.5, scale_height_kpc=0.12, inner_radius_kpc=4.0),
    partial(disc, scale_length_kpc=2.5, scale_height_kpc=0.7, inner_radius_kpc=0.5),
    partial(halo, slope=2.7, core_kpc=1.0, flattening=0.7),
)
"""By family. The young disc is thicker than the 75 pc of Skowron et al. (2019, Science 365, 478), so that the
latitudes are those of the Trentin table, whose Cepheids follow the warp."""
POOR_FIT = dict.fromkeys(SHARES, (0.10, 0.5))
"""Share and mean excess of log RUWE of badly fitted sources (percentiles of the Trentin table)."""


def draw(n: int, rng: Generator) -> Columns:
    """Draw true Cepheids of all kinds.

    Classical Cepheids live in the young disc; type II in the thick disc; anomalous ones in the halo. At a
    given period the luminosity follows W and the colour: ``M_G = W + 1.90 (BP - RP)``.
    """
    kind = choose(SHARES, n, rng)
    family = FAMILY_OF_KIND[kind]
    columns = place(family, PLACES, rng)

    mean, scatter, tail, shortest = look_up(LOG_PERIOD, kind)
    log_period = mean + scatter * rng.normal(0.0, 1.0, n) + tail * rng.exponential(1.0, n)
    log_period = np.clip(log_period, shortest, 1.85)
    mean, scatter = look_up(METALLICITY, family)
    metallicity = mean + scatter * rng.normal(0.0, 1.0, n)
    outwards = galactocentric_radius(columns) - SUN_RADIUS_KPC
    metallicity = metallicity + np.where(family == 0, METALLICITY_GRADIENT * outwards, 0.0)

    zero, slope, per_dex, scatter = look_up(PERIOD_WESENHEIT, family)
    wesenheit = zero + slope * (log_period - 1.0) + per_dex * metallicity + scatter * rng.normal(0.0, 1.0, n)
    zero, slope, scatter = look_up(PERIOD_COLOUR, family)
    colour = zero + slope * (log_period - 1.0) + scatter * rng.normal(0.0, 1.0, n)
    columns |= {
        "kind": kind,
        "log_period": log_period,
        "absolute_g": wesenheit + WESENHEIT_COLOUR * colour,
        "intrinsic_bp_rp": colour,
        "metallicity": metallicity + METALLICITY_ERROR * rng.normal(0.0, 1.0, n),
    }
    return columns | draw_amplitudes(columns, rng)


def completeness(columns: Columns, g_mag: FloatArray) -> FloatArray:
    """Probability that a star is in the catalogue of its type."""
    midpoint, width = look_up(FAINT_LIMIT, FAMILY_OF_KIND[columns["kind"]])
    return falling(g_mag, midpoint, width)


def overtone_period(fundamental_period: FloatArray) -> FloatArray:
    """First-overtone period of a classical Cepheid with a fundamental period, both in days.

    ``P1 / P0 = 0.720 - 0.027 log10 P0``, an approximation good to 0.02: in the Large Magellanic Cloud the
    ratios are near 0.72, and those of the Galaxy are lower (Alcock et al. 1995, AJ 109, 1653).
    """
    return fundamental_period * (0.720 - 0.027 * np.log10(fundamental_period))


def observe(columns: Columns, rng: Generator) -> Columns:
    """Give types, modes and periods as the archive does, and light curves.

    ``pf`` is missing for overtones, ``p1_o`` for fundamental pulsators; both are known of F1O stars. The
    first frequency is the one of the dominant mode.
    """
    kind = columns["kind"]
    fundamental = 10.0 ** columns["log_period"]
    overtone = overtone_period(fundamental)
    return {
        "type_best_classification": names_of(FAMILIES, FAMILY_OF_KIND[kind]),
        "mode_best_classification": names_of(MODES, MODE_OF_KIND[kind]),
        "pf": np.where(HAS_FUNDAMENTAL[kind], fundamental, np.nan),
        "p1_o": np.where(HAS_OVERTONE[kind], overtone, np.nan),
        "fund_freq1": 1.0 / np.where(HAS_FUNDAMENTAL[kind], fundamental, overtone),
        **observe_curves(columns, rng),
    }


CEPHEIDS = Population(
    draw=draw,
    completeness=completeness,
    observe=observe,
    poor_fit=POOR_FIT,
    gaps=(
        Gap(("r21_g", "phi21_g"), 0.06, "light curve"),
        Gap(("r31_g", "phi31_g"), 0.25, "light curve"),
        Gap(("phot_bp_mean_mag", "phot_rp_mean_mag", "bp_rp"), 0.004, "colour"),
        Gap(("metallicity",), 0.46, "spectrum"),
    ),
)
"""Missing fractions of ``cepheid_dr3_features`` and, of colour and [Fe/H], ``cepheid_dr2_full_schema``."""
