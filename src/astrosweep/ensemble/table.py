"""The table of strategies, single networks and baselines, out of fold and on the sealed objects."""

import math
from collections.abc import Sequence

import pandas as pd

from astrosweep.config.kinds import Column
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.frozen import REFIT
from astrosweep.ensemble.report.shown import Loss, shown_metric
from astrosweep.ensemble.verdict import Verdict
from astrosweep.report import NamedTable


def comparison_table(built: Built, objective: str) -> NamedTable:
    """Return the table that the terminal shows.

    Args:
        built: The ensemble.
        objective: What was minimised; squared errors are shown by their root.

    Returns:
        A line for each contender (for each target of those that have several): members, the nested loss
        (``val``) with its standard error, the loss on test with its bootstrap interval, and the first metric
        of the kind of data and its coverage for both.
    """
    headline = built.gathered.config.data.headline
    shown = _columns(headline.columns)
    loss = Loss(objective)
    headers = ["members", f"{loss.name}\nval", "\n±", f"{loss.name}\ntest", "\n16–84 %"]
    for column in shown:
        header = column.header.partition("\n")[0].strip()
        headers += [f"{header}\nval", f"{header}\ntest"]
    targets = built.gathered.config.targets if headline.by_target else ("",)
    if headline.by_target:
        headers = ["target", *headers]
    rows: list[tuple[str, list[str]]] = []
    for name, contender in built.comparison.contenders.items():
        label = f"{contender.label} *" if name == built.comparison.chosen else contender.label
        nested, test = contender.nested, built.test[name]
        low, high = (loss.value(value) for value in test.interval)
        first = [
            str(len(nested.mixture.members)),
            _number(loss.value(nested.value)),
            _number(loss.error(nested.value, nested.std_error), 2),
            _number(loss.value(test.loss)),
            f"{_number(low, 3)}–{_number(high, 3)}",
        ]
        for i, target in enumerate(targets):
            values = [target] if headline.by_target else []
            values += first if i == 0 else [""] * len(first)
            for column in shown:
                values += [
                    shown_metric(verdict.metrics, column, target)
                    for verdict in (built.validation[name], test)
                ]
            rows.append((label if i == 0 else "", values))
    if REFIT in built.test:
        rows += _refitted(built.test[REFIT], loss, shown, targets, by_target=headline.by_target)
    return NamedTable("contender", headers, rows, words=("target",))


def comparison_frame(built: Built, objective: str) -> pd.DataFrame:
    """The same as numbers, with every metric of the kind of data that is not of a bin or a class."""
    lines = []
    for name, contender in built.comparison.contenders.items():
        for part, verdict in (("validation", built.validation[name]), ("test", built.test[name])):
            lines.append(
                {
                    "contender": name,
                    "label": contender.label,
                    "chosen": name == built.comparison.chosen,
                    "part": part,
                    "objective": objective,
                    "loss": verdict.loss,
                    "loss_16": verdict.interval[0],
                    "loss_84": verdict.interval[1],
                    "n_members": len(contender.nested.mixture.members),
                    **{key: value for key, value in verdict.metrics.items() if "." not in key},
                }
            )
    return pd.DataFrame(lines)


def _refitted(
    test: Verdict, loss: Loss, shown: Sequence[Column], targets: Sequence[str], *, by_target: bool
) -> list[tuple[str, list[str]]]:
    """The lines of members that were trained again, which have no score out of fold."""
    low, high = (loss.value(value) for value in test.interval)
    first = ["", "–", "–", _number(loss.value(test.loss)), f"{_number(low, 3)}–{_number(high, 3)}"]
    rows = []
    for i, target in enumerate(targets):
        values = [*([target] if by_target else []), *(first if i == 0 else [""] * len(first))]
        for column in shown:
            values += ["–", shown_metric(test.metrics, column, target)]
        rows.append(("trained again on all objects (no validation score) *" if i == 0 else "", values))
    return rows


def _columns(columns: Sequence[Column]) -> list[Column]:
    """The first metric, and the coverage."""
    rest = [column for column in columns[1:] if column.metric.endswith("coverage_68")]
    return [columns[0], *rest]


def _number(value: float, digits: int = 4) -> str:
    return "–" if not math.isfinite(value) else f"{value:.{digits}g}"
