"""What a run leaves to be read back, and the manifest that says so.

A run's folder describes itself: ``run.json`` has the number of the format and the SHA-256 of every file
that is needed to predict with it; ``config.yaml`` the configuration; ``[replicate_<r>/]fold_<k>/`` for each
network ``weights.safetensors``, the preparation's own files and ``fold.json`` with its calibration; and
``[replicate_<r>/]validation.safetensors`` the calibrated predictions of the validation objects, by which
ensembles choose. Nothing of it runs code when it is read.
"""

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import safetensors.torch
import yaml
from numpy.typing import NDArray
from safetensors import SafetensorError

from astrosweep.config import RunConfig, load_run_config
from astrosweep.core.errors import FormatError
from astrosweep.core.files import write_exact_json
from astrosweep.core.types import Predictions
from astrosweep.recording.manifest import check_files, read_manifest, write_manifest
from astrosweep.training import TrainingResult

_NAMES = re.compile(r"(replicate_\d+/)?(fold_\d+/)?[\w-][\w.-]*")
"""What the files of a run are called, relative to its folder."""
FORMAT = 1
"""Raised with every change that older readers would misread."""
MANIFEST, CONFIG, FOLD, WEIGHTS = "run.json", "config.yaml", "fold.json", "weights.safetensors"
VALIDATION = "validation.safetensors"


def write_config(folder: Path, config: RunConfig) -> None:
    """Write the resolved configuration; ``python train.py +reproduce=<run>`` reads it back."""
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    (folder / CONFIG).write_text(text)


def write_networks(folder: Path, results: Sequence[TrainingResult]) -> None:
    """Write the networks of a run below its folder, which has its configuration, and then the manifest.

    Args:
        folder: The run's folder.
        results: What the training left, one result for each replicate.

    Raises:
        OSError: A file cannot be written.
    """
    below = folders_of(folder, len(results))
    for place, result in zip(below, results, strict=True):
        _write_validation(place / VALIDATION, result.validation)
        for k, (prepared, fit) in enumerate(zip(result.prepared, result.fits, strict=True)):
            fold = place / f"fold_{k}"
            fold.mkdir(parents=True, exist_ok=True)
            safetensors.torch.save_file(fit.state, fold / WEIGHTS)
            prepared.preparation.save(fold)
            write_exact_json(
                fold / FOLD, {"uncertainty_factor": result.factor.tolist(), "best_epoch": fit.best_epoch}
            )
    networks = sorted(file for place in below for file in place.glob("fold_*/*"))
    needed = [folder / CONFIG, *(place / VALIDATION for place in below), *networks]
    write_manifest(folder / MANIFEST, FORMAT, [file.relative_to(folder).as_posix() for file in needed])


def _write_validation(path: Path, validation: Predictions) -> None:
    arrays: dict[str, NDArray[Any]] = {
        "ids": validation.ids,
        "mean": validation.mean.astype(np.float32),
        "std": validation.std.astype(np.float32),
    }
    safetensors.numpy.save_file(arrays, path)


def read_validation(path: Path) -> Predictions:
    """Read the predictions of the validation objects that a run or a replicate left.

    Args:
        path: The folder of the run or the replicate.

    Raises:
        FormatError: The file is missing or damaged.
    """
    try:
        arrays = safetensors.numpy.load_file(path / VALIDATION)
        mean, std = (arrays[name].astype(np.float64) for name in ("mean", "std"))
        return Predictions(arrays["ids"].astype(np.int64), mean, std)
    except (OSError, SafetensorError, KeyError) as error:
        raise FormatError(f"{path / VALIDATION}: missing or damaged: {error!r}") from error


def folders_of(folder: Path, n_replicates: int) -> list[Path]:
    """The folder of each replicate: the run's own where there is only one."""
    if n_replicates == 1:
        return [folder]
    return [folder / f"replicate_{replicate}" for replicate in range(n_replicates)]


def check_manifest(folder: Path) -> list[Path]:
    """Check that everything that a run left is there and as it was written.

    Args:
        folder: The run's folder.

    Returns:
        The folders of its networks, relative to its own, in the order of their numbers.

    Raises:
        FormatError: There is no manifest, its format is unknown, or a file is missing or was changed.
    """
    return networks_of(_checked(folder), folder)


def _checked(folder: Path) -> dict[str, str]:
    """Names and SHA-256 of the files of a run, which are all as they were written."""
    path = folder / MANIFEST
    if not path.is_file():
        raise FormatError(
            f"{folder}: no {MANIFEST}, so this is not the folder of a run that can be read back; "
            "expected: what a run, a trial, a replicate or a fold left since format 1"
        )
    files = read_manifest(path, FORMAT, CONFIG)
    check_files(path, files, _NAMES, "[replicate_<r>/][fold_<k>/]<file>")
    return files


def networks_of(files: Iterable[str], folder: Path) -> list[Path]:
    """The folders of networks among the files of a run, in the order of their numbers."""
    names = set(files)
    folds = {Path(name).parent for name in names if Path(name).parent.name.startswith("fold_")}
    for fold in folds:
        for name in (FOLD, WEIGHTS):
            if (fold / name).as_posix() not in names:
                raise FormatError(
                    f"{folder / MANIFEST}: does not name {(fold / name).as_posix()}; expected: {FOLD} and "
                    f"{WEIGHTS} of every fold"
                )
    return sorted(folds, key=_numbers)


def copy_networks(source: Path, destination: Path, replicate: int | None = None) -> int:
    """Copy the networks of a run into a folder of their own, which ``load`` reads, and nothing else of it.

    Args:
        source: The run's folder.
        destination: A new folder.
        replicate: Only this replicate's, as a run of its own seed; None: all networks.

    Returns:
        How many networks there are.

    Raises:
        FormatError: The run cannot be read back, or has no such replicate.
        OSError: A file cannot be read or written.
    """
    files = _checked(source)
    config = load_run_config(source / CONFIG)
    prefix = ""
    if replicate is not None:
        prefix = f"replicate_{replicate}/" if any(name.startswith("replicate_") for name in files) else ""
        if config.replicates > 1 or replicate == 0:
            seed = {"seed": config.seed + replicate, "replicates": 1}
            config = RunConfig.model_validate({**config.model_dump(), **seed})
        kept = networks_of([name.removeprefix(prefix) for name in files if name.startswith(prefix)], source)
        if not kept or (replicate > 0 and not prefix):
            raise FormatError(f"{source}: has no replicate {replicate}")
    copied = [
        name for name in files if name.startswith(prefix) and Path(name).parent.name.startswith("fold_")
    ]
    destination.mkdir(parents=True)
    for name in copied:
        target = destination / name.removeprefix(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)
    write_config(destination, config)
    write_manifest(destination / MANIFEST, FORMAT, [CONFIG, *(name.removeprefix(prefix) for name in copied)])
    return len(networks_of([name.removeprefix(prefix) for name in copied], source))


def _numbers(fold: Path) -> list[int]:
    """Folds within replicates by their numbers: fold_10 comes after fold_9."""
    return [int(part.rpartition("_")[2]) for part in fold.parts]
