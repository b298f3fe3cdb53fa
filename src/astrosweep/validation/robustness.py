"""How much predictions depend on their inputs: each perturbed within its error, taken away, or permuted.

Permutation importance: Breiman 2001, Mach. Learn. 45, 5. Inputs that say the same share their importance:
one of them alone may be taken away without harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.validation.fresh import Fresh, values_of
from astrosweep.validation.resample import Estimate
from astrosweep.validation.scores import METRICS, Values, change, scores
from astrosweep.validation.subject import Subject


@dataclass(frozen=True)
class Perturbation:
    """What Gaussian errors of all inputs together do.

    Attributes:
        errors: Of each input in words: which errors.
        n: Objects.
        before: Metrics without them.
        change: Metrics with them minus those, means over the draws.
        moved: Root mean square change of predictions, in the unit of metrics.
        moved_sigma: Median absolute change of predictions over their 68 % uncertainty.
        moved_far: Share of predictions that move by more than that.
    """

    errors: Mapping[str, str]
    n: int
    before: Mapping[str, Estimate]
    change: Mapping[str, Estimate]
    moved: float
    moved_sigma: float
    moved_far: float


@dataclass(frozen=True)
class Importance:
    """What one input is worth to the model.

    Attributes:
        name: The input.
        removed: Metrics without the input minus those with it; None where no object can be without it.
        permuted: Metrics with the input of other objects minus those with its own.
        moved: Root mean square change of predictions under permutation, in the unit of metrics.
        rank: 1 for the input whose permutation costs most.
    """

    name: str
    removed: Mapping[str, Estimate] | None
    permuted: Mapping[str, Estimate]
    moved: float
    rank: int = 0


@dataclass(frozen=True)
class Robustness:
    """What came of changed inputs.

    Attributes:
        perturbation: All inputs within their errors.
        importances: Each input, the most important first.
    """

    perturbation: Perturbation
    importances: tuple[Importance, ...]


def robustness(subject: Subject, fresh: Fresh, repeats: int, draws: int, seed: int) -> Robustness:
    """Change inputs of fresh objects and predict them again.

    Args:
        subject: The model.
        fresh: The objects.
        repeats: Draws of errors and of orders.
        draws: Bootstrap draws of objects.
        seed: Seed of both.
    """
    generator = np.random.default_rng(seed)
    bench = _Bench(subject, fresh, draws, seed)
    return Robustness(_perturb(bench, repeats, generator), _importances(bench, repeats, generator))


@dataclass(frozen=True, eq=False)
class _Bench:
    """What every change is measured with."""

    subject: Subject
    fresh: Fresh
    draws: int
    seed: int

    @property
    def mean(self) -> FloatArray:
        """Predictions of the objects as they are."""
        return self.fresh.judged.predicted.mean

    def values(self, mean: FloatArray) -> Values:
        """Predictions beside targets, unknown where the objects as they are have no prediction."""
        return values_of(self.subject, self.fresh.judged.target, mean, None)

    def predict(self, objects: Any) -> FloatArray:
        """Means of changed objects."""
        return self.subject.model.predict(objects).judged.predicted.mean

    def change(self, means: list[FloatArray]) -> dict[str, Estimate]:
        """What several predictions of the same objects do to the metrics, on average."""
        before = self.values(self.mean)
        return _mean_change([change(before, self.values(one), self.draws, self.seed) for one in means])

    def moved(self, means: list[FloatArray]) -> FloatArray:
        """Changes of predictions in the unit of metrics, one block below the other."""
        scale = self.values(self.mean).scale
        return np.concatenate([(one - self.mean) / scale for one in means])


def _mean_change(changes: list[dict[str, Estimate]]) -> dict[str, Estimate]:
    """Means of values and of the ends of intervals, which are of draws of objects."""

    def mean(name: str, part: str) -> float:
        return float(np.mean([getattr(one[name], part) for one in changes]))

    return {name: Estimate(mean(name, "value"), mean(name, "low"), mean(name, "high")) for name in METRICS}


def _perturb(bench: _Bench, repeats: int, generator: np.random.Generator) -> Perturbation:
    examined = bench.fresh.examined
    means = [bench.predict(examined.perturbed(generator)) for _ in range(repeats)]
    moved = bench.moved(means)
    std = np.concatenate([bench.fresh.judged.predicted.std / bench.values(bench.mean).scale] * repeats)
    known = np.isfinite(moved) & (std > 0.0)
    relative = np.abs(moved[known]) / std[known]
    return Perturbation(
        errors=examined.errors,
        n=len(bench.fresh),
        before=scores(bench.values(bench.mean), bench.draws, bench.seed),
        change=bench.change(means),
        moved=_rms(moved),
        moved_sigma=float(np.median(relative)) if relative.size else float("nan"),
        moved_far=float(np.mean(relative > 1.0)) if relative.size else float("nan"),
    )


def _importances(bench: _Bench, repeats: int, generator: np.random.Generator) -> tuple[Importance, ...]:
    examined, found = bench.fresh.examined, []
    orders: list[NDArray[np.int64]] = [generator.permutation(len(bench.fresh)) for _ in range(repeats)]
    for name in examined.inputs:
        absent = examined.without(name)
        means = [bench.predict(examined.permuted(name, order)) for order in orders]
        found.append(
            Importance(
                name,
                None if absent is None else bench.change([bench.predict(absent)]),
                bench.change(means),
                _rms(bench.moved(means)),
            )
        )
    found.sort(key=lambda one: -one.permuted["rmse"].value)
    return tuple(
        Importance(one.name, one.removed, one.permuted, one.moved, rank) for rank, one in enumerate(found, 1)
    )


def _rms(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if known.size else float("nan")
