"""What is frozen before the seal is opened: every contender, and what it predicts of the sealed objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.kind import Judged, Labelled
from astrosweep.ensemble.contenders import Comparison, judged_with
from astrosweep.ensemble.correction import Z
from astrosweep.ensemble.gather import Gathered, Progress
from astrosweep.ensemble.mixture import Combined, Mixture
from astrosweep.ensemble.models import Models, combine
from astrosweep.ensemble.verdict import Judge, Verdict
from astrosweep.training import judge_unlabelled


@dataclass(frozen=True, eq=False)
class Frozen:
    """Predictions of the sealed objects, made before anybody knew their truth.

    Attributes:
        combined: By contender, and by member of the ensemble.
        factors: Calibration factors of the four intervals, each (4, N, T).
        groups: By contender: variable to the group of each value, shape (N, T).
    """

    combined: Mapping[str, Combined]
    factors: Mapping[str, FloatArray]
    groups: Mapping[str, Mapping[str, NDArray[np.object_]]]


REFIT = "refit"
"""Name of the ensemble whose members were trained again."""


def freeze(
    gathered: Gathered, comparison: Comparison, models: Models, refitted: Models | None, progress: Progress
) -> Frozen:
    """Predict the sealed objects by every contender and every member of the ensemble.

    Args:
        gathered: The data; their sealed objects have no truth.
        comparison: The contenders.
        models: The candidates with a weight in any of them.
        refitted: The members of the ensemble, trained again; None where they keep their folds' networks.
        progress: What is told how far it is.
    """
    objects, names = gathered.development.sealed, comparison.problem.names
    predicted = models.predict(objects, progress)
    preparation = gathered.reference.members[0].preparation
    combined: dict[str, Combined] = {}
    factors: dict[str, FloatArray] = {}
    groups: dict[str, Mapping[str, NDArray[np.object_]]] = {}
    again = predicted if refitted is None else refitted.predict(objects, progress)
    ways = [(name, one, predicted) for name, one in comparison.contenders.items()]
    if refitted is not None:
        ways.append((REFIT, comparison.ensemble, again))
    for name, contender, by in ways:
        one = combine(contender.nested.mixture, names, by)
        judged = judged_with(_unknown(gathered, one), one)
        variables = gathered.kind.variables(preparation, judged)
        combined[name] = one
        shape = one.mean.shape[0], one.mean.shape[1]
        factors[name] = contender.calibration.factors(shape, variables)
        groups[name] = contender.calibration.labels(shape, variables)
    for i in comparison.ensemble.nested.mixture.members:
        alone = np.zeros(len(names))
        alone[i] = 1.0
        combined[names[i]] = combine(Mixture(alone), names, again)
        # A candidate is calibrated by itself, as a Gaussian.
        shape = combined[names[i]].mean.shape[0], combined[names[i]].mean.shape[1]
        factors[names[i]] = np.broadcast_to(np.array(Z)[:, None, None], (len(Z), *shape))
    return Frozen(combined, factors, groups)


def judge_frozen(
    gathered: Gathered, frozen: Frozen, labelled: Labelled[Any, Any], objective: str
) -> tuple[dict[str, Verdict], Judged[Any, Any]]:
    """Judge what was frozen by the truth.

    Args:
        gathered: The data.
        frozen: The predictions.
        labelled: The sealed objects with their truth.
        objective: What is minimised.

    Returns:
        Verdicts by contender and member, and the sealed objects with their targets.
    """
    preparation = gathered.reference.members[0].preparation
    target, error = preparation.targets(labelled)
    first = next(iter(frozen.combined.values()))
    unknown = _unknown(gathered, first)
    judged = Judged(labelled.objects, unknown.predicted, labelled.truth, target, error)
    judge = Judge(gathered.kind, preparation, judged, objective, gathered.scale)
    verdicts = {
        name: judge.verdict(one, frozen.factors[name], frozen.groups.get(name))
        for name, one in frozen.combined.items()
    }
    return verdicts, judged


def _unknown(gathered: Gathered, combined: Combined) -> Judged[Any, Any]:
    objects = gathered.development.sealed
    predicted = Predictions(objects.ids, combined.mean, combined.std)
    return judge_unlabelled(gathered.reference.members[0].preparation, objects, predicted)
