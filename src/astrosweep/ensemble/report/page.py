"""The report as one page that needs no other file and runs no script."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.report.fragments import document, heading, paragraph, picture, table
from astrosweep.ensemble.report.members import BASELINE, MemberRow
from astrosweep.ensemble.report.origin import provenance, seal, usage
from astrosweep.ensemble.report.scores import contenders, coverage, coverage_by_group, proposal
from astrosweep.ensemble.report.shown import Loss, number

_CAPTIONS = {
    "strategies": "Left: nested loss minus that of the best strategy, object by object, with its standard "
    "error; what lies in the grey band is within one standard error. Right: nested loss with its standard "
    "error beside the loss on the sealed objects with its bootstrap interval of 16 to 84 %. * marks "
    "what was taken.",
    "out_of_fold": "Predicted against observed, each object by weights that were set without it.",
    "test": "The same for the sealed objects, predicted before their truth was read.",
    "calibration": "Share of objects inside the intervals for the true value; the catalogue's errors are "
    "allowed for. Bars and bands are the binomial noise of honest intervals.",
    "members": "Weights of the members, and how each of them does alone on the same objects.",
    "diversity": "Correlation of the members' residuals: what they have in common does not average out.",
}


def page(
    built: Built, config: EnsembleConfig, members: Sequence[MemberRow], figures: Sequence[Path], loss: Loss
) -> str:
    """Return the page.

    Args:
        built: The ensemble.
        config: The command.
        members: Its members, the largest weight first.
        figures: PNG files.
        loss: How losses are shown.

    Raises:
        OSError: A figure cannot be read.
    """
    drawn = {path.stem: picture(path, _CAPTIONS.get(path.stem, path.stem)) for path in figures}
    parts = [
        *seal(built),
        heading("What was chosen, and why"),
        *proposal(built, config, loss),
        drawn.pop("strategies", ""),
        heading("Out of fold and on the sealed objects"),
        *contenders(built, loss),
        drawn.pop("out_of_fold", ""),
        drawn.pop("test", ""),
        heading("Whether its uncertainties can be trusted"),
        coverage(built),
        drawn.pop("calibration", ""),
        *coverage_by_group(built),
        heading("Members"),
        *_members(built, members, loss),
        *drawn.values(),
        heading("What was left out"),
        *_left_out(built),
        heading("Where it comes from"),
        *provenance(built, config),
        heading("How to use it"),
        *usage(built, config),
    ]
    return document(f"Ensemble {built.name} ({built.choice[:8]})", parts)


def _members(built: Built, members: Sequence[MemberRow], loss: Loss) -> list[str]:
    rows = [
        (
            row.name,
            row.network,
            f"{row.weight:.4f}",
            number(loss.value(row.loss)),
            number(loss.value(row.test.loss)) if row.test else "–",
            row.run_id or "–",
        )
        for row in members
    ]
    columns = ("member", "network", "weight", f"{loss.label}\nout of fold", f"{loss.label}\nsealed", "run")
    parts = [table(columns, rows, words=("member", "network", "run"))]
    if built.comparison.ensemble.nested.mixture.by_precision:
        parts.append(
            paragraph("Each object weighs a member by its weight over the variance that it predicts there.")
        )
    if cut := built.comparison.cut:
        parts.append(
            paragraph(
                f"ensemble.max_networks keeps {cut.networks} of {cut.networks_before} networks; that takes "
                f"the {loss.name} on the validation objects, on which the weights were fitted, from "
                f"{number(loss.value(cut.loss_before))} to {number(loss.value(cut.loss))}."
            )
        )
    if any(row.network == BASELINE for row in members):
        parts.append(paragraph("A baseline is a model that needs no search, fitted in the same folds."))
    return parts


def _left_out(built: Built) -> list[str]:
    left_out = built.gathered.selection.left_out
    n = len(built.gathered.candidates)
    intro = f"{n} candidates from {len(built.gathered.selection.runs)} runs were compared."
    if not left_out:
        return [paragraph(f"{intro} No run on these data was left out.")]
    counts = Counter(one.reason for one in left_out).most_common()
    rows = [(one.run, one.reason, one.run_id) for one in left_out]
    return [
        paragraph(f"{intro} {len(left_out)} {'was' if len(left_out) == 1 else 'were'} left out:"),
        table(("runs", "reason"), [(str(n), reason) for reason, n in counts], texts=("reason",)),
        table(("run", "reason", "id"), rows, words=("run", "id"), texts=("reason",)),
    ]
