"""What is compared: strategies, the best single network, baselines; each frozen before the seal is opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from astrosweep.config.ensemble import EnsembleSettings
from astrosweep.core.errors import ConfigError
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.kind import Judged
from astrosweep.ensemble.baselines import BaselineCandidate
from astrosweep.ensemble.calibration import Calibration, cross_fit, fit_calibration
from astrosweep.ensemble.gather import Gathered
from astrosweep.ensemble.mixture import Combined, Mixture
from astrosweep.ensemble.nested import Nested, judge, nested_scores, of_candidate
from astrosweep.ensemble.objectives import objective_of
from astrosweep.ensemble.problem import Problem
from astrosweep.ensemble.proposal import Proposal, propose
from astrosweep.ensemble.strategies import strategies

_FEWEST = 2


@dataclass(frozen=True, eq=False)
class Contender:
    """One way to predict, scored on objects that did not set it.

    Attributes:
        name: Name of the strategy or the baseline.
        label: What tables call it.
        sort: What it is.
        nested: Its score; its mixture is of all candidates.
        calibration: Fitted on the validation objects, for unseen ones.
        factors: Calibration factors of the validation objects' four intervals, each fitted without their
            own residuals, shape (4, N, T).
        groups: Variable to the name of the group of each of their values, shape (N, T).
    """

    name: str
    label: str
    sort: Literal["strategy", "baseline"]
    nested: Nested
    calibration: Calibration
    factors: FloatArray
    groups: Mapping[str, NDArray[np.object_]]


@dataclass(frozen=True, eq=False)
class Comparison:
    """All contenders, and the one that is proposed.

    Attributes:
        problem: What they were chosen by: networks first, then baselines.
        contenders: By name: the strategies, the simplest first, then the baselines.
        proposal: Which strategy is proposed, and why.
        chosen: The strategy that is taken.
        cut: What a limit on the number of networks cost; None without one.
    """

    problem: Problem
    contenders: Mapping[str, Contender]
    proposal: Proposal
    chosen: str
    cut: "Cut | None" = None

    @property
    def ensemble(self) -> Contender:
        """The contender that becomes the ensemble."""
        return self.contenders[self.chosen]


@dataclass(frozen=True)
class Cut:
    """What it cost to keep the ensemble small.

    Attributes:
        networks_before: Networks that the strategy wanted.
        networks: Those that are kept.
        loss_before: Mean loss on the validation objects with the whole mixture, which was fitted on them.
        loss: The same with what is kept.
    """

    networks_before: int
    networks: int
    loss_before: float
    loss: float


def problem_of(gathered: Gathered, baselines: Sequence[BaselineCandidate]) -> Problem:
    """Networks and baselines as the candidates of one problem, networks first."""
    networks = gathered.candidates
    predicted = [*(one.validation for one in networks), *(one.validation for one in baselines)]
    judged, layout = gathered.truths.judged, gathered.reference.members[0].preparation.layout
    shape = (len(predicted), *judged.target.shape)
    mean, std = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
    for i, one in enumerate(predicted):
        mean[i], std[i] = one.mean, one.std
    return Problem(
        names=(*(one.name for one in networks), *(one.name for one in baselines)),
        mean=mean,
        std=std,
        target=judged.target,
        error=judged.error,
        group=gathered.truths.group,
        scale=gathered.scale,
        channels=layout.channels,
        n_points=layout.n_points,
    )


def compare(
    gathered: Gathered, baselines: Sequence[BaselineCandidate], settings: EnsembleSettings
) -> Comparison:
    """Score all strategies by nested cross-validation, and the baselines; propose one.

    Args:
        gathered: The candidates.
        baselines: The baselines in the same folds.
        settings: Objective, strategy and limits.

    Raises:
        ConfigError: There are too few candidates.
    """
    n_networks = len(gathered.candidates)
    if n_networks < _FEWEST:
        raise ConfigError(
            f"{n_networks} candidate is too few: an ensemble needs {_FEWEST}. Train more networks on these "
            "data, or loosen ensemble.min, max, studies or networks."
        )
    whole = problem_of(gathered, baselines)
    eligible = whole if settings.baselines else first(whole, n_networks)
    scored = nested_scores(eligible, settings.objective, strategies(settings.top_k))
    proposal = propose(scored)
    chosen = proposal.name if settings.strategy == "auto" else settings.strategy
    cut = None
    if settings.max_networks is not None:
        sizes = np.array([one.n_networks for one in gathered.candidates] + [len(b.folds) for b in baselines])
        scored[chosen], cut = _cut(eligible, scored[chosen], sizes[: eligible.n_candidates], settings)
    contenders = {
        name: _contender(gathered, name, LABELS[name], "strategy", _padded(nested, whole))
        for name, nested in scored.items()
    }
    for baseline in baselines:
        nested = of_candidate(whole, baseline.name, settings.objective)
        contenders[baseline.name] = _contender(gathered, baseline.name, baseline.label, "baseline", nested)
    return Comparison(whole, contenders, proposal, chosen, cut)


LABELS = {
    "best": "best single network",
    "top_k": "mean of the best few",
    "performance": "weighted by performance",
    "inverse_variance": "inverse variance",
    "stacking": "non-negative stacking",
    "greedy": "greedy selection",
}


def first(problem: Problem, n: int) -> Problem:
    """The first candidates of a problem alone; arrays are not copied."""
    return replace(problem, names=problem.names[:n], mean=problem.mean[:n], std=problem.std[:n])


def judged_with(
    judged: Judged[Any, Any], combined: Combined, std: FloatArray | None = None
) -> Judged[Any, Any]:
    """Objects with other predictions."""
    predicted = Predictions(judged.objects.ids, combined.mean, combined.std if std is None else std)
    return replace(judged, predicted=predicted)


def _contender(
    gathered: Gathered, name: str, label: str, sort: Literal["strategy", "baseline"], nested: Nested
) -> Contender:
    truths, combined = gathered.truths, nested.combined
    judged = judged_with(truths.judged, combined)
    preparation = gathered.reference.members[0].preparation
    variables = gathered.kind.variables(preparation, judged)
    residual = judged.target - combined.mean
    calibration = fit_calibration(residual, judged.error, combined.std, variables)
    factors = cross_fit(residual, judged.error, combined.std, variables, truths.group)
    shape = residual.shape[0], residual.shape[1]
    return Contender(name, label, sort, nested, calibration, factors, calibration.labels(shape, variables))


def _padded(nested: Nested, whole: Problem) -> Nested:
    """The same with a mixture of all candidates, baselines among them."""
    weights = np.zeros(whole.n_candidates)
    weights[: len(nested.mixture.weights)] = nested.mixture.weights
    return replace(nested, mixture=Mixture(weights, nested.mixture.by_precision))


def _cut(
    problem: Problem, nested: Nested, sizes: FloatArray, settings: EnsembleSettings
) -> tuple[Nested, Cut]:
    """Keep the members with the largest weights, as many as there is room for."""
    limit = settings.max_networks
    assert limit is not None, "the caller looked"
    weights = nested.mixture.weights
    kept = np.zeros(len(weights))
    room = limit
    for i in np.argsort(-weights, kind="stable"):
        if weights[i] > 0.0 and sizes[i] <= room:
            kept[i] = weights[i]
            room -= int(sizes[i])
    if not kept.any():
        raise ConfigError(
            f"ensemble.max_networks={limit}: no member fits; the smallest has "
            f"{int(sizes[weights > 0.0].min())} networks"
        )
    small = Mixture(kept / kept.sum(), nested.mixture.by_precision)
    before, after = (_loss(problem, mixture, settings.objective) for mixture in (nested.mixture, small))
    n_before = int(sizes[weights > 0.0].sum())
    return replace(nested, mixture=small), Cut(n_before, limit - room, before, after)


def _loss(problem: Problem, mixture: Mixture, objective: str) -> float:
    combined = mixture.combine(problem.mean, problem.std)
    return judge(problem, objective_of(objective), "cut", combined, mixture).value
