"""The columns that astrosweep knows, under the names of the Gaia DR3 archive, each with its unit.

Units and meanings: Gaia DR3 documentation, chapter 20 (``gaiadr3.gaia_source``, ``vari_cepheid``,
``vari_rrlyrae``, ``vari_eclipsing_binary``). A table in other units is converted on reading.
"""

import math
from dataclasses import dataclass

import astropy.units as u


@dataclass(frozen=True)
class Column:
    """One known column.

    Attributes:
        unit: Unit that astrosweep uses, as astropy spells it; empty for none.
        description: One line for reports and plot labels.
        categorical: Whether its values are class names rather than numbers.
    """

    unit: str
    description: str
    categorical: bool = False


ID = "source_id"
TARGET = "parallax"
TARGET_ERROR = "parallax_error"
ZERO_POINT = "parallax_zero_point"
TRUE_DISTANCE = "true_distance_pc"

_GEOMETRIC_MODEL = {
    "geom_model_reference_level": ("mag", "out-of-eclipse G magnitude of the geometric model"),
    "geom_model_gaussian1_phase": ("", "phase of the first eclipse"),
    "geom_model_gaussian1_sigma": ("", "width of the first eclipse in phase"),
    "geom_model_gaussian1_depth": ("mag", "depth of the first eclipse"),
    "geom_model_gaussian2_phase": ("", "phase of the second eclipse"),
    "geom_model_gaussian2_sigma": ("", "width of the second eclipse in phase"),
    "geom_model_gaussian2_depth": ("mag", "depth of the second eclipse"),
    "geom_model_cosine_half_period_amplitude": ("mag", "amplitude of the ellipsoidal component"),
    "geom_model_cosine_half_period_phase": ("", "phase of the ellipsoidal component"),
    "derived_primary_ecl_phase": ("", "phase of the primary eclipse"),
    "derived_primary_ecl_duration": ("", "duration of the primary eclipse in phase"),
    "derived_primary_ecl_depth": ("mag", "depth of the primary eclipse"),
    "derived_secondary_ecl_phase": ("", "phase of the secondary eclipse"),
    "derived_secondary_ecl_duration": ("", "duration of the secondary eclipse in phase"),
    "derived_secondary_ecl_depth": ("mag", "depth of the secondary eclipse"),
    "reduced_chi2": ("", "reduced chi-squared of the geometric model"),
    "global_ranking": ("", "confidence of the eclipsing-binary classification, 0 to 1"),
}

COLUMNS: dict[str, Column] = {
    ID: Column("", "Gaia source identifier"),
    TARGET: Column("mas", "parallax"),
    TARGET_ERROR: Column("mas", "catalogue error of the parallax"),
    ZERO_POINT: Column("mas", "parallax zero-point offset, to be subtracted from the parallax"),
    TRUE_DISTANCE: Column("pc", "true distance of a simulated star"),
    "ra": Column("deg", "right ascension"),
    "dec": Column("deg", "declination"),
    "l": Column("deg", "Galactic longitude"),
    "b": Column("deg", "Galactic latitude"),
    "pmra": Column("mas/yr", "proper motion in right ascension"),
    "pmdec": Column("mas/yr", "proper motion in declination"),
    "phot_g_mean_mag": Column("mag", "mean G magnitude"),
    "phot_bp_mean_mag": Column("mag", "mean BP magnitude"),
    "phot_rp_mean_mag": Column("mag", "mean RP magnitude"),
    "bp_rp": Column("mag", "BP - RP colour"),
    "wesenheit_g": Column("mag", "reddening-free magnitude G - 1.90 (BP - RP)"),
    "ebv": Column("mag", "colour excess E(B-V)"),
    "j_mag": Column("mag", "mean J magnitude"),
    "h_mag": Column("mag", "mean H magnitude"),
    "k_mag": Column("mag", "mean Ks magnitude"),
    "pf": Column("d", "pulsation or orbital period, fundamental mode"),
    "p1_o": Column("d", "period of the first overtone"),
    "log_pf": Column("", "log10 of the period in days"),
    "fund_freq1": Column("1/d", "first frequency of the light curve"),
    "frequency": Column("1/d", "orbital frequency"),
    "peak_to_peak_g": Column("mag", "peak-to-peak amplitude in G"),
    "peak_to_peak_bp": Column("mag", "peak-to-peak amplitude in BP"),
    "peak_to_peak_rp": Column("mag", "peak-to-peak amplitude in RP"),
    "r21_g": Column("", "Fourier amplitude ratio R21 in G"),
    "r31_g": Column("", "Fourier amplitude ratio R31 in G"),
    "phi21_g": Column("rad", "Fourier phase difference phi21 in G"),
    "phi31_g": Column("rad", "Fourier phase difference phi31 in G"),
    "zp_mag_g": Column("mag", "zero-point magnitude of the G light-curve model"),
    "zp_mag_bp": Column("mag", "zero-point magnitude of the BP light-curve model"),
    "zp_mag_rp": Column("mag", "zero-point magnitude of the RP light-curve model"),
    "int_average_g": Column("mag", "intensity-averaged G magnitude"),
    "int_average_bp": Column("mag", "intensity-averaged BP magnitude"),
    "int_average_rp": Column("mag", "intensity-averaged RP magnitude"),
    "metallicity": Column("dex", "metallicity [Fe/H]"),
    "ruwe": Column("", "renormalised unit weight error"),
    "astrometric_gof_al": Column("", "goodness of fit of the astrometric solution, along scan"),
    "astrometric_chi2_al": Column("", "chi-squared of the astrometric solution, along scan"),
    "astrometric_excess_noise": Column("mas", "excess noise of the astrometric solution"),
    "num_clean_epochs_g": Column("", "number of clean G epochs"),
    "type_best_classification": Column("", "variability type", categorical=True),
    "mode_best_classification": Column("", "pulsation mode", categorical=True),
    "multi_mode_best_classification": Column("", "modes of a multi-mode pulsator", categorical=True),
    "eb_type": Column("", "type of eclipsing binary", categorical=True),
    "model_type": Column("", "type of the geometric light-curve model", categorical=True),
    **{name: Column(unit, text) for name, (unit, text) in _GEOMETRIC_MODEL.items()},
}


