"""Classical deprojection of galaxy clusters, the peer that a network has to beat.

Spherical, from the surface brightness and the spectroscopic temperature only; ``METHODS`` are

* ``onion``: onion peeling, the projected temperature taken for the true one;
* ``multiscale-projected``: King functions by non-negative least squares, the temperature likewise;
* ``multiscale``: the same with a 3D temperature fitted through its projection.

The pressure is n_e T. Uncertainties are the spread of repeated analyses of perturbed measurements.
"""

from .measures import RADII, Accuracy, accuracy, true_profiles
from .methods import METHODS, Deprojection, deproject

__all__ = ["METHODS", "RADII", "Accuracy", "Deprojection", "accuracy", "deproject", "true_profiles"]
