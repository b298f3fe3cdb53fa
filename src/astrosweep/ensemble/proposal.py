"""Which strategy is proposed: the simplest one whose nested loss is within one standard error of the best.

A single candidate has to be better than the plain mean by one standard error, in place of having that margin.
A mean is never worse than its average member, and a single candidate's score is the noisiest of all: with 200
equally good candidates, residuals correlated by 0.95 and 300 rows, it came within the margin in a quarter of
all draws, and what was proposed was 1.5 % worse on fresh rows than the mean of the top 20.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from astrosweep.core.errors import DataError
from astrosweep.ensemble.nested import Nested

SINGLE, PLAIN_MEAN = "best", "top_k"
"""Names of the strategies that the rule for a single candidate compares."""


@dataclass(frozen=True)
class Row:
    """A strategy beside the best one.

    Attributes:
        name: Of the strategy.
        value: Its nested loss.
        std_error: Standard error of that.
        difference: Its loss minus that of the best strategy.
        difference_error: Standard error of the mean of the objects' differences.
        n_members: Candidates with a weight, fitted on all outer folds.
        within: Whether the difference is at most one standard error.
    """

    name: str
    value: float
    std_error: float
    difference: float
    difference_error: float
    n_members: int
    within: bool


@dataclass(frozen=True)
class Proposal:
    """What is proposed, and why.

    Attributes:
        name: The proposed strategy.
        best: The strategy with the smallest nested loss.
        reason: In words.
        table: All strategies, the simplest first.
    """

    name: str
    best: str
    reason: str
    table: tuple[Row, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values; numbers that are not finite stay so."""
        return {
            "name": self.name,
            "best": self.best,
            "reason": self.reason,
            "table": [asdict(row) for row in self.table],
        }


def propose(scored: Mapping[str, Nested]) -> Proposal:
    """Propose a strategy by the one-standard-error rule.

    The standard error is that of the paired differences, object by object: what all strategies find hard
    cancels. That of a single mean would be many times larger and propose the best single candidate always.

    Args:
        scored: By name, the simplest first.

    Raises:
        DataError: No strategy has a finite loss.
    """
    finite = {name: nested.value for name, nested in scored.items() if math.isfinite(nested.value)}
    if not finite:
        raise DataError(f"ensemble: no finite loss of any of {', '.join(scored)}")
    best = min(finite, key=lambda name: finite[name])
    table = tuple(_row(nested, scored[best]) for nested in scored.values())
    eligible = [row.name for row in table if row.within]
    unproven = ""
    if eligible[0] == SINGLE and PLAIN_MEAN in finite:
        difference, error = paired_difference(scored[SINGLE], scored[PLAIN_MEAN])
        if difference > -error:
            eligible.remove(SINGLE)  # the best strategy is left, or the plain mean is within its margin
            unproven = (
                f"; {SINGLE} is not better than {PLAIN_MEAN} by one standard error "
                f"({difference:.3g}, standard error {error:.3g})"
            )
    name = eligible[0]
    of_name = next(row for row in table if row.name == name)
    reason = "the smallest nested loss"
    if name != best:
        reason = (
            f"the simplest within one standard error of {best} "
            f"(worse by {of_name.difference:.3g}, standard error {of_name.difference_error:.3g})"
        )
    return Proposal(name, best, reason + unproven, table)


def paired_difference(one: Nested, other: Nested) -> tuple[float, float]:
    """Mean over the objects of the loss of one minus that of another, and its standard error.

    Both are infinite where one of the losses is.
    """
    known = ~np.isnan(other.loss)
    with np.errstate(invalid="ignore"):
        differences = one.loss[known] - other.loss[known]
    if not np.isfinite(differences).all():
        return math.inf, math.inf
    if len(differences) < 2:
        return float(differences.mean()), 0.0
    return float(differences.mean()), float(differences.std(ddof=1) / math.sqrt(len(differences)))


def _row(nested: Nested, best: Nested) -> Row:
    difference, error = paired_difference(nested, best)
    return Row(
        name=nested.name,
        value=nested.value,
        std_error=nested.std_error,
        difference=difference,
        difference_error=error,
        n_members=len(nested.mixture.members),
        within=math.isfinite(difference) and difference <= error,
    )