def unit_of(name: str) -> u.UnitBase:
    """Return the astropy unit of a known column, dimensionless for an unknown one."""
    column = COLUMNS.get(name)
    return u.Unit(column.unit) if column else u.dimensionless_unscaled


def label_of(name: str) -> str:
    """Return a plot label such as ``parallax (mas)``."""
    column = COLUMNS.get(name)
    return f"{name} ({column.unit})" if column and column.unit else name


def is_categorical(name: str) -> bool:
    """Say whether a known column holds class names."""
    column = COLUMNS.get(name)
    return column is not None and column.categorical


_MAGNITUDE = (-2.0, 30.0)
_AMPLITUDE = (0.0, 15.0)
_RANGES: dict[str, tuple[float, float]] = {
    TARGET: (-200.0, 800.0),  # the nearest star has 769 mas
    TARGET_ERROR: (0.0, 100.0),
    ZERO_POINT: (-1.0, 1.0),
    "ra": (0.0, 360.0),
    "dec": (-90.0, 90.0),
    "l": (-180.0, 360.0),
    "b": (-90.0, 90.0),
    "pmra": (-11_000.0, 11_000.0),  # Barnard's star moves by 10,400 mas/yr
    "pmdec": (-11_000.0, 11_000.0),
    "bp_rp": (-3.0, 12.0),
    "ebv": (-0.5, 20.0),
    "pf": (0.0, 1e5),
    "p1_o": (0.0, 1e5),
    "log_pf": (-4.0, 5.0),
    "fund_freq1": (0.0, 1e4),
    "frequency": (0.0, 1e4),
    "metallicity": (-8.0, 3.0),
    "ruwe": (0.0, 1e4),
    "phi21_g": (-10.0, 10.0),
    "phi31_g": (-10.0, 10.0),
    "r21_g": (0.0, 20.0),
    "r31_g": (0.0, 20.0),
    "wesenheit_g": (-15.0, 30.0),
    **{name: _MAGNITUDE for name, column in COLUMNS.items() if column.unit == "mag" and "mag" in name},
    **dict.fromkeys(("int_average_g", "int_average_bp", "int_average_rp"), _MAGNITUDE),
    **{name: _AMPLITUDE for name in COLUMNS if name.startswith("peak_to_peak")},
}


def range_of(name: str) -> tuple[float, float]:
    """Return the lowest and the highest value that a known column can have; unbounded for others."""
    return _RANGES.get(name, (-math.inf, math.inf))
