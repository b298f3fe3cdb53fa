"""Tables of the page: metrics, coverage, cost and the card."""

from astrosweep.config import RunConfig
from astrosweep.config.kinds import Column
from astrosweep.ensemble.coverage import Coverage
from astrosweep.ensemble.report.fragments import paragraph, table
from astrosweep.ensemble.report.order import in_order
from astrosweep.ensemble.report.shown import metric_columns, metric_targets, number, shown_metric
from astrosweep.validation.calibration import interval_of, is_off
from astrosweep.validation.card import Card
from astrosweep.validation.cost import Cost
from astrosweep.validation.effect import FRESH, MODEL
from astrosweep.validation.findings import Validation
from astrosweep.validation.report.words import HEADERS, share, shown, size

_MOST_GROUPS = 60
"""A variable of more groups is in the figures and in report.json."""


def effect_parts(found: Validation) -> list[str]:
    """Metrics with intervals beside baselines, a constant and what was published."""
    effect, unit = found.effectiveness, found.subject.unit
    names = [name for name in HEADERS if any(name in line.metrics for line in effect.lines)]
    parts: list[str] = []
    if effect.lines:
        columns = ("objects", "predictor", "target", "n", *(HEADERS[name] for name in names))
        rows = [
            (
                line.objects,
                line.who,
                line.channel or "all",
                f"{line.n:,}" if line.n else "–",
                *(shown(line.metrics.get(name)) for name in names),
            )
            for line in effect.lines
        ]
        marked = [i for i, line in enumerate(effect.lines) if line.who == MODEL]
        parts += [
            paragraph(
                f"In {unit or 'the unit of the target'}; in brackets bootstrap intervals of 95 % over "
                "objects. Numbers without brackets are as they were recorded."
            ),
            table(columns, rows, words=("objects", "predictor", "target"), marked=marked),
        ]
    if found.fresh is not None and found.fresh.noise > 0.0 and not found.subject.has_profiles:
        noise = f"{number(found.fresh.noise)} {unit}".strip()
        parts.append(
            paragraph(
                f"Observed targets have errors of their own: those of the fresh objects are {noise} in the "
                "root mean square, below which the RMSE of no model is expected."
            )
        )
    parts += _own(found.subject.model.config, found)
    parts += _published(found)
    return parts


def _own(config: RunConfig, found: Validation) -> list[str]:
    own = found.effectiveness.own
    columns = metric_columns(config)
    if not own:
        return []
    intervals = found.effectiveness.own_intervals

    def cell(objects: str, column: Column, target: str) -> str:
        text = shown_metric(own[objects], column, target)
        one = intervals.get(column.metric.format(target=target)) if objects == FRESH else None
        if one is None or not one.has_interval:
            return text
        low, high = (f"{column.scale * end:.{column.decimals}f}" for end in (one.low, one.high))
        return f"{text} ({low} to {high})"

    rows = [
        (objects, target or "–", *(cell(objects, column, target) for _, column in columns))
        for objects in own
        for target in metric_targets(config)
    ]
    headers = ("objects", "target", *(name for name, _ in columns))
    return [paragraph("As tables of results show it:"), table(headers, rows, words=("objects", "target"))]


def _published(found: Validation) -> list[str]:
    published = found.effectiveness.published
    if not published:
        return []
    rows = []
    for one in published:
        for metric, value in one.metrics.items():
            own = [number(metrics.get(metric)) for metrics in found.effectiveness.own.values()]
            rows.append((one.network, metric, number(value), *own))
    columns = ("network of the study", "metric", "published", *found.effectiveness.own)
    return [
        paragraph(f"Beside the published figures of {published[0].study}. {published[0].note}"),
        table(columns, rows, words=("network of the study", "metric")),
    ]


def coverage_parts(found: Validation) -> list[str]:
    """Coverage in all and by group, with Wilson intervals."""
    parts = found.calibrated.parts
    if not parts:
        return [
            paragraph("Nothing is known of the calibration: a single run keeps no groups; give an input.")
        ]
    levels = [f"{one.level:.0%} interval" for one in next(iter(parts.values())).overall]
    rows = [
        (name, f"{one.overall[0].objects:,}", *map(_covered, one.overall), number(one.nll), number(one.crps))
        for name, one in parts.items()
    ]
    columns = ("objects", "n", *levels, "NLL", "CRPS")
    said = [
        paragraph(
            "Share of targets inside the intervals; in brackets Wilson's interval of 95 % for as many draws "
            "as there are objects; * where the level lies outside of it."
        ),
        table(columns, rows, words=("objects",)),
    ]
    first, reliability = next(iter(parts.items()))
    for variable, groups in reliability.by_group.items():
        if len(groups) > _MOST_GROUPS:
            said.append(paragraph(f"By {variable}: {len(groups)} groups, in the figure and in report.json."))
            continue
        names = sorted(groups, key=in_order)
        lines = [(name, f"{groups[name][0].objects:,}", *map(_covered, groups[name])) for name in names]
        said.append(paragraph(f"{first}, by {variable}:"))
        said.append(table((variable, "n", *levels), lines, words=(variable,)))
    return said


def cost_parts(cost: Cost) -> list[str]:
    """Time, memory and size."""
    rows = [
        ("networks", str(cost.networks)),
        ("size on disk", f"{size(cost.size.bytes)} in {cost.size.files} files"),
        ("of which weights", size(cost.size.weights)),
    ]
    for stage, seconds in cost.seconds.items():
        rows.append((f"{stage} a thousand objects", f"{1000.0 * seconds:.3g} ms"))
    if cost.arrays:
        rows.append(("most memory of arrays for a thousand objects", size(cost.arrays)))
    if cost.process:
        rows.append(("most memory of this process", size(cost.process)))
    text = "Times are of this machine, the best of three turns; torch's own memory is in that of the process."
    return [paragraph(text), table(("cost", ""), rows, words=("cost",))]


def card_parts(card: Card) -> list[str]:
    """The card, which is also in ``model_card.md``."""
    pairs = [*card.what.items(), *card.trained_on.items()]
    parts = [
        paragraph(card.use),
        table(("what", ""), pairs, words=("what",), texts=("",)),
        paragraph("It is not for: " + " ".join(card.misuse)),
    ]
    if card.ranges:
        rows = [(name, *map(number, values[:3]), share(values[3])) for name, *values in card.ranges]
        parts.append(paragraph("Where it holds, the ranges of the training objects:"))
        parts.append(table(("input", "lowest", "median", "highest", "missing"), rows, words=("input",)))
    for column, counts in card.classes.items():
        listed = ", ".join(f"{name} ({n:,})" for name, n in counts.items())
        parts.append(paragraph(f"Classes of {column}: {listed}"))
    if card.limits:
        parts.append(paragraph("Where it does not hold, as far as these objects say:"))
        rows_ = [(one.sort, one.text) for one in card.limits]
        parts.append(table(("of", "what was found"), rows_, words=("of",), texts=("what was found",)))
    else:
        parts.append(paragraph("Nothing was found on these objects where it does not hold."))
    members = [(name, f"{weight:.4f}", str(n)) for name, weight, n in card.members]
    parts.append(table(("member", "weight", "networks"), members, words=("member",)))
    return parts


def _covered(one: Coverage) -> str:
    low, high = interval_of(one)
    return f"{share(one.share)} ({low:.0%} to {high:.0%}){' *' if is_off(one) else ''}"
