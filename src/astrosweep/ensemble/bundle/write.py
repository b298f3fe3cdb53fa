"""Write a bundle: under another name first, so that under its own it is whole or not there."""

import os
import shutil
import tempfile
from pathlib import Path

import filelock

from astrosweep.core.errors import FormatError
from astrosweep.core.files import read_json, write_exact_json
from astrosweep.ensemble.bundle.contents import (
    BASELINE,
    ENSEMBLE,
    FORMAT,
    MANIFEST,
    MEMBERS,
    MERIT,
    PROVENANCE,
    RANGES,
    TEST,
    VALIDATION,
    Contents,
    EnsembleEntry,
    MemberEntry,
    MemberSource,
)
from astrosweep.ensemble.bundle.folder import MEMBER_FILE
from astrosweep.recording.manifest import write_manifest
from astrosweep.recording.saved import copy_networks, write_config

_LOCK_S = 600.0


def write_bundle(folder: Path, contents: Contents) -> None:
    """Write a bundle.

    It is written into a folder beside the final one, which is renamed at the end. What a writer of the same
    bundle left that was killed is removed; one that is at work is waited for.

    Args:
        folder: The bundle's folder; nothing is there yet.
        contents: What it is made from.

    Raises:
        FormatError: There is something already, or a member cannot be read back.
        OSError: A file cannot be read or written; nothing is left.
        ValueError: A value is not finite, or the weights are none of a mixture.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.parent / f".{folder.name}.lock", _LOCK_S):
        prefix = f".{folder.name}.writing-"
        for left in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(left)
        if folder.exists():
            raise FormatError(f"{folder}: is there already; a bundle is written once, into a new folder")
        draft = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
        try:
            _fill(draft, contents)
            draft.chmod(0o755)
            _settle(draft / MANIFEST)
            draft.rename(folder)
            _settle(folder.parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def _fill(draft: Path, contents: Contents) -> None:
    entry = EnsembleEntry(
        name=contents.name,
        members=[_copy(draft, number, source) for number, source in enumerate(contents.members)],
        by_precision=contents.by_precision,
        objective=contents.objective,  # type: ignore[arg-type]  # pydantic judges it
        strategy=contents.strategy,
        calibration=dict(contents.calibration),
    )
    write_config(draft, contents.config)
    write_exact_json(draft / ENSEMBLE, entry.model_dump(mode="json"))
    write_exact_json(draft / RANGES, dict(contents.ranges))
    write_exact_json(draft / PROVENANCE, dict(contents.provenance))
    write_exact_json(draft / MERIT, dict(contents.merit))
    for name, scored in ((VALIDATION, contents.validation), (TEST, contents.test)):
        if scored is not None:
            scored.save(draft / name)
    files = sorted(path.relative_to(draft).as_posix() for path in draft.rglob("*") if path.is_file())
    write_manifest(draft / MANIFEST, FORMAT, files)


def _copy(draft: Path, number: int, source: MemberSource) -> MemberEntry:
    place = f"{MEMBERS}/{number:02d}"
    copy = _copy_baseline if source.kind == "baseline" else copy_networks
    n_networks = copy(source.folder, draft / place, source.replicate)
    return MemberEntry(
        folder=place,
        name=source.name,
        run_id=source.run_id,
        kind=source.kind,
        weight=source.weight,
        networks=n_networks,
    )


def _copy_baseline(source: Path, destination: Path, replicate: int | None) -> int:
    """Copy a fitted baseline; return how many folds it has."""
    assert replicate is None, "baselines have no replicates"
    read_json(source / BASELINE)
    files = sorted(path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file())
    if foreign := [name for name in files if not MEMBER_FILE.fullmatch(name)]:
        raise FormatError(
            f"{source / foreign[0]}: has no place in a bundle; expected: {BASELINE} and "
            "fold_<k>/<name>.json, .safetensors or .skops"
        )
    folds = {name.partition("/")[0] for name in files if "/" in name}
    if not folds:
        raise FormatError(f"{source}: has no fold; expected: {BASELINE} and fold_<k>/")
    for name in files:
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, destination / name)
    return len(folds)


def _settle(path: Path) -> None:
    """Have the disk keep a file or a folder; files that a lost disk cut short are found by their SHA-256."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
