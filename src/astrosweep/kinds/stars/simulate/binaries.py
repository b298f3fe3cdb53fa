"""Eclipsing binaries: contact (EW), semi-detached (EB) and detached (EA).

Contact binaries fill their common envelope, so the period fixes the density, and a period-luminosity-colour
relation follows: the slope of M_V with log10 P is about -9 (Rucinski 2017, AJ 154, 125; Chen et al. 2018, ApJ
859, 140). The luminosity of a detached pair says next to nothing about its period.

The reference table collects 955 binaries of Gaia DR3: WUMaCat and ASAS-SN for EW, DEBCat and ASAS-SN
for EA. The coefficients in G are a fit to 423 of its EW stars.
"""

from functools import partial

import numpy as np
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import (
    BoolArray,
    Codes,
    Columns,
    FloatArray,
    Population,
    choose,
    falling,
    look_up,
    names_of,
    place,
)
from astrosweep.kinds.stars.simulate.eclipses import EA, EB, EW, draw_eclipses, observe_eclipses
from astrosweep.kinds.stars.simulate.galaxy import neighbourhood
from astrosweep.kinds.stars.simulate.missing import Gap

SHARES = {"EW": 0.55, "EB": 0.12, "EA": 0.33}
"""Of the stars drawn, such that the types are as frequent as in the reference table."""

CONTACT_LUMINOSITY = (3.72, -9.3)
CONTACT_COLOUR = (0.76, -1.75, 0.13)
COLOUR_COEFFICIENT, CONTACT_SCATTER = 2.3, 0.18
"""EW: M_G at 0.4 days and slope with log10 P; intrinsic BP - RP, slope and scatter; M_G per colour residual
and remaining scatter. In M_G at a given period the scatter is 0.35 mag."""

SEQUENCE_G = (-6.0, -2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0)
SEQUENCE_COLOUR = (-0.25, -0.15, 0.10, 0.26, 0.47, 0.63, 0.76, 0.97, 1.22, 2.1, 2.7, 3.1)
"""Main sequence in M_G and BP - RP (mag), read off the binaries of the reference table after dereddening."""
GIANT_COLOUR = (1.10, 0.15)
"""Mean and scatter of the giants among EA."""

PLACES = (
    partial(neighbourhood, scale_height_kpc=0.50, distance_slope=-0.4, nearest_kpc=0.13),
    partial(neighbourhood, scale_height_kpc=0.30, distance_slope=1.2, nearest_kpc=0.40),
    partial(neighbourhood, scale_height_kpc=0.20, distance_slope=0.0, nearest_kpc=0.06),
)
"""By type. Well-studied binaries are bright ones: a selection of 10^(-k G) with k = (2 - slope) / 5 is folded
into the distances. The heights are those of the reference table, which prefers high latitudes for EW."""
SHORTEST_LOG_PERIOD = -0.68
"""Contact binaries end at 0.21 days; shorter draws are reflected there."""
FAINT_LIMIT = {"EW": (16.7, 0.5), "EB": (14.9, 0.5), "EA": (16.7, 0.5)}
"""Midpoint and width of the completeness in G, mag."""
POOR_FIT = {"EW": (0.22, 0.9), "EB": (0.10, 0.7), "EA": (0.16, 0.7)}
"""Share and mean excess of log RUWE of badly fitted sources, from the reference table; most contact binaries
have a third star."""


def draw(n: int, rng: Generator) -> Columns:
    """Draw true binaries: contact ones on their relation, others on the main sequence, with some giants."""
    kind = choose(SHARES, n, rng)
    columns = place(kind, PLACES, rng)
    log_period = _log_periods(kind, rng)
    near = kind == EB
    residual = CONTACT_COLOUR[2] * rng.normal(0.0, 1.0, n)
    from_04 = log_period + 0.4
    contact_colour = CONTACT_COLOUR[0] + CONTACT_COLOUR[1] * from_04 + residual
    contact_g = CONTACT_LUMINOSITY[0] + CONTACT_LUMINOSITY[1] * from_04 + COLOUR_COEFFICIENT * residual
    contact_g = contact_g + CONTACT_SCATTER * rng.normal(0.0, 1.0, n)
    near_g = 3.0 - 2.0 * (log_period + 0.14) + 0.8 * rng.normal(0.0, 1.0, n)
    detached_g, giant = _detached_luminosities(n, rng)
    sequence_g = np.where(near, near_g, detached_g)
    sequence_colour = np.interp(sequence_g, SEQUENCE_G, SEQUENCE_COLOUR) + 0.10 * rng.normal(0.0, 1.0, n)
    giant_colour = GIANT_COLOUR[0] + GIANT_COLOUR[1] * rng.normal(0.0, 1.0, n)
    sequence_colour = np.where(giant & ~near, giant_colour, sequence_colour)
    columns |= {
        "kind": kind,
        "log_period": log_period,
        "absolute_g": np.where(kind == EW, contact_g, sequence_g),
        "intrinsic_bp_rp": np.where(kind == EW, contact_colour, sequence_colour),
    }
    return columns | draw_eclipses(columns, rng)


def completeness(columns: Columns, g_mag: FloatArray) -> FloatArray:
    """Probability that a star is in the reference table, besides what is folded into the distances."""
    midpoint, width = look_up(FAINT_LIMIT, columns["kind"])
    return falling(g_mag, midpoint, width)


def observe(columns: Columns, rng: Generator) -> Columns:
    """Give type and orbital period and the geometric model of the light curve."""
    period = 10.0 ** columns["log_period"]
    frequency = 1.0 / period
    return {
        "eb_type": names_of(SHARES, columns["kind"]),
        "pf": period,
        "frequency": frequency,
        "fund_freq1": frequency,
        **observe_eclipses(columns, rng),
    }


ECLIPSING_BINARIES = Population(
    draw=draw,
    completeness=completeness,
    observe=observe,
    poor_fit=POOR_FIT,
    gaps=(
        Gap(("phot_bp_mean_mag", "phot_rp_mean_mag", "bp_rp"), 0.006, "colour"),
        Gap(("peak_to_peak_g",), 0.88, "amplitude"),
    ),
)
"""Missing fractions of ``eclipsing_binary.csv``; the geometric model's follow from ``model_type``."""


def _log_periods(kind: Codes, rng: Generator) -> FloatArray:
    """Log10 of the period in days: chosen such that the visible stars have the reference table's periods."""
    n = kind.size
    contact = -0.455 + 0.125 * rng.normal(0.0, 1.0, n)
    hot = rng.random(n) < 0.06
    contact = np.where(hot, -0.20 + 0.12 * rng.normal(0.0, 1.0, n), contact)
    near = -0.42 + 0.30 * rng.exponential(1.0, n)
    detached = 0.10 + 0.45 * rng.normal(0.0, 1.0, n) + 0.62 * rng.exponential(1.0, n)
    log_period = np.select([kind == EW, kind == EB], [contact, near], np.minimum(detached, 3.0))
    shortest = np.where(kind == EA, -0.60, SHORTEST_LOG_PERIOD)
    return np.asarray(shortest + np.abs(log_period - shortest))


def _detached_luminosities(n: int, rng: Generator) -> tuple[FloatArray, BoolArray]:
    """Absolute magnitudes of EA, mostly A to G dwarfs with some M dwarfs, and which are giants."""
    group = rng.choice(3, size=n, p=(0.84, 0.09, 0.07))
    mean = np.array([2.4, -0.7, 7.5])[group]
    scatter = np.array([1.5, 1.3, 1.3])[group]
    return mean + scatter * rng.normal(0.0, 1.0, n), group == 1
