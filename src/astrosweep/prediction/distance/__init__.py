"""Distances of stars from their parallaxes."""

from astrosweep.prediction.distance.catalogue import DistanceMaker, distance_maker
from astrosweep.prediction.distance.choice import make_prior
from astrosweep.prediction.distance.class_prior import ClassPrior
from astrosweep.prediction.distance.freed import Freed
from astrosweep.prediction.distance.parallaxes import Parallaxes
from astrosweep.prediction.distance.posterior import LIMITS_PC, PROBABILITIES, Distances, distances
from astrosweep.prediction.distance.zero_point import ZeroPoints, zero_points

__all__ = [
    "LIMITS_PC",
    "PROBABILITIES",
    "ClassPrior",
    "DistanceMaker",
    "Distances",
    "Freed",
    "Parallaxes",
    "ZeroPoints",
    "distance_maker",
    "distances",
    "make_prior",
    "zero_points",
]
