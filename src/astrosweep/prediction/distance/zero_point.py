"""The zero point of the parallaxes of Gaia (Lindegren et al. 2021, A&A 649, A4), by ``gaiadr3-zeropoint``."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.core.errors import ConfigError
from astrosweep.core.types import FloatArray

MAGNITUDE, LATITUDE, SOLUTION = "phot_g_mean_mag", "ecl_lat", "astrometric_params_solved"
_COLOURS = {31: "nu_eff_used_in_astrometry", 95: "pseudocolour"}
"""Solutions of five and of six parameters to the column of the colour that was used."""
COLUMNS = (MAGNITUDE, *_COLOURS.values(), LATITUDE, SOLUTION)
_RANGE = (
    "outside the range of the zero point: 6 < G < 21 mag, and 1.1 < nu_eff < 1.9 or "
    "1.24 < pseudocolour < 1.72 per micron"
)


@dataclass(frozen=True, eq=False)
class ZeroPoints:
    """Offsets of the parallaxes of N stars.

    Attributes:
        offset: In mas, to be subtracted from the catalogue's parallax, shape (N,); NaN where unknown.
        reason: Why it is unknown, empty where it is known, shape (N,).
    """

    offset: FloatArray
    reason: NDArray[np.object_]


def zero_points(stars: pd.DataFrame) -> ZeroPoints:
    """Return the zero point of each star from its magnitude, colour and ecliptic latitude.

    Args:
        stars: The columns ``COLUMNS`` of the Gaia archive, in its units; a solution of five parameters needs
            no ``pseudocolour`` and one of six no ``nu_eff_used_in_astrometry``. Absent columns are allowed.

    Raises:
        ConfigError: ``gaiadr3-zeropoint`` is not installed.
    """
    formula = _formula()
    known = {name: _numbers(stars, name) for name in COLUMNS}
    solution = known[SOLUTION]
    reason = np.full(len(stars), "", dtype=object)
    for name in (MAGNITUDE, LATITUDE, SOLUTION):
        _note(reason, np.isnan(known[name]), name, stars)
    for number, name in _COLOURS.items():
        _note(reason, (solution == number) & np.isnan(known[name]), name, stars)
    other = ~np.isnan(solution) & ~np.isin(solution, list(_COLOURS))
    reason[other & (reason == "")] = "a solution without a parallax or of another kind: expected 31 or 95"
    ready = reason == ""
    offset = np.full(len(stars), np.nan)
    if ready.any():
        offset[ready] = formula.get_zpt(*(known[name][ready] for name in COLUMNS), _warnings=False)
    reason[ready & np.isnan(offset)] = _RANGE
    return ZeroPoints(offset, reason)


def _formula() -> Any:
    """The module of the package, its tables loaded."""
    try:
        from zero_point import zpt
    except ImportError as error:
        raise ConfigError(
            "distance.zero_point=lindegren2021 needs gaiadr3-zeropoint, which cannot be imported "
            f"({error}): pip install astrosweep[zeropoint], or use a number in mas or none"
        ) from error
    zpt.load_tables()
    return zpt


def _numbers(stars: pd.DataFrame, name: str) -> FloatArray:
    """A column as numbers, NaN where it has none; all NaN where it is absent."""
    if name not in stars:
        return np.full(len(stars), np.nan)
    return pd.to_numeric(stars[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _note(reason: NDArray[np.object_], missing: NDArray[np.bool_], name: str, stars: pd.DataFrame) -> None:
    """Say of stars without a reason yet that a value is missing."""
    reason[missing & (reason == "")] = f"no {name}" if name in stars else f"no column {name}"
