"""What strategies learn from: sums over outer folds, so that each fit takes those of its own folds alone.

Squared errors of all mixtures are in one Gram matrix of residuals for each outer fold, losses of single
candidates in one number each; likelihoods of mixtures are judged on a sample of the targets. Memory and time
are those of M x M matrices and of M values a sampled target, however many rows there are.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.ensemble.objectives import Objective
from astrosweep.ensemble.problem import Pairs, Problem

SAMPLED_TARGETS = 5_000
"""So many targets at most judge the likelihoods of mixtures during a fit."""
_SEED = 16


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the outer folds of a problem say of its candidates.

    Attributes:
        problem: The candidates' predictions.
        objective: What they are judged by.
    """

    problem: Problem
    objective: Objective

    @cached_property
    def grams(self) -> FloatArray:
        """Sums of products of residuals over the targets of each outer fold, shape (K, M, M)."""
        problem = self.problem
        grams = np.zeros((len(problem.groups), problem.n_candidates, problem.n_candidates))
        for gram, group in zip(grams, problem.groups, strict=True):
            for rows, columns in problem.blocks(group):
                weighted = problem.residuals(rows, columns)
                weighted *= np.sqrt(problem.weight[rows])
                gram += weighted @ weighted.T
        return grams

    @cached_property
    def loss_sums(self) -> FloatArray:
        """Sum of the objects' losses of each candidate in each outer fold, shape (K, M)."""
        problem = self.problem
        if self.objective.name == "mse":
            return np.diagonal(self.grams, axis1=1, axis2=2).copy()
        sums = np.zeros((len(problem.groups), problem.n_candidates))
        for total, group in zip(sums, problem.groups, strict=True):
            for rows, columns in problem.blocks(group):
                pairs = problem.pairs(rows, columns)
                variance = pairs.variance + pairs.error_variance
                total += self.objective.loss(pairs.residual, variance) @ pairs.weight
        return sums

    def everything(self) -> "Training":
        """All outer folds, for the mixture that is used in the end."""
        return Training(self, np.arange(len(self.problem.groups)))

    def without(self, group: int) -> "Training":
        """All outer folds but one, for the mixture that is scored on that one."""
        return Training(self, np.flatnonzero(self.problem.groups != group))


@dataclass(frozen=True, eq=False)
class Training:
    """The outer folds that a fit may see.

    Attributes:
        evidence: Of all outer folds.
        folds: Positions of those that this fit sees.
    """

    evidence: Evidence
    folds: IdArray

    @property
    def objective(self) -> Objective:
        """What mixtures are judged by."""
        return self.evidence.objective

    @cached_property
    def n_objects(self) -> int:
        """Objects with at least one known target."""
        return int(np.sum(self._inside & self.evidence.problem.known.any(axis=1)))

    @cached_property
    def losses(self) -> FloatArray:
        """Mean loss of each candidate, shape (M,), infinite where an uncertainty that it needs is zero.

        Raises:
            DataError: No candidate has a finite one.
        """
        losses = np.asarray(self.evidence.loss_sums[self.folds].sum(axis=0) / self.n_objects)
        if not np.isfinite(losses).any():
            raise DataError(
                f"ensemble: no candidate has a finite {self.objective.name}; are all uncertainties zero?"
            )
        return losses

    @cached_property
    def gram(self) -> FloatArray:
        """Mean products of residuals, shape (M, M): ``w @ gram @ w`` is the squared error of weights w."""
        return np.asarray(self.evidence.grams[self.folds].sum(axis=0) / self.n_objects)

    @cached_property
    def best_first(self) -> IdArray:
        """Candidates whose loss is finite, the smallest first."""
        return np.argsort(self.losses, kind="stable")[: int(np.isfinite(self.losses).sum())]

    @cached_property
    def sample(self) -> Pairs:
        """A fixed sample of the known targets."""
        problem = self.evidence.problem
        rows, columns = np.nonzero(problem.known & self._inside[:, None])
        if len(rows) > SAMPLED_TARGETS:
            chosen = np.random.default_rng(_SEED).choice(len(rows), SAMPLED_TARGETS, replace=False)
            rows, columns = rows[np.sort(chosen)], columns[np.sort(chosen)]
        return problem.pairs(rows, columns)

    @property
    def _inside(self) -> NDArray[np.bool_]:
        problem = self.evidence.problem
        return np.isin(problem.group, problem.groups[self.folds])
