"""Distances as columns of a catalogue, beside the parallaxes that they are made of."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.config import RunConfig
from astrosweep.config.distance import DistanceConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.field import Field
from astrosweep.data.incoming import Column, Outgoing
from astrosweep.kinds import kind_of
from astrosweep.prediction.distance.choice import make_prior
from astrosweep.prediction.distance.class_prior import ClassPrior
from astrosweep.prediction.distance.freed import Freed
from astrosweep.prediction.distance.parallaxes import Parallaxes
from astrosweep.prediction.distance.posterior import distances
from astrosweep.prediction.distance.zero_point import zero_points

_log = logging.getLogger(__name__)
_OWN, _OWN_ERROR = "parallax", "parallax_error"
_NO_PRIOR = (
    "no distances: %s; distance.prior=edsd, ggd_map or none need no training stars, and distance.prior=off "
    "leaves distances out"
)
_QUANTILES = (
    ("lower", "stat.error;stat.min;{}", "15.9 %"),
    ("median", "{};stat.median", "50 %"),
    ("upper", "stat.error;stat.max;{}", "84.1 %"),
)


@dataclass(frozen=True, eq=False)
class DistanceMaker:
    """Makes distances of predicted parallaxes.

    Attributes:
        settings: How.
        class_prior: Of the model's training stars; None where it is not asked for.
        freed: From predictions to likelihoods, so that this prior counts once; None without it.
    """

    settings: DistanceConfig
    class_prior: ClassPrior | None = None
    freed: Freed | None = None

    def columns(
        self, outgoing: Outgoing, aside: pd.DataFrame | None
    ) -> tuple[list[Column], NDArray[np.object_]]:
        """Distances of N stars.

        Args:
            outgoing: Their predicted parallaxes.
            aside: The stars' own parallaxes, errors and what the zero point needs, as far as they are known.

        Returns:
            Quantiles of the distance in pc and of the distance modulus in mag, and what a star lacks.
        """
        predicted = outgoing.judged.predicted
        parallaxes = Parallaxes(predicted.mean[:, 0], predicted.std[:, 0])
        if self.freed is not None:
            parallaxes = self.freed.likelihoods(parallaxes)
        lacks = np.full(len(parallaxes), "", dtype=object)
        if self.settings.use_catalogue_parallax and aside is not None and {_OWN, _OWN_ERROR} <= {*aside}:
            own = Parallaxes(_numbers(aside[_OWN]), _numbers(aside[_OWN_ERROR]))
            parallaxes = parallaxes.combined(self._corrected(own, outgoing, aside, lacks))
        prior = make_prior(self.settings, outgoing.judged.objects.ids, self.class_prior)
        found = distances(parallaxes, prior, self.settings.limits_pc)
        unknown = ~np.isfinite(found.distance[:, 1])
        lacks[unknown] = "no distance: no identifier of Gaia, which the prior needs, or no parallax"
        return [
            *_quantiles("distance", found.distance, "pc", "pos.distance", "distance"),
            *_quantiles("distance_modulus", found.modulus, "mag", "phot.mag.distMod", "distance modulus"),
        ], lacks

    def _corrected(
        self, own: Parallaxes, outgoing: Outgoing, aside: pd.DataFrame, lacks: NDArray[np.object_]
    ) -> Parallaxes:
        zero_point = self.settings.zero_point
        if zero_point == "none":
            return own
        if not isinstance(zero_point, str):
            return own.corrected(float(zero_point))
        inputs = outgoing.judged.objects.frame.reset_index(drop=True)
        beside = aside.reset_index(drop=True)
        found = zero_points(beside.assign(**{str(k): inputs[k] for k in inputs if k not in beside}))
        known = own.known & (found.reason != "")
        lacks[known] = [
            f"zero point of the star's own parallax unknown: {one}" for one in found.reason[known]
        ]
        return own.corrected(found.offset)


def distance_maker(
    config: RunConfig, settings: DistanceConfig, parallax: FloatArray | None, error: FloatArray | None
) -> DistanceMaker | None:
    """What makes distances of a model's predictions; None where they are no parallaxes or nobody wants them.

    Args:
        config: The model's configuration.
        settings: How distances are made.
        parallax: Parallaxes of its training stars, shape (N, 1); None where it keeps none.
        error: Their errors, 0 where unknown.
    """
    if not kind_of(config).tells_distances or settings.prior == "off":
        return None
    if settings.prior != "class":
        return DistanceMaker(settings)
    if parallax is None or error is None:
        _log.warning(_NO_PRIOR, "the model keeps no parallaxes of its training stars, as a single run")
        return None
    try:
        prior = ClassPrior.fit(Parallaxes(parallax[:, 0], error[:, 0]))
    except DataError as fault:
        _log.warning(_NO_PRIOR, fault)
        return None
    return DistanceMaker(settings, prior, Freed.of(prior))


def _quantiles(name: str, values: FloatArray, unit: str, ucd: str, words: str) -> list[Column]:
    return [
        (
            Field(f"{name}_{end}", np.float64, unit, pattern.format(ucd), f"{level} quantile of the {words}"),
            values[:, place],
        )
        for place, (end, pattern, level) in enumerate(_QUANTILES)
    ]


def _numbers(values: "pd.Series[float]") -> FloatArray:
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
