"""Validate a model: open it, examine it on fresh objects where there are any, and write the report."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from astrosweep.config.predict import for_input
from astrosweep.config.validate import ValidateConfig
from astrosweep.core.errors import ConfigError
from astrosweep.prediction.flags import MEANINGS, flags_of
from astrosweep.validation.calibration import calibrated
from astrosweep.validation.card import card_of
from astrosweep.validation.cost import cost_of
from astrosweep.validation.effect import FRESH, MODEL, OUT_OF_FOLD, SEALED, effectiveness
from astrosweep.validation.findings import Validation, Written
from astrosweep.validation.fresh import Fresh, read_fresh, sample, values_of_judged
from astrosweep.validation.groups import Group, group_scores, labels_of
from astrosweep.validation.limits import limits_of
from astrosweep.validation.report.write import prepared_folder, write_report
from astrosweep.validation.robustness import robustness
from astrosweep.validation.seeds import seeds_of
from astrosweep.validation.shift import Shift, shift_of, shift_of_samples
from astrosweep.validation.subject import Subject, opened_subject

Progress = Callable[[str], None]
"""Told what is being done."""
_FOLDER = Path("mlruns/validations")
_MANY = 10**9
"""Training objects where nobody says how many there were: their distribution counts as known exactly."""


def validate(config: ValidateConfig, progress: Progress) -> Written:
    """Validate a model and write the report; nothing is left where it cannot be finished.

    Args:
        config: The command.
        progress: What is told how far it is.

    Raises:
        ConfigError: The model's address is none, the output is there already, or a key does not fit.
        DataError: The model is damaged, or the input cannot be used.
        TrackingError: The record has no such model.
        OSError: The output cannot be written.
    """
    asked = config.validation
    progress("opening the model")
    with opened_subject(asked.model, config.tracking) as subject:
        folder = Path(asked.output) if asked.output else _default_folder(subject, asked.input)
        with prepared_folder(folder, overwrite=asked.overwrite) as unfinished:
            found = examine(subject, config, progress)
            progress("writing the report")
            write_report(unfinished, found)
    return Written(found, folder)


def examine(subject: Subject, config: ValidateConfig, progress: Progress) -> Validation:
    """Find out everything about a model.

    Args:
        subject: The model.
        config: The command.
        progress: What is told how far it is.

    Raises:
        ConfigError: A key of ``data`` does not fit the model.
        DataError: The input cannot be used.
    """
    asked = config.validation
    fresh = _fresh(subject, config, progress)
    progress("measuring effectiveness")
    effect = effectiveness(subject, fresh, asked.draws, asked.seed)
    groups: tuple[Group, ...] = ()
    labels = {}
    shifts: tuple[Shift, ...] = ()
    flags: dict[str, float] = {}
    robust = None
    if fresh is not None:
        labels = labels_of(fresh.examined.variables(fresh.judged))
        groups = tuple(group_scores(values_of_judged(subject, fresh.judged), labels, asked.draws, asked.seed))
        shifts = tuple(shifts_of(subject, fresh))
        flags = flag_shares(subject, fresh)
        progress("changing inputs")
        some = sample(fresh, asked.most_objects, asked.seed)
        robust = robustness(subject, some, asked.repeats, asked.draws, asked.seed)
        progress("comparing networks")
        seeds = seeds_of(subject, some)
    else:
        seeds = seeds_of(subject, None)
    intervals = calibrated(subject, fresh, labels)
    progress("taking time and memory")
    cost = cost_of(subject, fresh)
    best = next(
        (intervals.parts[one] for one in (FRESH, SEALED, OUT_OF_FOLD) if one in intervals.parts), None
    )
    overall = next((line for line in effect.lines if line.objects == FRESH and line.who == MODEL), None)
    limits = limits_of(
        best, groups, overall.metrics["rmse"].value if overall else np.inf, shifts, flags.get("any")
    )
    return Validation(
        subject, config, fresh, effect, robust, groups, seeds, shifts, flags, intervals, cost,
        card_of(subject, limits),
    )  # fmt: skip


def shifts_of(subject: Subject, fresh: Fresh) -> list[Shift]:
    """How the inputs moved from the training objects, and a scalar target from those that a bundle keeps."""
    known, n = subject.model.validation, _MANY
    data = subject.provenance.get("data")
    if isinstance(data, Mapping) and isinstance(data.get("n_labelled"), int):
        n = data["n_labelled"]
    elif known is not None:
        n = len(known)
    found = []
    if subject.model.ranges:
        found = [shift_of(one, n) for one in fresh.examined.remembered(subject.model.ranges)]
    if known is not None and known.target.shape[1] == 1:
        name = f"target {', '.join(subject.model.config.targets)}"
        found.append(shift_of_samples(name, fresh.judged.target[:, 0], known.target[:, 0]))
    return found


def flag_shares(subject: Subject, fresh: Fresh) -> dict[str, float]:
    """Share of the objects with each flag that ``predict.py`` would give them."""
    model, objects = subject.model, fresh.examined.labelled.objects
    unlike = model.kind.unlike(model.preparation, objects, model.ranges)
    codes = flags_of(fresh.outgoing, unlike, model.disagreement).code
    shares = {text: float(np.mean((codes & bit) != 0)) for bit, text in MEANINGS.items()}
    return {"any": float(np.mean(codes != 0)), **{text: share for text, share in shares.items() if share}}


def _fresh(subject: Subject, config: ValidateConfig, progress: Progress) -> Fresh | None:
    asked = config.validation
    try:
        data = for_input(subject.model.config, config.data)
    except ConfigError as error:
        name = subject.model.config.data.name
        raise ConfigError(f"data={config.data} for a model of data={name}: {error}") from error
    if asked.input is None:
        return None
    progress(f"reading and predicting {Path(asked.input).name}")
    return read_fresh(subject, data, Path(asked.input), keep_seen=asked.keep_seen)


def _default_folder(subject: Subject, source: str | None) -> Path:
    words = [subject.model.name, subject.model.version, Path(source).stem if source else ""]
    return _FOLDER / "-".join(word.replace("/", "-") for word in words if word)
