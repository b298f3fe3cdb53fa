"""A linear period-luminosity relation as a baseline: M = M0 + b (log10 P - x0), and the parallax from m - M.

It is fitted to parallaxes, in which the catalogue's errors are Gaussian and negative ones count like any
other; weighted so it is the same as a fit of the astrometry-based luminosity a = parallax 10^(0.2 m - 2) =
10^(0.2 M) (Arenou and Luri 1999, ASP Conf. Ser. 167, 13). Magnitudes mag, periods d, parallaxes mas.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares

from astrosweep.core.errors import DataError, FormatError
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.baseline import VALUES, read_values, refuse_few, write_values
from astrosweep.kinds.tables.prepare import PreparedRows
from astrosweep.kinds.tables.rows import Rows
from astrosweep.training.calibration import fit_factor

_CLASSES = ("type_best_classification", "mode_best_classification", "eb_type")
"""Columns whose classes have relations of their own."""
_G = ("phot_g_mean_mag", "int_average_g", "zp_mag_g")
_PERIODS = ("log_pf", "pf", "fund_freq1", "frequency")
_OVERTONE = "p1_o"
_BANDS = ("g", "wesenheit")
"""Magnitudes, the better last: free of reddening where a star has a colour."""
_FEWEST = 30
"""Stars of a class that has a relation of its own."""
_ALL = ""
_TURNS = 4
_SMALLEST_SCATTER, _FIRST_SCATTER = 0.02, 0.2
"""Of the true parallax about the relation, relative."""
_FIRST_SLOPE, _SLOPES = -2.5, (-15.0, 10.0)
_LARGEST_EXPONENT, _SMALLEST_PARALLAX = 6.0, 1e-6


@dataclass(frozen=True)
class Relation:
    """One period-luminosity relation.

    Attributes:
        zero: Absolute magnitude at the pivot, mag.
        slope: Magnitudes for a factor of ten in period.
        pivot: log10 of a period in days.
        scatter: Relative scatter of the true parallax about the relation.
    """

    zero: float
    slope: float
    pivot: float
    scatter: float

    def parallax(self, log_period: FloatArray, magnitude: FloatArray) -> FloatArray:
        """The parallax that the relation gives, mas."""
        absolute = self.zero + self.slope * (log_period - self.pivot)
        return _parallax(absolute - magnitude)


Relations = Mapping[str, Mapping[str, Relation]]
"""Band and class to its relation; the class ``""`` holds all."""


@dataclass(frozen=True, eq=False)
class FittedRelations:
    """Fitted relations.

    Attributes:
        relations: The relations.
        median: Median parallax of the training stars, for stars without period or magnitude, mas.
        spread: Half the range of the middle 68 % of them, mas.
        largest: The largest of them, mas; no prediction is larger.
    """

    relations: Relations
    median: float
    spread: float
    largest: float

    def predict(self, objects: Rows) -> Predictions:
        """See ``FittedBaseline``."""
        _check_columns(objects)
        log_period, overtone = _log_period(objects.frame)
        classes = _class_of(objects.frame, overtone)
        mean = np.full(len(objects), self.median)
        std = np.full(len(objects), self.spread)
        for band, of_classes in self.relations.items():
            magnitude = _magnitude(objects.frame, band)
            usable = np.isfinite(log_period) & np.isfinite(magnitude)
            own = np.where(np.isin(classes, list(of_classes)), classes, _ALL)
            for name, relation in of_classes.items():
                rows = usable & (own == name)
                mean[rows] = np.minimum(relation.parallax(log_period[rows], magnitude[rows]), self.largest)
                std[rows] = relation.scatter * mean[rows]
        return Predictions(objects.ids, mean[:, None], std[:, None])

    def save(self, folder: Path) -> None:
        """See ``FittedBaseline``."""
        relations = {
            band: {name: asdict(relation) for name, relation in of_classes.items()}
            for band, of_classes in self.relations.items()
        }
        numbers = {"median": self.median, "spread": self.spread, "largest": self.largest}
        write_values(folder, PERIOD_LUMINOSITY.name, {"relations": relations, **numbers})


@dataclass(frozen=True)
class PeriodLuminosity:
    """Linear relations of absolute magnitude and log period, one for each class that has enough stars."""

    name: str = "period_luminosity"
    label: str = "period-luminosity relation"

    def suits(self, prepared: PreparedRows) -> bool:
        """See ``Baseline``: stars whose features have a period and a magnitude."""
        raw = set(prepared.preparation.raw)
        return bool(raw & {*_PERIODS, _OVERTONE}) and bool(raw & {*_G, "wesenheit_g"})

    def fit(self, prepared: PreparedRows) -> FittedRelations:
        """See ``Baseline``."""
        frame = prepared.train.objects.frame
        target, error = (array[:, 0] for array in prepared.preparation.targets(prepared.train))
        refuse_few(self, len(frame))
        log_period, overtone = _log_period(frame)
        classes = _class_of(frame, overtone)
        relations: dict[str, dict[str, Relation]] = {}
        for band in _BANDS:
            magnitude = _magnitude(frame, band)
            usable = np.isfinite(log_period) & np.isfinite(magnitude)
            names, counts = np.unique(classes[usable], return_counts=True)
            chosen = {_ALL: usable} | {
                str(name): usable & (classes == name)
                for name, count in zip(names, counts, strict=True)
                if count >= _FEWEST
            }
            relations[band] = {
                name: _fit(log_period[rows], magnitude[rows], target[rows], error[rows])
                for name, rows in chosen.items()
                if rows.sum() >= min(_FEWEST, len(frame) // 2)
            }
        low, median, high, largest = np.quantile(target, [0.16, 0.5, 0.84, 1.0]).tolist()
        return FittedRelations(relations, median, (high - low) / 2.0 or 1.0, max(largest, _SMALLEST_PARALLAX))

    def load(self, folder: Path) -> FittedRelations:
        """See ``Baseline``."""
        values, path = read_values(folder, self.name), folder / VALUES
        try:
            relations = {
                band: {name: Relation(**relation) for name, relation in values["relations"][band].items()}
                for band in _BANDS
            }
            numbers = [float(values[name]) for name in ("median", "spread", "largest")]
            fitted = FittedRelations(relations, *numbers)
            every = [one for of_classes in relations.values() for one in of_classes.values()]
            numbers += [float(number) for one in every for number in asdict(one).values()]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"{path}: no baseline {self.name}: {error!r}") from error
        positive = [fitted.spread, fitted.largest, *(one.scatter for one in every)]
        if not (np.isfinite(numbers).all() and min(positive) > 0.0):
            raise FormatError(f"{path}: holds numbers that are not finite, or scatters that are not above 0")
        return fitted


PERIOD_LUMINOSITY = PeriodLuminosity()


def _fit(log_period: FloatArray, magnitude: FloatArray, parallax: FloatArray, error: FloatArray) -> Relation:
    """Fit one relation; outliers count by their absolute residual (soft L1)."""
    pivot = float(np.median(log_period))
    x = log_period - pivot
    luminosity = parallax * 10.0 ** (0.2 * magnitude - 2.0)
    typical = float(np.median(luminosity))
    if typical <= 0.0:
        positive = luminosity[luminosity > 0.0]
        typical = float(np.median(positive)) if positive.size else 1.0
    zero, slope, scatter = 5.0 * np.log10(typical), _FIRST_SLOPE, _FIRST_SCATTER
    for _ in range(_TURNS):
        model = _parallax(zero + slope * x - magnitude)
        sigma = np.hypot(error, scatter * model)

        def residuals(parameters: FloatArray, sigma: FloatArray = sigma) -> FloatArray:
            return (parallax - _parallax(parameters[0] + parameters[1] * x - magnitude)) / sigma

        bounds = ([-np.inf, _SLOPES[0]], [np.inf, _SLOPES[1]])
        zero, slope = least_squares(residuals, [zero, slope], bounds=bounds, loss="soft_l1").x
        model = _parallax(zero + slope * x - magnitude)
        scatter = max(fit_factor(parallax - model, error, model), _SMALLEST_SCATTER)
    return Relation(float(zero), float(slope), pivot, float(scatter))


def _parallax(absolute_minus_apparent: FloatArray) -> FloatArray:
    """Parallax in mas of a star of a distance modulus, which is given with the other sign."""
    exponent = np.clip(0.2 * absolute_minus_apparent + 2.0, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    return np.asarray(10.0**exponent)


def _log_period(frame: pd.DataFrame) -> tuple[FloatArray, NDArray[np.bool_]]:
    """log10 of the period in days, NaN where none is known; and whether it is that of the first overtone."""
    found = np.full(len(frame), np.nan)
    for name in _PERIODS:
        if name in frame:
            values = frame[name].to_numpy(dtype=np.float64)
            logarithm = values if name == "log_pf" else _log10(values) * (1.0 if name == "pf" else -1.0)
            found = np.where(np.isfinite(found), found, logarithm)
    if _OVERTONE not in frame:
        return found, np.zeros(len(frame), dtype=np.bool_)
    overtone = _log10(frame[_OVERTONE].to_numpy(dtype=np.float64))
    taken = ~np.isfinite(found) & np.isfinite(overtone)
    return np.where(taken, overtone, found), taken


def _log10(values: FloatArray) -> FloatArray:
    return np.log10(np.where(values > 0.0, values, np.nan))


def _magnitude(frame: pd.DataFrame, band: str) -> FloatArray:
    """Magnitudes of a band, NaN where unknown; the Wesenheit index of Ripepi et al. 2019, A&A 625, A14."""
    g = next((name for name in _G if name in frame), None)
    nothing = np.full(len(frame), np.nan)
    of_g = nothing if g is None else frame[g].to_numpy(dtype=np.float64)
    if band == "g":
        return of_g
    if "wesenheit_g" in frame:
        return frame["wesenheit_g"].to_numpy(dtype=np.float64)
    return of_g - 1.90 * frame["bp_rp"].to_numpy(dtype=np.float64) if "bp_rp" in frame else nothing


def _class_of(frame: pd.DataFrame, overtone: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Classes of each star as one text, with what its period is; never the empty text."""
    columns = [frame[name].astype(str).to_numpy(dtype=object) for name in _CLASSES if name in frame]
    period = np.where(overtone, "first overtone", "period").astype(object)
    return np.array([", ".join(words) for words in zip(period, *columns, strict=True)], dtype=object)


def _check_columns(rows: Rows) -> None:
    """Refuse rows without a column of periods or magnitudes.

    Raises:
        DataError: They have none.
    """
    for needed in ((*_PERIODS, _OVERTONE), (*_G, "wesenheit_g")):
        if not set(needed) & set(rows.frame):
            raise DataError(f"the rows have no column {' or '.join(needed)}")
