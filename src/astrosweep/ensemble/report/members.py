"""The members of an ensemble as a report lists them."""

from dataclasses import dataclass

import numpy as np

from astrosweep.ensemble.build import Built
from astrosweep.ensemble.objectives import object_losses, objective_of
from astrosweep.ensemble.verdict import Verdict

BASELINE = "baseline"
"""Stands for the network of a member that has none."""


@dataclass(frozen=True, eq=False)
class MemberRow:
    """A member.

    Attributes:
        name: Its name.
        network: Its network, or ``baseline``.
        run_id: The run that it comes from, empty for a baseline.
        weight: Its weight.
        place: Which of the candidates it is.
        loss: Its own mean loss out of fold.
        test: Its verdict on the sealed objects, None where there is none.
    """

    name: str
    network: str
    run_id: str
    weight: float
    place: int
    loss: float
    test: Verdict | None


def member_rows(built: Built, objective: str) -> list[MemberRow]:
    """The members, the largest weight first; of equal ones that with the smaller loss.

    Args:
        built: The ensemble.
        objective: What losses are of.
    """
    problem, candidates = built.comparison.problem, built.gathered.candidates
    mixture = built.comparison.ensemble.nested.mixture
    rows = []
    for place in map(int, mixture.members):
        mean, std = (array[place].astype(np.float64) for array in (problem.mean, problem.std))
        loss = object_losses(objective_of(objective), problem, mean, std)
        finite = loss[np.isfinite(loss)]
        candidate = candidates[place] if place < len(candidates) else None
        rows.append(
            MemberRow(
                name=problem.names[place],
                network=candidate.config.model.name if candidate else BASELINE,
                run_id=candidate.run.run_id if candidate else "",
                weight=float(mixture.weights[place]),
                place=place,
                loss=float(finite.mean()) if len(finite) else float("nan"),
                test=built.test.get(problem.names[place]),
            )
        )
    return sorted(rows, key=lambda row: (-row.weight, row.loss))
