"""Non-negative stacking, the weights of the smallest loss: Breiman 1996, Mach. Learn. 24, 49."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, nnls

from astrosweep.core.types import FloatArray
from astrosweep.ensemble.evidence import Training
from astrosweep.ensemble.mixture import Mixture
from astrosweep.ensemble.objectives import Objective
from astrosweep.ensemble.problem import Pairs
from astrosweep.ensemble.strategies._base import SMALLEST_PART, weighted


@dataclass(frozen=True)
class Stacking:
    """Weights on the simplex.

    Squared errors are minimised exactly over all candidates. Likelihoods are minimised over the best
    candidates on the sampled targets, from equal weights on.

    Attributes:
        shortlist: So many candidates have weights by likelihood.
    """

    shortlist: int = 100

    def fit(self, training: Training) -> Mixture:
        """Minimise the loss."""
        n = len(training.losses)
        if training.objective.name == "mse":
            return Mixture(weighted(n, np.arange(n), simplex_least_squares(training.gram)))
        members = training.best_first[: self.shortlist]
        weights = _most_likely(training.objective, training.sample.of(members))
        return Mixture(weighted(n, members, weights))


def simplex_least_squares(gram: FloatArray) -> FloatArray:
    """Minimise ``w @ gram @ w`` over non-negative weights of the sum one.

    With a factor A of the Gram matrix (A^T A) this is the non-negative least-squares problem of A w = 0 and
    c sum(w) = c: along each direction the best length has a squared error that grows with the direction's
    own, so that for every c its solution, divided by its sum, is the one on the simplex.

    Args:
        gram: Mean products of residuals, shape (M, M).

    Returns:
        Shape (M,), not normalised.
    """
    try:
        factor = np.linalg.cholesky(gram, upper=True)
    except np.linalg.LinAlgError:  # candidates that are alike, or more of them than objects
        values, vectors = np.linalg.eigh(gram)
        kept = values > values[-1] * len(values) * np.finfo(np.float64).eps
        factor = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    typical = np.sqrt(max(np.trace(gram) / len(gram), np.finfo(np.float64).tiny))
    matrix = np.vstack([factor, np.full(len(gram), typical)])
    wanted = np.zeros(len(matrix))
    wanted[-1] = typical
    solution: FloatArray = nnls(matrix, wanted, maxiter=30 * len(gram))[0]
    return solution


def _most_likely(objective: Objective, pairs: Pairs) -> FloatArray:
    """Minimise the mean loss of the mixture over lengths that are not negative, divided by their sum."""
    share = pairs.weight / pairs.weight.sum()
    mean, deviation, second = pairs.about_the_mean()

    def loss(lengths: FloatArray) -> tuple[float, FloatArray]:
        total = lengths.sum()
        weights = lengths / total
        shift = weights @ deviation
        about = weights @ second
        variance = np.maximum(about - np.square(shift), SMALLEST_PART * about) + pairs.error_variance
        by_residual, by_variance = objective.slopes(mean + shift, variance)
        by_residual, by_variance = share * by_residual, share * by_variance
        slopes = deviation @ (by_residual - 2.0 * shift * by_variance) + second @ by_variance
        value = float(share @ objective.loss(mean + shift, variance))
        return value, (slopes - weights @ slopes) / total

    n = len(deviation)
    found = minimize(
        loss,
        np.full(n, 1.0 / n),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 1.0)] * n,
        options={"maxiter": 200},
    )
    solution: FloatArray = found.x
    return solution if np.isfinite(found.fun) and solution.sum() > 0.0 else np.ones(n)
