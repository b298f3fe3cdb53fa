"""The report as one page that needs no other file and runs no script."""

from collections.abc import Sequence
from pathlib import Path

from astrosweep.ensemble.report.fragments import (
    document,
    heading,
    listing,
    paragraph,
    picture,
    table,
    warning,
)
from astrosweep.validation.findings import Validation
from astrosweep.validation.report.robust import robust_parts
from astrosweep.validation.report.tables import (
    card_parts,
    cost_parts,
    coverage_parts,
    effect_parts,
)

_CAPTIONS = {
    "effectiveness": "RMSE with the bootstrap interval of 95 % over objects, of the model and of what it is "
    "compared with.",
    "predicted": "Predicted against observed, fresh objects, with the calibrated 68 % uncertainty.",
    "importance": "What it costs to take an input from other objects (permuted), or to be without it "
    "(removed): RMSE after minus before with its paired 95 % bootstrap interval. Inputs that say the same "
    "share their importance.",
    "groups": "RMSE and bias by group of fresh objects, with 95 % bootstrap intervals; the line is of all.",
    "shift": "How far the distribution of each input moved from the training objects: 0 is the same, 1 is "
    "apart. Open bars are within chance (p above 0.001) or below 0.1.",
    "networks": "RMSE of each network alone; the line is the model.",
    "calibration": "Share of objects inside the intervals for the true value; the errors of the targets are "
    "allowed for. Bars and bands are the binomial noise of honest intervals.",
    "pit": "Probability integral transform by group; bands are the 95 % binomial noise of honest ones.",
}


def page(found: Validation, figures: Sequence[Path]) -> str:
    """Return the page.

    Args:
        found: What was found.
        figures: PNG files.

    Raises:
        OSError: A figure cannot be read.
    """
    drawn = {path.stem: picture(path, _CAPTIONS.get(path.stem, path.stem)) for path in figures}
    name = found.subject.model.name
    parts = [
        *_beginning(found),
        heading("Effectiveness"),
        *effect_parts(found),
        drawn.get("effectiveness", ""),
        drawn.get("predicted", ""),
        heading("Robustness"),
        *robust_parts(found, drawn),
        heading("Calibration"),
        *coverage_parts(found),
        drawn.get("calibration", ""),
        drawn.get("pit", ""),
        heading("Cost"),
        *cost_parts(found.cost),
        heading("Model card"),
        *card_parts(found.card),
    ]
    return document(f"Validation of {name}", parts)


def _beginning(found: Validation) -> list[str]:
    model, fresh = found.subject.model, found.fresh
    of = f"{', '.join(model.config.targets)} of {model.config.data.title}"
    parts = [paragraph(f"{model.name} predicts {of}; {len(model.networks)} networks.")]
    parts += [
        warning(text) if "flatters" in text else paragraph(text) for text in found.effectiveness.remarks
    ]
    if fresh is not None:
        rows = [(str(key), str(value)) for key, value in fresh.facts.items()]
        rows.append(("objects examined", f"{len(fresh):,}"))
        parts.append(table(("input", ""), rows, words=("input",), texts=("",)))
    command = f"python validate.py model={found.config.validation.model}"
    if found.config.validation.input:
        command += f" input={found.config.validation.input}"
    parts.append(listing(command))
    return parts
