"""Multiscale deprojection of the surface brightness (Eckert et al. 2016, A&A 592, A12; 2020, OJAp 3, 12).

The emissivity is a sum, with coefficients >= 0, of King functions s(x) = (1 + (x / rc)^2)^(-3 beta). Each
projects to sqrt(pi) Gamma(3 beta - 1/2) / Gamma(3 beta) rc (1 + (x / rc)^2)^(1/2 - 3 beta), whose mean over
an annulus is elementary too. The dictionary of (beta, rc) is pyproffit's (``deproject.list_params``): six
beta from 0.6 to 3, and one rc for four annuli, from the third annulus to half the last. The fit is
non-negative least squares; pyproffit maximises the likelihood of the counts, which these samples do not have.

Shapes: A annuli with a value, K functions, R radii.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls
from scipy.special import gammaln

from astrosweep.core.types import FloatArray

from .observation import Annuli

BETAS = np.linspace(0.6, 3.0, 6)
ANNULI_PER_CORE = 4


@dataclass(frozen=True, eq=False)
class KingFunctions:
    """A dictionary of King functions.

    Attributes:
        beta: Shape (K,).
        core: Core radii in R500, shape (K,).
        means: Line-of-sight integral of each function, mean over each annulus, shape (A, K).
    """

    beta: FloatArray
    core: FloatArray
    means: FloatArray

    def emissivity(self, coefficients: FloatArray, radii_x: FloatArray) -> FloatArray:
        """Return the sum of the functions, shape (R,), from coefficients of shape (K,)."""
        return np.asarray((1 + (radii_x[:, None] / self.core) ** 2) ** (-3 * self.beta) @ coefficients)


def king_functions(annuli: Annuli) -> KingFunctions:
    """Return the dictionary for these annuli."""
    centres, edges = annuli.centres, annuli.edges
    n_cores = max(len(centres) // ANNULI_PER_CORE, 1)
    cores = np.geomspace(centres[2], max(centres[-1] / 2, centres[2]), n_cores)
    beta, core = (grid.ravel() for grid in np.meshgrid(BETAS, cores))
    height = np.sqrt(np.pi) * np.exp(gammaln(3 * beta - 0.5) - gammaln(3 * beta)) * core
    # The integral of (1 + (x / rc)^2)^(1/2 - 3 beta) 2 x dx; a mean divides its steps by those of x^2.
    primitive = -(core**2) * (1 + (edges[:, None] / core) ** 2) ** (1.5 - 3 * beta) / (3 * beta - 1.5)
    means = height * np.diff(primitive, axis=0) / np.diff(edges**2)[:, None]
    return KingFunctions(beta, core, means[annuli.known])


def fit_emissivity(functions: KingFunctions, brightness: FloatArray, error: FloatArray) -> FloatArray:
    """Return the coefficients >= 0 that fit the brightness best, shape (K,).

    Args:
        functions: The dictionary.
        brightness: Values of the annuli, shape (A,).
        error: Their 1-sigma errors, shape (A,).
    """
    scale = functions.means.max(axis=0)
    coefficients, _ = nnls(functions.means / scale / error[:, None], brightness / error)
    return np.asarray(coefficients / scale)
