"""Nested cross-validation of strategies: the rows that score a weight never set it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.ensemble.evidence import Evidence
from astrosweep.ensemble.mixture import Combined, Mixture
from astrosweep.ensemble.objectives import Objective, channel_scores, object_losses, objective_of
from astrosweep.ensemble.problem import Problem
from astrosweep.ensemble.strategies import STRATEGIES, Strategy


@dataclass(frozen=True, eq=False)
class Nested:
    """A strategy (or a fixed candidate), scored on objects that its weights did not see.

    Attributes:
        name: Of the strategy or the candidate.
        loss: Of each object, shape (N,); NaN where no target is known.
        combined: The predictions that were scored.
        value: Mean loss.
        std_error: Standard error of the mean loss.
        per_channel: Mean loss by channel of the target and objective.
        mixture: Fitted on all outer folds, for use; the score is of weights fitted on all folds but one.
    """

    name: str
    loss: FloatArray
    combined: Combined
    value: float
    std_error: float
    per_channel: Mapping[str, Mapping[str, float]]
    mixture: Mixture


def nested_scores(
    problem: Problem, objective: str = "mse", strategies: Mapping[str, Strategy] = STRATEGIES
) -> dict[str, Nested]:
    """Fit each strategy on all outer folds but one and score it on that one, for each of them.

    Args:
        problem: The candidates' out-of-fold predictions.
        objective: ``mse``, ``nll`` or ``crps``: what is minimised, and what ``value`` is.
        strategies: By name, the simplest first.

    Raises:
        ConfigError: The objective is unknown.
    """
    evidence = Evidence(problem, objective_of(objective))
    scored: dict[str, Nested] = {}
    parts = {name: np.full((3, *problem.target.shape), np.nan) for name in strategies}
    for group in problem.groups:
        training, rows = evidence.without(group), np.flatnonzero(problem.group == group)
        mixtures = {name: strategy.fit(training) for name, strategy in strategies.items()}
        for name, mixture in mixtures.items():
            found = _of_rows(problem, mixture, rows)
            parts[name][:, rows] = found.mean, found.aleatoric, found.epistemic
    everything = evidence.everything()
    for name, strategy in strategies.items():
        scored[name] = judge(
            problem, evidence.objective, name, Combined(*parts[name]), strategy.fit(everything)
        )
    return scored


def of_candidate(problem: Problem, name: str, objective: str = "mse") -> Nested:
    """Score one candidate as it is, for example a baseline: nothing was chosen, so nothing is nested."""
    weights = np.zeros(problem.n_candidates)
    weights[problem.names.index(name)] = 1.0
    mixture = Mixture(weights)
    combined = mixture.combine(problem.mean, problem.std)
    return judge(problem, objective_of(objective), name, combined, mixture)


def judge(problem: Problem, objective: Objective, name: str, combined: Combined, mixture: Mixture) -> Nested:
    """Score predictions of all objects."""
    loss = object_losses(objective, problem, combined.mean, combined.std)
    known = loss[np.isfinite(loss) | np.isinf(loss)]
    with np.errstate(invalid="ignore"):
        value, std_error = float(known.mean()), float(known.std(ddof=1) / np.sqrt(len(known)))
    per_channel = channel_scores(problem, combined.mean, combined.std)
    return Nested(name, loss, combined, value, std_error, per_channel, mixture)


def _of_rows(problem: Problem, mixture: Mixture, rows: IdArray) -> Combined:
    """What a mixture predicts of some objects, from its members alone."""
    members = mixture.members
    alone = Mixture(mixture.weights[members], mixture.by_precision)
    chosen = np.ix_(members, rows)
    return alone.combine(problem.mean[chosen], problem.std[chosen])
