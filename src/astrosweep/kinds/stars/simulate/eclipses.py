"""Eclipses and the geometric light-curve model of the archive's ``vari_eclipsing_binary``.

The model is one or two Gaussians (the eclipses) and a cosine of half the period (the ellipsoidal shape of
the stars); ``model_type`` says which. Its parameters are missing where the type does not have them (Mowlavi
et al. 2023, A&A 674, A16). Distributions follow 2,106 rows of that table, which does not tell EW, EB and
EA apart; how they differ between the types is an approximation.
"""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from astrosweep.kinds.stars.simulate._base import BoolArray, Columns, names_of

MODELS = (
    "TWOGAUSSIANS",
    "TWOGAUSSIANS_WITH_ELLIPSOIDAL_ON_ECLIPSE1",
    "TWOGAUSSIANS_WITH_ELLIPSOIDAL_ON_ECLIPSE2",
    "ONEGAUSSIAN_WITH_ELLIPSOIDAL",
    "ONEGAUSSIAN",
    "ELLIPSOIDAL",
)
HAS_ECLIPSE = np.array([True, True, True, True, True, False])
HAS_SECOND = np.array([True, True, True, False, False, False])
HAS_COSINE = np.array([False, True, True, True, False, True])
COSINE_ON_SECOND = np.array([False, False, True, False, False, False])
"""By model type."""
CLOSE_SHARES = (0.41, 0.36, 0.20, 0.02, 0.005, 0.005)
DETACHED_SHARES = (0.38, 0.29, 0.15, 0.08, 0.09, 0.01)
"""Shares of the model types for EW and EB, and for EA."""

EW, EB, EA = range(3)
"""Codes of contact, semi-detached and detached binaries."""
LONGEST_DURATION = 0.4
DURATION_PER_SIGMA = 5.6
"""Duration of an eclipse over the width of its Gaussian; the archive limits the duration to 0.4 in phase."""


def draw_eclipses(columns: Columns, rng: Generator) -> Columns:
    """Draw depths, durations and amplitudes for ``kind``.

    Returns:
        ``primary_depth``, ``secondary_depth`` (mag), ``sigma`` (phase), ``ellipsoidal`` (mag) and the three
        ``peak_to_peak_*`` (mag), shape (n,).
    """
    kind = columns["kind"]
    n, detached = kind.size, kind == EA
    primary = np.where(detached, 0.42, 0.36) * np.exp(np.where(detached, 0.75, 0.5) * rng.normal(0.0, 1.0, n))
    primary = np.minimum(primary, np.where(kind == EW, 0.95, 3.0))
    equal = np.select(
        [kind == EW, detached], [rng.beta(9.0, 1.5, n), rng.beta(0.9, 1.1, n)], rng.beta(2, 2, n)
    )
    wide = np.where(detached, 0.025, 0.068) * np.exp(0.4 * rng.normal(0.0, 1.0, n))
    shape = np.where(detached, 0.012, 0.06) * np.exp(np.where(detached, 0.8, 0.5) * rng.normal(0.0, 1.0, n))
    return {
        "primary_depth": primary,
        "secondary_depth": primary * np.maximum(equal, 0.01),
        "sigma": wide,
        "ellipsoidal": np.minimum(shape, 0.4 * primary),
        "peak_to_peak_g": primary,
        "peak_to_peak_bp": 1.05 * primary,
        "peak_to_peak_rp": 0.95 * primary,
    }


def observe_eclipses(columns: Columns, rng: Generator) -> Columns:
    """Fit the geometric model: choose its type and give its parameters and those derived from it."""
    kind = columns["kind"]
    n, detached = kind.size, kind == EA
    close = rng.choice(len(MODELS), size=n, p=CLOSE_SHARES)
    model = np.where(detached, rng.choice(len(MODELS), size=n, p=DETACHED_SHARES), close)
    one, two, cosine = HAS_ECLIPSE[model], HAS_SECOND[model], HAS_COSINE[model]
    primary_first = (rng.random(n) < 0.52) | ~two
    ellipsoidal = np.where(cosine & two, columns["ellipsoidal"], 0.5 * columns["ellipsoidal"])
    depth = _ordered(columns["primary_depth"], columns["secondary_depth"], primary_first)
    first_phase = (0.25 + 0.05 * rng.normal(0.0, 1.0, n)) % 1.0
    first_phase = np.where(two, first_phase, rng.uniform(0.15, 0.75, n))
    eccentric = detached & (rng.random(n) < 0.3)
    apart = 0.5 + np.where(eccentric, 0.06, 0.005) * rng.normal(0.0, 1.0, n)
    second_phase = (first_phase + apart) % 1.0
    sigma = [columns["sigma"] * np.exp(0.15 * rng.normal(0.0, 1.0, n)) for _ in range(2)]
    gaussian_depth = [np.maximum(d - np.where(cosine, 2.0 * ellipsoidal, 0.0), 0.005) for d in depth]

    ranking = 0.585 + 0.035 * np.log(columns["primary_depth"] / 0.35) + 0.06 * rng.normal(0.0, 1.0, n)
    quality = 85.0 * (columns["primary_depth"] / 0.35) ** 0.7 * np.exp(1.4 * rng.normal(0.0, 1.0, n))
    cosine_phase = np.where(COSINE_ON_SECOND[model], second_phase, first_phase)
    fitted: Columns = {
        "model_type": names_of(MODELS, model),
        "geom_model_reference_level": columns["true_g"] - 0.3 * columns["primary_depth"],
        "reduced_chi2": quality,
        "global_ranking": np.clip(ranking, 0.0, 1.0),
        "geom_model_cosine_half_period_amplitude": _known(cosine, ellipsoidal),
        "geom_model_cosine_half_period_phase": _known(cosine, cosine_phase),
    }
    for number, phase, exists in ((1, first_phase, one), (2, second_phase, two)):
        fitted[f"geom_model_gaussian{number}_phase"] = _known(exists, phase)
        fitted[f"geom_model_gaussian{number}_sigma"] = _known(exists, sigma[number - 1])
        fitted[f"geom_model_gaussian{number}_depth"] = _known(exists, gaussian_depth[number - 1])
    phases = _ordered(first_phase, second_phase, primary_first)
    durations = [np.minimum(DURATION_PER_SIGMA * width, LONGEST_DURATION) for width in sigma]
    durations = _ordered(durations[0], durations[1], primary_first)
    depths = (columns["primary_depth"], columns["secondary_depth"])
    for name, index, exists in (("primary", 0, one), ("secondary", 1, two)):
        fitted[f"derived_{name}_ecl_phase"] = _known(exists, phases[index])
        fitted[f"derived_{name}_ecl_duration"] = _known(exists, durations[index])
        fitted[f"derived_{name}_ecl_depth"] = _known(exists, depths[index])
    return fitted


def _known(exists: BoolArray, values: NDArray[Any]) -> NDArray[Any]:
    """Values where the model has them, NaN elsewhere."""
    return np.where(exists, values, np.nan)


def _ordered(first: NDArray[Any], second: NDArray[Any], keep: BoolArray) -> list[NDArray[Any]]:
    """The two as they are where ``keep``, exchanged elsewhere."""
    return [np.where(keep, first, second), np.where(keep, second, first)]
