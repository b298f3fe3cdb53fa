"""What goes into a bundle: members as folders, and where they come from and how good they are as JSON."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.config.ensemble import EnsembleConfig, EnsembleSettings
from astrosweep.core.files import write_exact_json
from astrosweep.data.kind import Judged
from astrosweep.ensemble.baselines import BaselineCandidate
from astrosweep.ensemble.bundle import Contents, MemberSource, Scored
from astrosweep.ensemble.bundle.contents import BASELINE
from astrosweep.ensemble.contenders import Comparison
from astrosweep.ensemble.gather import Gathered
from astrosweep.ensemble.mixture import Combined
from astrosweep.ensemble.models import Models
from astrosweep.ensemble.seal import Opening
from astrosweep.ensemble.verdict import Verdict
from astrosweep.recording import tags_of

_OF_THE_CODE = ("git_commit", "astrosweep_version", "torch_version", "python_version", "host")


def member_sources(
    config: EnsembleSettings, gathered: Gathered, comparison: Comparison, models: Models, folder: Path
) -> tuple[MemberSource, ...]:
    """The members of the ensemble as folders.

    Args:
        config: The settings.
        gathered: The candidates.
        comparison: Which of them are members.
        models: The candidates as they were read.
        folder: Where baselines are written.

    Raises:
        OSError: A file cannot be written.
    """
    weights = comparison.ensemble.nested.mixture.weights
    sources = []
    for i in comparison.ensemble.nested.mixture.members:
        if i < len(gathered.candidates):
            candidate = gathered.candidates[i]
            place, _ = models.networks[candidate.name]
            is_whole = candidate.replicate is None or config.refit
            source = MemberSource(
                folder=place if is_whole else place.parent,
                name=candidate.name,
                run_id=candidate.run.run_id,
                weight=float(weights[i]),
                replicate=None if is_whole else candidate.replicate,
            )
        else:
            baseline = models.baselines[comparison.problem.names[i]]
            place = _write_baseline(folder / baseline.name, baseline)
            source = MemberSource(place, baseline.name, "", float(weights[i]), kind="baseline")
        sources.append(source)
    return tuple(sources)


def _write_baseline(folder: Path, baseline: BaselineCandidate) -> Path:
    folder.mkdir(parents=True)
    write_exact_json(folder / BASELINE, {"name": baseline.name})
    for k, fold in enumerate(baseline.folds):
        place = folder / f"fold_{k}"
        place.mkdir()
        fold.preparation.save(place)
        fold.fitted.save(place)
        write_exact_json(
            place / "fold.json", {"uncertainty_factor": baseline.factor.tolist(), "best_epoch": 0}
        )
    return folder


def contents_of(
    config: EnsembleConfig,
    name: str,
    choice: str,
    gathered: Gathered,
    comparison: Comparison,
    sources: Sequence[MemberSource],
    verdicts: Mapping[str, Mapping[str, Verdict]],
    predicted: Combined,
    sealed: Judged[Any, Any],
    openings: Sequence[Opening],
) -> Contents:
    """All that the bundle is made from.

    Args:
        config: The command.
        name: Name of the registered model.
        choice: Fingerprint of the choice.
        gathered: What it was chosen from.
        comparison: What it was chosen by.
        sources: Its members.
        verdicts: ``validation`` and ``test`` to the verdicts of each contender.
        predicted: Its predictions of the sealed objects.
        sealed: The sealed objects with their targets.
        openings: All openings of the seal.
    """
    ensemble, settings = comparison.ensemble, config.ensemble
    judged = gathered.truths.judged
    return Contents(
        name=f"{name}-{choice[:8]}",
        config=gathered.config,
        members=tuple(sources),
        by_precision=ensemble.nested.mixture.by_precision,
        objective=settings.objective,
        strategy=comparison.chosen,
        calibration=ensemble.calibration.as_dict(),
        ranges=plain(gathered.kind.ranges(gathered.development.labelled.objects)),
        provenance=plain(provenance_of(config, choice, gathered, comparison, openings)),
        merit=plain(merit_of(comparison, verdicts)),
        validation=None if settings.refit else _scored(judged, ensemble.nested.combined),
        test=_scored(sealed, predicted),
    )


def provenance_of(
    config: EnsembleConfig,
    choice: str,
    gathered: Gathered,
    comparison: Comparison,
    openings: Sequence[Opening],
) -> dict[str, Any]:
    """Where an ensemble comes from."""
    group, report = gathered.selection.group, gathered.development.report
    tags = tags_of(gathered.config)
    return {
        "choice": choice,
        "command": {
            "wanted": config.wanted,
            "ensemble": config.ensemble.model_dump(mode="json"),
        },
        "data": {
            "class": gathered.config.data.name,
            "origin": report.origin,
            "fingerprint": group.data,
            "sealed_fingerprint": group.sealed,
            "target": group.target,
            "split": dict(group.split),
            "summary": report.summary,
            "parts": report.parts,
            "n_labelled": len(gathered.development.labelled),
            "n_sealed": len(gathered.development.sealed),
        },
        "code": {name: tags[name] for name in _OF_THE_CODE},
        "candidates": [
            {"run_id": one.run.run_id, "name": one.name, "network": one.config.model.name}
            for one in gathered.candidates
        ],
        "left_out": [vars(one) for one in gathered.selection.left_out],
        "seal": [vars(opening) for opening in openings],
        "refit": config.ensemble.refit,
        "cut": vars(comparison.cut) if comparison.cut else None,
    }


def merit_of(comparison: Comparison, verdicts: Mapping[str, Mapping[str, Verdict]]) -> dict[str, Any]:
    """Figures of merit: every contender out of fold and on test, every member on test."""
    return {
        "proposal": comparison.proposal.as_dict(),
        "chosen": comparison.chosen,
        "nested": {
            name: {
                "label": contender.label,
                "sort": contender.sort,
                "loss": contender.nested.value,
                "loss_error": contender.nested.std_error,
                "per_channel": {key: dict(value) for key, value in contender.nested.per_channel.items()},
                "n_members": len(contender.nested.mixture.members),
            }
            for name, contender in comparison.contenders.items()
        },
        **{part: {name: one.as_dict() for name, one in of.items()} for part, of in verdicts.items()},
    }


def _scored(judged: Judged[Any, Any], combined: Combined) -> Scored:
    return Scored(
        ids=judged.objects.ids,
        mean=combined.mean,
        aleatoric=combined.aleatoric,
        epistemic=combined.epistemic,
        target=judged.target,
        error=np.where(np.isfinite(judged.target), judged.error, 0.0),
    )


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers that are not finite become null, those of numpy plain ones."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
