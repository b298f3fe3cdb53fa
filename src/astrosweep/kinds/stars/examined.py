"""What stars are told apart by where a model is examined, and their errors that have other names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np
import pandas as pd
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.data.kind import Judged
from astrosweep.data.reading import RawTable
from astrosweep.kinds.stars.schema import TARGET, TARGET_ERROR, ZERO_POINT
from astrosweep.kinds.tables.examined import ExaminedRows, Truth, errors_by_name, positive
from astrosweep.kinds.tables.rows import Rows, RowTruth
from astrosweep.kinds.tables.unlabelled import UnlabelledTable

_MAGNITUDE, _LATITUDE = "phot_g_mean_mag", "|galactic latitude| (deg)"
_FLUX = re.compile(r"(phot_\w+)_mean_mag")
_POGSON = 2.5 / np.log(10.0)


@dataclass(frozen=True, eq=False)
class ExaminedStars(ExaminedRows):
    """See ``Examined``."""

    def variables(self, judged: Judged[Rows, RowTruth]) -> Mapping[str, NDArray[Any]]:
        """See ``Examined``: those of rows, the G magnitude and the distance from the Galactic plane."""
        found = dict(super().variables(judged))
        magnitude, latitude = self._column(_MAGNITUDE), self._latitude()
        if magnitude is not None:
            found[_MAGNITUDE] = magnitude[:, None]
        if latitude is not None:
            found[_LATITUDE] = np.abs(latitude)[:, None]
        return found

    def _latitude(self) -> FloatArray | None:
        latitude, ra, dec = (self._column(name) for name in ("b", "ra", "dec"))
        if latitude is not None or ra is None or dec is None:
            return latitude
        known = np.isfinite(ra) & np.isfinite(dec)
        found = np.full(len(ra), np.nan)
        found[known] = SkyCoord(ra[known] * u.deg, dec[known] * u.deg).galactic.b.deg
        return found

    def _column(self, name: str) -> FloatArray | None:
        for frame in (self.labelled.objects.frame, self.aside):
            if frame is not None and name in frame and frame[name].notna().any():
                return frame[name].to_numpy(dtype=np.float64)
        return None


def truth_of_stars(read: UnlabelledTable, n_rows: int, zero_point: bool) -> Truth:
    """Parallax and its error of each row in mas, NaN where unknown.

    Args:
        read: The rows as read, whose parallaxes stand aside.
        n_rows: Rows of the file.
        zero_point: Whether the zero point is to be subtracted, as it was in training.
    """
    nothing = np.full(n_rows, np.nan)
    aside = pd.DataFrame(index=range(n_rows)) if read.aside is None else read.aside
    parallax, error, offset = (
        aside[name].to_numpy(dtype=np.float64) if name in aside else nothing
        for name in (TARGET, TARGET_ERROR, ZERO_POINT)
    )
    if zero_point:
        parallax = parallax - np.nan_to_num(offset)
    return parallax, np.where(error > 0.0, error, np.nan)


def errors_of_stars(raw: RawTable) -> dict[str, FloatArray]:
    """Errors by name, and those of the archive's magnitudes, which it tells as flux over error.

    A magnitude's error is 2.5 / ln(10) times the relative error of the flux (Pogson 1856, MNRAS 17, 12).
    """
    found, frame = errors_by_name(raw), raw.frame
    for name in map(str, frame.columns):
        match = _FLUX.fullmatch(name)
        if match and name not in found and (ratio := f"{match[1]}_mean_flux_over_error") in frame:
            over = positive(frame[ratio])
            found[name] = np.divide(_POGSON, over, out=np.zeros_like(over), where=over > 0.0)
    return found
