"""From an ensemble on disk to the record and the registry: files first, then its run, then its version."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.bundle import load_bundle
from astrosweep.ensemble.frozen import REFIT
from astrosweep.ensemble.gather import Progress
from astrosweep.ensemble.report import write_report
from astrosweep.ensemble.served import MODULE
from astrosweep.recording import flatten, tags_of
from astrosweep.recording.run import STAGED
from astrosweep.tracking import (
    CANDIDATE,
    MODEL,
    Registry,
    RunSummary,
    Tracker,
    Version,
    process_tags,
    write_model,
)

ROLE = "ensemble"
LINEAGE = "ensembles"
"""Tag of a member's run: the runs of the ensembles that it is in."""
_EXAMPLES = 5


@dataclass(frozen=True)
class Recorded:
    """An ensemble in the record.

    Attributes:
        run_id: Its run.
        version: Its version in the registry; None where it was not registered.
    """

    run_id: str
    version: Version | None


def record(
    tracker: Tracker, config: EnsembleConfig, built: Built, folder: Path, progress: Progress
) -> Recorded:
    """Record an ensemble and register it.

    Every file is written before the run is opened, the run has its end before anything is registered, and
    each step finds what an earlier call of the same command left: a call that was cut off goes on.

    Args:
        tracker: The record.
        config: The command.
        built: The ensemble.
        folder: The command's own folder, where the run's files are until the record has them.
        progress: What is told how far it is.

    Raises:
        TrackingError: The record or the registry fails; the ensemble stays in its folder.
        OSError: A file cannot be written; nothing is recorded.
    """
    registry = Registry(config.tracking) if config.ensemble.register_model else None
    run = _recorded(tracker, built.choice)
    if run is None:
        progress("drawing", 0, 1)
        files = _write_files(config, built, folder / STAGED)
        progress("recording", 0, 1)
        run_id = _record_run(tracker, config, built, files)
    else:
        run_id = run.run_id
    try:
        _link_members(tracker, built, run_id)
        if registry is None:
            return Recorded(run_id, None)
        progress("registering", 0, 1)
        version = registry.register(built.name, run_id, _version_tags(built))
        registry.point(CANDIDATE, version)
    except TrackingError as error:
        raise TrackingError(
            f"{error}\nThe ensemble is recorded in run {run_id} and lies in {built.folder}; the same command "
            "goes on from there."
        ) from error
    return Recorded(run_id, version)


def _recorded(tracker: Tracker, choice: str) -> RunSummary | None:
    """The run of this choice, if it has ended well."""
    found = tracker.runs(tags={"role": ROLE, "choice": choice})
    return next((run for run in found if run.status == "finished"), None)


def _write_files(config: EnsembleConfig, built: Built, files: Path) -> Path:
    try:
        write_report(files, built, config)
        bundle = load_bundle(built.folder)
        kind, objects = built.gathered.kind, built.gathered.development.sealed
        few = objects.take(np.arange(min(len(objects), _EXAMPLES)))
        example = kind.frame_of(bundle.preparation, few)
        output = bundle.table(kind.objects_from(bundle.preparation, example))
        # Any value may be missing; what must be there at all, the kind of data says when it is asked.
        optional = [str(name) for name in example]
        write_model(files / MODEL, built.folder, MODULE, example, output, optional)
    except BaseException:
        shutil.rmtree(files, ignore_errors=True)  # nobody misses half of them, and the disk may be full
        raise
    return files


def _record_run(tracker: Tracker, config: EnsembleConfig, built: Built, files: Path) -> str:
    tags = _tags(built)
    name = f"ensemble {built.name} {built.choice[:8]}"
    run_id = tracker.start(name, {**tags, **process_tags()})
    settings = config.ensemble.model_dump(mode="json")
    record = RunRecord(
        name=name,
        status="finished",
        metrics=_metrics(built),
        params=flatten({"ensemble": settings, "wanted": dict(config.wanted)}),
        tags=tags,
    )
    try:
        tracker.finish(run_id, record, files)
    except TrackingError as error:
        raise TrackingError(
            f"{error}\nThe ensemble lies in {built.folder}; the same command goes on from there."
        ) from error
    except (KeyboardInterrupt, SystemExit):
        tracker.finish(run_id, RunRecord(name, "killed", error="stopped by the user or the scheduler"))
        raise
    if config.tracking.name == "mlflow":
        shutil.rmtree(files, ignore_errors=True)
    return run_id


def _metrics(built: Built) -> dict[str, float]:
    chosen = built.comparison.chosen
    tested = built.test[REFIT if REFIT in built.test else chosen]
    nested = built.comparison.ensemble.nested
    return {
        **{f"val/{name}": value for name, value in built.validation[chosen].metrics.items()},
        **{f"test/{name}": value for name, value in tested.metrics.items()},
        "val/nested_loss": nested.value,
        "val/nested_loss_error": nested.std_error,
        "ensemble/members": float(len(nested.mixture.members)),
        "ensemble/candidates": float(len(built.gathered.candidates)),
    }


def _tags(built: Built) -> dict[str, str]:
    of_data = tags_of(built.gathered.config)
    kept = ("class", "source", "features", "target", "unit", "git_commit", "astrosweep_version",
            "torch_version", "python_version", "host")  # fmt: skip
    group = built.gathered.selection.group
    return {
        **{key: of_data[key] for key in kept},
        "mlflow.source.name": "ensemble.py",
        "role": ROLE,
        "choice": built.choice,
        "strategy": built.comparison.chosen,
        "data_fingerprint": group.data,
        "sealed_fingerprint": group.sealed,
        "seal_openings": str(len(built.openings)),
        "members": ", ".join(_member_runs(built)),
    }


def _member_runs(built: Built) -> list[str]:
    """Runs of the members, each once."""
    weights = built.comparison.ensemble.nested.mixture.members
    runs = [one.run.run_id for i, one in enumerate(built.gathered.candidates) if i in weights]
    return list(dict.fromkeys(runs))


def _link_members(tracker: Tracker, built: Built, run_id: str) -> None:
    """Say in each member's run which ensemble it is in."""
    for member in _member_runs(built):
        # Read again: another ensemble may have been recorded since the candidates were looked up.
        run = tracker.find(member)
        known = [name for name in run.tags.get(LINEAGE, "").split(", ") if name]
        if run_id not in known:
            tags = {LINEAGE: ", ".join([*known, run_id])}
            tracker.write(run.run_id, RunRecord(run.name, "finished", tags=tags))


def _version_tags(built: Built) -> Mapping[str, str]:
    return {
        "choice": built.choice,
        "strategy": built.comparison.chosen,
        "sealed_fingerprint": built.gathered.selection.group.sealed,
        "seal_openings": str(len(built.openings)),
    }
