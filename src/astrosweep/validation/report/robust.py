"""The part of the page on robustness."""

from collections.abc import Mapping

from astrosweep.ensemble.report.fragments import paragraph, table
from astrosweep.ensemble.report.order import in_order
from astrosweep.ensemble.report.shown import number
from astrosweep.validation.findings import Validation
from astrosweep.validation.groups import Group
from astrosweep.validation.report.words import HEADERS, chance, share, shown, signed
from astrosweep.validation.robustness import Robustness
from astrosweep.validation.seeds import Seeds
from astrosweep.validation.shift import Shift

_MOST_GROUPS = 60
_OF_GROUPS = ("rmse", "mae", "bias", "r2")


def robust_parts(found: Validation, drawn: Mapping[str, str]) -> list[str]:
    """Changed inputs, groups, networks and shift."""
    parts: list[str] = []
    if found.robustness is not None:
        parts += _perturbed(found.robustness, found.subject.unit)
        parts += [*_importance(found.robustness), drawn.get("importance", "")]
    if found.groups:
        parts += [*_groups(found.groups), drawn.get("groups", "")]
    if found.seeds is not None:
        parts += [*_seeds(found.seeds), drawn.get("networks", "")]
    if found.shifts:
        parts += [*_shifts(found.shifts), drawn.get("shift", "")]
    if found.flags:
        rows = [("flagged", share(found.flags["any"]))]
        rows += [(name, share(value)) for name, value in found.flags.items() if name != "any"]
        parts += [
            paragraph("Flags that predict.py gives these objects:"),
            table(("flag", "share"), rows, words=("flag",)),
        ]
    return parts or [paragraph("Needs labelled objects: input=<table or directory>.")]


def _perturbed(robust: Robustness, unit: str) -> list[str]:
    one = robust.perturbation
    rows = [(HEADERS[name], shown(one.before[name]), signed(one.change[name])) for name in one.change]
    return [
        paragraph(
            f"All inputs together were moved by Gaussian errors, of {one.n:,} objects: predictions move by "
            f"{number(one.moved)} {unit} (root mean square), in the median by {number(one.moved_sigma)} of "
            f"their 68 % uncertainty; {share(one.moved_far)} move by more than that."
        ),
        table(("metric", "as they are", "change"), rows, words=("metric",)),
        table(("input", "moved by"), list(one.errors.items()), words=("input",), texts=("moved by",)),
    ]


def _importance(robust: Robustness) -> list[str]:
    rows = [
        (
            str(one.rank),
            one.name,
            signed(one.permuted["rmse"]),
            signed(one.permuted["mae"]),
            number(one.moved),
            signed(one.removed["rmse"]) if one.removed else "needed",
            signed(one.removed["mae"]) if one.removed else "needed",
        )
        for one in robust.importances
    ]
    columns = (
        "rank", "input", "RMSE\npermuted", "MAE\npermuted", "predictions\nmove by", "RMSE\nremoved",
        "MAE\nremoved",
    )  # fmt: skip
    text = (
        "Each input taken from other objects (permuted), or missing (removed, filled in as the model fills "
        "in missing values): change of the metrics, with paired bootstrap intervals of 95 %."
    )
    return [paragraph(text), table(columns, rows, words=("input",))]


def _groups(groups: tuple[Group, ...]) -> list[str]:
    parts = []
    for variable in dict.fromkeys(group.variable for group in groups):
        own = sorted((one for one in groups if one.variable == variable), key=lambda one: in_order(one.name))
        if len(own) < 2:
            continue
        if len(own) > _MOST_GROUPS:
            parts.append(paragraph(f"By {variable}: {len(own)} groups, in report.json."))
            continue
        rows = [
            (one.name, f"{one.n:,}", *(shown(one.metrics.get(name)) for name in _OF_GROUPS)) for one in own
        ]
        columns = (variable, "n", *(HEADERS[name] for name in _OF_GROUPS))
        parts += [paragraph(f"By {variable}:"), table(columns, rows, words=(variable,))]
    if parts:
        parts.append(
            paragraph(
                "Groups of the observed target are chosen by its noise too: even true predictions are too "
                "large in the lowest and too small in the highest. Compare models within a group."
            )
        )
    return parts


def _seeds(seeds: Seeds) -> list[str]:
    text = (
        f"Other seeds, folds and settings: the {len(seeds.networks)} networks or members alone have an RMSE "
        f"of {number(seeds.median)} in the median on {seeds.objects}, with a standard deviation of "
        f"{number(seeds.spread)}; together {number(seeds.together)}."
    )
    if seeds.disagreement == seeds.disagreement:
        text += f" What they disagree about is {share(seeds.disagreement)} of the uncertainty, in the median."
    return [paragraph(text)]


def _shifts(shifts: tuple[Shift, ...]) -> list[str]:
    rows = [
        (
            one.name, one.measure, number(one.value), chance(one.p), number(one.median_then),
            number(one.median), share(one.missing_then), share(one.missing), _known(one),
        )
        for one in sorted(shifts, key=lambda one: -one.value if one.value == one.value else 1.0)
    ]  # fmt: skip
    columns = (
        "input", "measure", "value", "p", "median\ntraining", "median\nfresh", "missing\ntraining",
        "missing\nfresh", "training known\nat points",
    )  # fmt: skip
    text = (
        "Shift from the training objects. KS is the largest difference of the cumulative distributions at "
        "the points where the model keeps that of the training objects, so that the true one is no smaller."
    )
    return [paragraph(text), table(columns, rows, words=("input", "measure"))]


def _known(one: Shift) -> str:
    return str(one.points) if one.points else "all"
