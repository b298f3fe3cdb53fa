"""What a run leaves to be read back, and the manifest that says so.

A run's folder describes itself: ``run.json`` has the number of the format and the SHA-256 of every file
that is needed to predict with it; ``config.yaml`` the configuration; ``[replicate_<r>/]fold_<k>/`` for each
network ``weights.safetensors``, the preparation's own files and ``fold.json`` with its calibration; and
``[replicate_<r>/]validation.safetensors`` the calibrated predictions of the validation objects, by which
ensembles choose. Nothing of it runs code when it is read.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import safetensors.torch
import yaml
from numpy.typing import NDArray
from safetensors import SafetensorError

import astrosweep
from astrosweep.config import RunConfig
from astrosweep.core.errors import FormatError
from astrosweep.core.files import read_json, write_exact_json
from astrosweep.core.types import Predictions
from astrosweep.training import TrainingResult

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
    write_exact_json(
        folder / MANIFEST,
        {
            "format": FORMAT,
            "astrosweep": astrosweep.__version__,
            "files": {file.relative_to(folder).as_posix(): digest(file) for file in needed},
        },
    )


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


def check_manifest(folder: Path) -> list[str]:
    """Check that everything that a run left is there and as it was written.

    Args:
        folder: The run's folder.

    Returns:
        The files that the manifest names, relative to the folder.

    Raises:
        FormatError: There is no manifest, its format is unknown, or a file is missing or was changed.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise FormatError(
            f"{folder}: no {MANIFEST}, so this is not the folder of a run that can be read back; "
            "expected: what a run, a trial, a replicate or a fold left since format 1"
        )
    manifest = read_json(path)
    if manifest.get("format") != FORMAT:
        raise FormatError(
            f"{path}: format {manifest.get('format')!r} is unknown; this version of astrosweep reads {FORMAT}"
        )
    files = manifest.get("files")
    if not isinstance(files, dict) or CONFIG not in files:
        raise FormatError(f"{path}: names no files; expected: each file that the run needs and its SHA-256")
    for name, expected in files.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise FormatError(f"{path}: names the file {name!r}; expected: files below {folder}")
        if not file.is_file():
            raise FormatError(f"{file}: missing; {MANIFEST} expects it")
        found = digest(file)
        if found != expected:
            raise FormatError(f"{file}: was changed: SHA-256 {found}; {MANIFEST} expects {expected}")
    return list(files)


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
