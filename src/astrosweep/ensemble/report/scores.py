"""Tables of the page: the proposal, contenders, coverage."""

import math
from collections.abc import Sequence

from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.config.kinds import Column
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.coverage import Coverage
from astrosweep.ensemble.frozen import REFIT
from astrosweep.ensemble.report.fragments import paragraph, table
from astrosweep.ensemble.report.order import in_order
from astrosweep.ensemble.report.shown import (
    Loss,
    metric_columns,
    metric_targets,
    number,
    shown_metric,
)
from astrosweep.ensemble.verdict import Verdict


def proposal(built: Built, config: EnsembleConfig, loss: Loss) -> list[str]:
    """What was proposed and what was taken, and the table that says why."""
    comparison = built.comparison
    proposed, label = comparison.proposal, comparison.ensemble.label
    contenders = comparison.contenders
    text = f"Taken: {label}, {len(comparison.ensemble.nested.mixture.members)} members"
    if comparison.chosen == proposed.name:
        text += f"; {proposed.reason}." if config.ensemble.strategy == "auto" else (
            f", as ensemble.strategy asks for; it is also what would be proposed: {proposed.reason}."
        )  # fmt: skip
    else:
        text += (
            f", because ensemble.strategy={comparison.chosen} asks for it. Proposed would be "
            f"{contenders[proposed.name].label}: {proposed.reason}."
        )
    what = {"mse": "mean squared error", "nll": "NLL", "crps": "CRPS"}[loss.objective]
    rows = [
        (
            contenders[row.name].label,
            str(row.n_members),
            number(row.value),
            number(row.std_error),
            number(row.difference),
            number(row.difference_error),
            "yes" if row.within else "no",
        )
        for row in proposed.table
    ]
    columns = (
        "strategy", "members", f"nested\n{what}", "standard\nerror", "minus the\nbest", "standard\nerror",
        "within one\nstandard error",
    )  # fmt: skip
    names = [row.name for row in proposed.table]
    marked = [i for i, name in enumerate(names) if name == comparison.chosen]
    return [
        paragraph(text),
        paragraph(
            "Losses are nested: the objects that score a weight never set it. Differences are taken object "
            "by object, so what all find hard cancels. The simplest strategy within one standard error of "
            "the best is proposed; the simplest come first."
        ),
        table(columns, rows, words=("strategy",), marked=marked),
    ]


def contenders(built: Built, loss: Loss) -> list[str]:
    """All contenders, out of fold and on the sealed objects side by side; a line for each target."""
    config, comparison = built.gathered.config, built.comparison
    targets = metric_targets(config)
    shown = [
        (name, column)
        for name, column in metric_columns(config)
        if not (loss.objective == "mse" and column.metric == "rmse")  # the loss itself
    ]
    columns = ["contender", "what it is", f"{loss.label}\nout of fold", "±"]
    columns += [f"{loss.label}\nsealed", "16 to 84 %"]
    columns += ["target"] if targets != ("",) else []
    for name, _ in shown:
        columns += [f"{name}\nout of fold", f"{name}\nsealed"]
    rows: list[list[str]] = []
    marked = []
    for name, one in comparison.contenders.items():
        nested, test = one.nested, built.test[name]
        first = [one.label, one.sort, number(loss.value(nested.value))]
        first.append(number(loss.error(nested.value, nested.std_error)))
        if name == comparison.chosen and REFIT not in built.test:
            marked = [len(rows) + i for i in range(len(targets))]
        rows += _with_metrics([*first, *_of_test(loss, test)], built.validation[name], test, targets, shown)
    parts = []
    if REFIT in built.test:
        test, marked = built.test[REFIT], [len(rows) + i for i in range(len(targets))]
        first = ["trained again on all objects", "the ensemble", "–", "–", *_of_test(loss, test)]
        rows += _with_metrics(first, None, test, targets, shown)
        parts.append(
            paragraph(
                "The members were trained again on all objects that are not sealed (ensemble.refit=true). "
                "Such networks have no validation score; what is out of fold is of the networks of the folds."
            )
        )
    n_validation, n_sealed = len(built.gathered.truths.ids), len(built.sealed)
    parts.append(
        paragraph(
            f"{n_validation:,} objects out of fold; {n_sealed:,} sealed objects, predicted before their "
            "truth was read. Intervals are of objects drawn with replacement."
        )
    )
    return [*parts, table(columns, rows, words=("contender", "what it is", "target"), marked=marked)]


def _of_test(loss: Loss, test: Verdict) -> list[str]:
    low, high = (number(loss.value(value)) for value in test.interval)
    return [number(loss.value(test.loss)), f"{low} to {high}"]


def _with_metrics(
    first: list[str],
    validation: Verdict | None,
    test: Verdict,
    targets: Sequence[str],
    shown: Sequence[tuple[str, Column]],
) -> list[list[str]]:
    rows = []
    for i, target in enumerate(targets):
        cells = [*(first if i == 0 else [""] * len(first)), *([target] if target else [])]
        for _, column in shown:
            cells.append(shown_metric(validation.metrics, column, target) if validation else "–")
            cells.append(shown_metric(test.metrics, column, target))
        rows.append(cells)
    return rows


def coverage(built: Built) -> str:
    """Coverage of the four levels and scores of the uncertainties, out of fold and on the sealed objects."""
    chosen = built.comparison.chosen
    final = REFIT if REFIT in built.test else chosen
    parts = (("out of fold", built.validation[chosen]), ("sealed", built.test[final]))
    levels = [one.level for one in parts[0][1].reliability.overall]
    rows = []
    for name, verdict in parts:
        found = verdict.reliability
        widths = [number(width) for width in found.sharpness]
        rows.append(
            (name, *map(_covered, found.overall), number(found.nll), number(found.crps), " / ".join(widths))
        )
    columns = (
        "objects", *(f"{level:.0%} interval" for level in levels), "NLL", "CRPS", "median full widths"
    )  # fmt: skip
    return table(columns, rows, words=("objects",))


def coverage_by_group(built: Built) -> list[str]:
    """Coverage by group out of fold, and beside it on the sealed objects."""
    chosen = built.comparison.chosen
    final = REFIT if REFIT in built.test else chosen
    validation, test = built.validation[chosen].reliability, built.test[final].reliability
    parts = []
    for variable, groups in validation.by_group.items():
        sealed = test.by_group.get(variable, {})
        names = sorted({*groups, *sealed}, key=in_order)
        levels = [f"{one.level:.0%}" for one in validation.overall]
        rows = [(name, *_cells(groups.get(name)), *_cells(sealed.get(name))) for name in names]
        columns = (
            variable,
            "objects\nout of fold", *(f"{level}\nout of fold" for level in levels),
            "objects\nsealed", *(f"{level}\nsealed" for level in levels),
        )  # fmt: skip
        parts += [paragraph(f"By {variable}:"), table(columns, rows, words=(variable,))]
    return parts


def _cells(found: Sequence[Coverage] | None) -> list[str]:
    if not found:
        return ["0", "–", "–", "–", "–"]
    return [f"{found[0].objects:,}", *map(_covered, found)]


def _covered(one: Coverage) -> str:
    return f"{one.share:.1%} ± {one.std_error:.1%}" if math.isfinite(one.share) else "–"
