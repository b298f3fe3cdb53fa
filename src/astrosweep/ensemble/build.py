"""From the record to one ensemble on disk: gather, compare, freeze, open the seal, judge, write."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.config import RunConfig
from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.core.errors import FormatError
from astrosweep.data.kind import Judged
from astrosweep.ensemble.baselines import fit_baselines
from astrosweep.ensemble.bundle import load_bundle, write_bundle
from astrosweep.ensemble.candidates import reasons, select
from astrosweep.ensemble.choice import fingerprint
from astrosweep.ensemble.contenders import Comparison, compare
from astrosweep.ensemble.frozen import REFIT, Frozen, freeze, judge_frozen
from astrosweep.ensemble.gather import Gathered, Progress, gather
from astrosweep.ensemble.mixture import Combined, Mixture
from astrosweep.ensemble.models import fetch_models
from astrosweep.ensemble.refit import refit
from astrosweep.ensemble.seal import Opening, open_seal
from astrosweep.ensemble.staging import contents_of, member_sources
from astrosweep.ensemble.verdict import Judge, Verdict
from astrosweep.tracking import Tracker

_log = logging.getLogger(__name__)
_AGREE = 1e-6
"""Largest relative difference between what was judged and what the written bundle predicts."""


@dataclass(frozen=True, eq=False)
class Built:
    """An ensemble on disk, and all there is to say about it.

    Attributes:
        name: Name of the registered model.
        choice: Fingerprint of the choice.
        folder: Its bundle.
        gathered: What it was chosen from.
        comparison: What it was chosen by.
        frozen: What was predicted of the sealed objects before they were opened.
        validation: Verdicts out of fold, by contender.
        test: Verdicts on the sealed objects, by contender and by member.
        sealed: The sealed objects with their targets.
        openings: All openings of the seal, this one last.
    """

    name: str
    choice: str
    folder: Path
    gathered: Gathered
    comparison: Comparison
    frozen: Frozen
    validation: Mapping[str, Verdict]
    test: Mapping[str, Verdict]
    sealed: Judged[Any, Any]
    openings: tuple[Opening, ...]


def build(tracker: Tracker, config: EnsembleConfig, place: Path, scratch: Path, progress: Progress) -> Built:
    """Build an ensemble.

    Args:
        tracker: The record.
        config: What is wanted.
        place: Where ensembles are kept; the bundle is ``<place>/<name>-<choice>``.
        scratch: An empty folder for what is fetched.
        progress: What is told how far it is.

    Returns:
        The ensemble; where the same choice was built before, its bundle is that one.

    Raises:
        ConfigError: Nothing, or too little, answers to what is wanted.
        StudyError: The seal was opened for another choice before.
        DataError: The data or a member cannot be used.
        TrackingError: The record cannot be read or written.
        OSError: A file cannot be written.
    """
    settings = config.ensemble
    selection = select(tracker, config)
    gathered = gather(tracker, selection, scratch / "candidates", settings.data_path, progress)
    if gathered.selection.left_out:
        _log.info("Left out:\n%s", reasons(gathered.selection.left_out))
    baselines = fit_baselines(gathered, progress)
    progress("choosing", 0, 1)
    comparison = compare(gathered, baselines, settings)
    weighed = {i for one in comparison.contenders.values() for i in one.nested.mixture.members}
    members = [one for i, one in enumerate(gathered.candidates) if i in weighed]
    models = fetch_models(tracker, members, baselines, scratch / "members", progress)
    name = settings.name or _name_of(gathered.config)
    choice = fingerprint(gathered.selection.group, gathered.candidates, settings)
    folder = place / f"{name}-{choice[:8]}"
    refitted = None
    if settings.refit:
        ours = comparison.ensemble.nested.mixture.members
        again = [one for i, one in enumerate(gathered.candidates) if i in ours]
        refitted = refit(gathered, again, models, settings.refit_seeds, scratch / "refit", progress)
    sources = member_sources(settings, gathered, comparison, refitted or models, scratch / "baselines")
    frozen = freeze(gathered, comparison, models, refitted, progress)
    # Nothing that follows changes what is predicted: now the truth may be seen.
    labelled, openings = open_seal(
        tracker,
        config.tracking,
        gathered.selection.group,
        name,
        choice,
        gathered.config,
        force=settings.force,
    )
    progress("judging", 0, 1)
    validation = _validated(gathered, comparison, settings.objective)
    test, sealed = judge_frozen(gathered, frozen, labelled, settings.objective)
    verdicts = {"validation": validation, "test": test}
    predicted = frozen.combined[comparison.chosen if refitted is None else REFIT]
    if not folder.exists():
        contents = contents_of(
            config, name, choice, gathered, comparison, sources, verdicts, predicted, sealed, openings
        )
        write_bundle(folder, contents)
    _check_written(folder, sealed.objects, predicted)
    return Built(
        name, choice, folder, gathered, comparison, frozen, validation, test, sealed, tuple(openings)
    )


def _validated(gathered: Gathered, comparison: Comparison, objective: str) -> dict[str, Verdict]:
    preparation = gathered.reference.members[0].preparation
    judge = Judge(gathered.kind, preparation, gathered.truths.judged, objective, gathered.scale)
    return {
        name: judge.verdict(one.nested.combined, one.factors, one.groups)
        for name, one in comparison.contenders.items()
    }


def _check_written(folder: Path, objects: Any, expected: Combined) -> None:
    """Read the bundle as its users will, and see that it predicts what was judged."""
    bundle = load_bundle(folder)
    mean, std, weight = bundle.predict_members(objects)
    found = Mixture(weight / weight.sum(), bundle.by_precision).combine(mean, std)
    for part in ("mean", "aleatoric", "epistemic"):
        one, other = getattr(found, part), getattr(expected, part)
        size = np.nanmax(np.abs(expected.mean)) or 1.0
        if not np.allclose(one, other, rtol=_AGREE, atol=_AGREE * size, equal_nan=True):
            raise FormatError(
                f"{folder}: predicts another {part} of the sealed objects than was judged; the bundle is "
                "damaged. Remove it and give the same command again."
            )


def _name_of(config: RunConfig) -> str:
    """Name of the registered model: that of the data, or of the table, and of a target that was chosen."""
    several = len(config.data.all_targets) > 1
    return f"{config.data.model_name}{f'-{config.target}' if several and config.target else ''}"
