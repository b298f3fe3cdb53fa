"""Compare two versions of an ensemble on the objects that both predicted without having seen them."""

from dataclasses import dataclass

import numpy as np

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.ensemble.bundle import Bundle, Scored
from astrosweep.ensemble.objectives import Objective, objective_of

_FEWEST = 10
"""Objects in common, below which there is nothing to compare."""
_DRAWS, _SEED = 2000, 16
_LEVELS = (15.865, 84.135)
"""Percentiles of a 68 % interval."""


@dataclass(frozen=True)
class Comparison:
    """Mean losses of two versions on the same objects; smaller is better.

    Attributes:
        part: ``test`` or ``out-of-fold``.
        objective: ``mse``, ``nll`` or ``crps``.
        n_objects: Objects that were compared.
        new: Mean loss of the new version.
        champion: Mean loss of the present champion.
        difference: New minus champion.
        low: Lower end of its 68 % interval, by a paired bootstrap over objects.
        high: Upper end.
    """

    part: str
    objective: str
    n_objects: int
    new: float
    champion: float
    difference: float
    low: float
    high: float

    @property
    def is_worse(self) -> bool:
        """Whether the new version's mean loss is larger, or no number.

        The interval does not excuse it: of versions that are each worse by less than their noise, a chain
        would lead downhill.
        """
        return not self.difference <= 0.0

    def __str__(self) -> str:
        certain = "" if self.low <= 0.0 <= self.high else ", beyond its noise"
        return (
            f"{self.objective} on {self.n_objects} {self.part} objects: {self.new:.6g}, champion "
            f"{self.champion:.6g}; difference {self.difference:+.3g} (68 %: {self.low:+.3g} to "
            f"{self.high:+.3g}{certain})"
        )


def compare(new: Bundle, champion: Bundle) -> Comparison:
    """Compare a version with the champion, by the objective that the version was chosen by.

    Test objects are taken where both were tested on the same ones; or else the objects that both predicted
    out-of-fold. An object counts as the same where its identifier and its targets are.

    Args:
        new: The version.
        champion: The present champion.

    Raises:
        DataError: They are not on the same target, or have not enough objects in common.
    """
    ours, theirs = _on(new), _on(champion)
    if ours != theirs:
        raise DataError(f"the version is on {ours}, the champion on {theirs}")
    objective = objective_of(new.entry.objective)
    same_test = _are_same(new.test, champion.test)
    for part, first, second in (
        ("test", new.test if same_test else None, champion.test),
        ("out-of-fold", new.validation, champion.validation),
    ):
        if first is not None and second is not None:
            common = _common(first, second)
            if len(common[0]) >= _FEWEST:
                return _compared(part, objective, first, second, common)
    raise DataError(
        "the version and the champion were not tested on the same objects, and have fewer than "
        f"{_FEWEST} in common that both predicted out-of-fold with the same targets"
    )


def _on(bundle: Bundle) -> str:
    config, layout = bundle.config, bundle.preparation.layout
    return (
        f"data={config.data.name}, target {', '.join(config.targets)} in {config.data.unit}, "
        f"{layout.n_points} points of {', '.join(layout.channels)}"
    )


def _are_same(first: Scored | None, second: Scored | None) -> bool:
    if first is None or second is None:
        return False
    return bool(np.array_equal(np.sort(first.ids), np.sort(second.ids)))


def _common(first: Scored, second: Scored) -> tuple[IdArray, IdArray]:
    """Positions of the objects of two parts that have the same identifiers and targets, at least one."""
    _, rows, others = np.intersect1d(first.ids, second.ids, assume_unique=True, return_indices=True)
    target, other = first.target[rows], second.target[others]
    same = np.isclose(target, other, rtol=1e-9, atol=0.0, equal_nan=True).all(axis=1)
    usable = same & np.isfinite(target).any(axis=1)
    return rows[usable], others[usable]


def _compared(
    part: str, objective: Objective, first: Scored, second: Scored, common: tuple[IdArray, IdArray]
) -> Comparison:
    scale = _scale(second.target[common[1]])
    new, champion = (
        _losses(objective, scored, rows, scale) for scored, rows in zip((first, second), common, strict=True)
    )
    with np.errstate(invalid="ignore"):
        difference = np.where(new == champion, 0.0, new - champion)  # both may be infinite
    rng = np.random.default_rng(_SEED)
    n = len(difference)
    counts = rng.multinomial(n, np.full(n, 1.0 / n), size=_DRAWS)
    with np.errstate(invalid="ignore"):
        low, high = np.percentile(counts @ difference / n, _LEVELS)
    return Comparison(
        part=part,
        objective=objective.name,
        n_objects=n,
        new=float(new.mean()),
        champion=float(champion.mean()),
        difference=float(difference.mean()),
        low=float(low),
        high=float(high),
    )


def _losses(objective: Objective, scored: Scored, rows: IdArray, scale: FloatArray) -> FloatArray:
    """Mean loss of each object over its known targets, shape (N,)."""
    target = scored.target[rows]
    known = np.isfinite(target)
    residual = (scored.mean[rows] - target) / scale
    variance = (
        np.square(scored.aleatoric[rows]) + np.square(scored.epistemic[rows]) + np.square(scored.error[rows])
    ) / np.square(scale)
    loss = np.where(np.isfinite(residual), objective.loss(residual, variance), np.inf)
    return np.asarray(np.where(known, loss, 0.0).sum(axis=1) / known.sum(axis=1))


def _scale(target: FloatArray) -> FloatArray:
    """What residuals of each column are divided by before they are pooled; one for a single column."""
    n_targets = target.shape[1]
    if n_targets == 1:
        return np.ones(1)
    known = np.isfinite(target)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, target, 0.0).sum(axis=0) / n
    spread = np.sqrt(np.where(known, (target - mean) ** 2, 0.0).sum(axis=0) / n)
    return np.asarray(np.where(spread > 0.0, spread, 1.0))
