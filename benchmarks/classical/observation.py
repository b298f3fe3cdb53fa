"""One cluster's surface brightness and temperature, in units of R500.

Shapes: A annuli, R radii of an answer. Radii are x = r / R500 throughout; emissivities n_e n_p Lambda
are in erg/s/cm^3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.cosmology import CM_PER_KPC
from astrosweep.kinds.clusters.forward.projection import ELECTRONS_PER_PROTON, cooling
from astrosweep.kinds.clusters.sample import Clusters, Profiles


@dataclass(frozen=True, eq=False)
class Annuli:
    """A projected profile: means over contiguous annuli, some of which may have no value.

    Attributes:
        edges: Edges of all annuli, shape (A_all + 1,).
        known: Which annuli have a value and its error, shape (A_all,).
        value: Values of the A known annuli, shape (A,).
        error: 1-sigma errors, shape (A,).
    """

    edges: FloatArray
    known: NDArray[np.bool_]
    value: FloatArray
    error: FloatArray

    @property
    def centres(self) -> FloatArray:
        """Geometric centres of the known annuli, shape (A,)."""
        return np.asarray(np.sqrt(self.edges[1:] * self.edges[:-1])[self.known])


@dataclass(frozen=True, eq=False)
class Observation:
    """What the classical methods use of a cluster.

    Attributes:
        brightness: Line-of-sight integral of n_e n_p Lambda over x, erg/s/cm^3.
        temperature: Spectroscopic temperature, keV.
    """

    brightness: Annuli
    temperature: Annuli


def observation(clusters: Clusters, row: int) -> Observation:
    """Read one cluster: the surface brightness S becomes the integral (1+z)^4 4 pi S / R500.

    Raises:
        ValueError: Without redshift, R500, or three points with errors of both sb and Txray.
    """
    name, r500, redshift = clusters.names[row], clusters.r500_kpc[row], clusters.redshift[row]
    if not (np.isfinite(r500) and np.isfinite(redshift)):
        raise ValueError(f"cluster {name}: deprojection needs its redshift and R500")
    depth = (1 + redshift) ** -4 / (4 * np.pi) * r500 * CM_PER_KPC
    brightness = _annuli(clusters.observed["sb"].take(np.array([row])), r500, depth)
    temperature = _annuli(clusters.observed["Txray"].take(np.array([row])), r500, 1.0)
    if min(len(brightness.value), len(temperature.value)) < 3:
        raise ValueError(f"cluster {name}: deprojection needs three points with errors of both sb and Txray")
    return Observation(brightness, temperature)


def _annuli(profiles: Profiles, r500: float, unit: float) -> Annuli:
    """Return the only cluster of the profiles; edges lie halfway between the radii in the logarithm."""
    inside = np.isfinite(profiles.radius[0])
    value, error = profiles.value[0][inside] / unit, profiles.error[0][inside] / unit
    known = (value > 0) & (error > 0)
    logs = np.log(profiles.radius[0][inside] / r500)
    middle = (logs[1:] + logs[:-1]) / 2
    ends = 2 * logs[:1] - middle[:1], 2 * logs[-1:] - middle[-1:]
    return Annuli(np.exp(np.concatenate([ends[0], middle, ends[1]])), known, value[known], error[known])


def density(emissivity: FloatArray, temperature: FloatArray) -> FloatArray:
    """Return the electron density in cm^-3 from the emissivity n_e n_p Lambda(T) and T in keV."""
    return np.asarray(np.sqrt(ELECTRONS_PER_PROTON * emissivity / cooling(temperature)))


def interpolate(radii_x: FloatArray, centres: FloatArray, value: FloatArray) -> FloatArray:
    """Interpolate a positive profile in logarithms, constant beyond its ends; shape (R,)."""
    return np.asarray(np.exp(np.interp(np.log(radii_x), np.log(centres), np.log(value))))
