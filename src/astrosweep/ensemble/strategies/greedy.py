"""Greedy forward selection with replacement (Caruana et al. 2004, ICML, 18), bagged over the candidates."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.ensemble.evidence import Training
from astrosweep.ensemble.mixture import Mixture
from astrosweep.ensemble.objectives import Objective
from astrosweep.ensemble.problem import Pairs
from astrosweep.ensemble.strategies._base import SMALLEST_PART, weighted

_EQUAL = 1e-12
_TRIED = 16
"""So many candidates are tried in each step where the objective is a likelihood."""


@dataclass(frozen=True)
class Greedy:
    """Add the candidate that lowers the loss of the plain mean most, again and again; a few may come often.

    Each bag sees a random part of the candidates, and the weights are the mean over the bags: a selection by
    one's own score takes what is good by chance.

    Attributes:
        steps: Members of a bag, counted as often as they were taken.
        bags: Number of bags.
        fraction: Part of the candidates in each bag.
        shortlist: So many of the best candidates are looked at where the objective is a likelihood.
        seed: Of the bags.
    """

    steps: int = 25
    bags: int = 20
    fraction: float = 0.5
    shortlist: int = 100
    seed: int = 0

    def fit(self, training: Training) -> Mixture:
        """Select in each bag, and take the mean."""
        n = len(training.losses)
        by_squares = training.objective.name == "mse"
        candidates = training.best_first if by_squares else training.best_first[: self.shortlist]
        candidates = np.sort(candidates)
        size = max(1, round(self.fraction * len(candidates)))
        pairs = None if by_squares else training.sample.of(candidates)
        generator = np.random.default_rng(self.seed)
        weights = np.zeros(len(candidates))
        for _ in range(self.bags):
            bag = np.sort(generator.choice(len(candidates), size, replace=False))
            path: _Path
            if pairs is None:
                path = _SquaredErrors(training.gram[np.ix_(candidates[bag], candidates[bag])])
            else:
                path = _Losses(training.objective, pairs.of(bag))
            weights[bag] += select(path, size, self.steps)
        return Mixture(weighted(n, candidates, weights))


class _Path(Protocol):
    """A mean that grows member by member."""

    def losses(self) -> FloatArray:
        """Loss of the mean with each candidate added, shape (M,)."""
        ...

    def add(self, candidate: int) -> None:
        """Add a candidate."""
        ...


def select(path: _Path, n_candidates: int, steps: int) -> FloatArray:
    """Follow the path to its end and return the weights at its best point, shape (M,).

    Of candidates that are equally good one that is a member already is taken, so that fewer networks are
    needed.
    """
    counts = np.zeros(n_candidates)
    best, best_loss = counts, np.inf
    for _ in range(steps):
        losses = path.losses()
        smallest = losses.min()
        equal = losses <= smallest + _EQUAL * abs(smallest)
        candidate = int(np.argmax(equal & (counts > 0) if (equal & (counts > 0)).any() else equal))
        path.add(candidate)
        counts[candidate] += 1
        if losses[candidate] < best_loss:
            best, best_loss = counts.copy(), losses[candidate]
    weights: FloatArray = best / best.sum()
    return weights


class _SquaredErrors:
    """Of the mean of k members whose counts are c, through the Gram matrix G: c G c / k^2."""

    def __init__(self, gram: FloatArray) -> None:
        self._gram = gram
        self._own = np.diagonal(gram)
        self._products = np.zeros(len(gram))
        self._square = 0.0
        self._n = 0

    def losses(self) -> FloatArray:
        summed: FloatArray = self._square + 2.0 * self._products + self._own
        losses: FloatArray = summed / (self._n + 1) ** 2
        return losses

    def add(self, candidate: int) -> None:
        self._square += 2.0 * self._products[candidate] + self._own[candidate]
        self._products = self._products + self._gram[candidate]
        self._n += 1


class _Losses:
    """Of the mixture of k members, target by target."""

    def __init__(self, objective: Objective, pairs: Pairs) -> None:
        self._objective, self._error = objective, pairs.error_variance.astype(np.float32)
        self._share = (pairs.weight / pairs.weight.sum()).astype(np.float32)
        self._mean, self._deviation, self._second = (
            part.astype(np.float32) for part in pairs.about_the_mean()
        )
        self._sum, self._sum_second = np.zeros_like(self._share), np.zeros_like(self._share)
        self._n = 0

    def losses(self) -> FloatArray:
        losses = np.full(len(self._deviation), np.inf)
        chosen = self._promising()
        n = np.float32(self._n + 1)
        shift = (self._deviation[chosen] + self._sum) / n
        about = (self._second[chosen] + self._sum_second) / n
        variance = np.maximum(about - np.square(shift), SMALLEST_PART * about) + self._error
        losses[chosen] = self._objective.loss(self._mean + shift, variance) @ self._share
        return losses

    def _promising(self) -> IdArray:
        """Candidates towards which the loss falls fastest, which are tried; all of them in the first step."""
        n_candidates = len(self._deviation)
        if self._n == 0 or n_candidates <= _TRIED:
            return np.arange(n_candidates)
        n = np.float32(self._n)
        shift, about = self._sum / n, self._sum_second / n
        variance = np.maximum(about - np.square(shift), SMALLEST_PART * about) + self._error
        by_residual, by_variance = self._objective.slopes(self._mean + shift, variance)
        by_residual, by_variance = self._share * by_residual, self._share * by_variance
        slopes = self._deviation @ (by_residual - 2.0 * shift * by_variance) + self._second @ by_variance
        return np.argpartition(slopes, _TRIED)[:_TRIED]

    def add(self, candidate: int) -> None:
        self._sum = self._sum + self._deviation[candidate]
        self._sum_second = self._sum_second + self._second[candidate]
        self._n += 1
