"""Estimators of scikit-learn in files of skops: read without pickle, and not larger than they say."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import skops.io

from astrosweep.core.errors import FormatError

_EstimatorT = TypeVar("_EstimatorT")
_MOST_BYTES, _MOST_FILES = 2**29, 20_000
"""What may come out of one file, all in all."""


def load_estimator(
    path: Path, expected: type[_EstimatorT], what: str, harmless: Sequence[str] = ()
) -> _EstimatorT:
    """Read an estimator that skops wrote; of types only scikit-learn's and numpy's are made.

    Args:
        path: The file.
        expected: Type of the estimator.
        what: What the file holds, for messages, for example ``preparation``.
        harmless: Names of further types that may be made.

    Raises:
        FormatError: The file is missing or damaged, would fill the memory, or holds another type.
    """
    try:
        _check_sizes(path)
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(harmless))
        if unknown:
            raise FormatError(f"{path}: holds types that a {what} never has: {', '.join(unknown)}")
        found = skops.io.load(path, trusted=list(harmless))
    except FormatError:
        raise
    except Exception as error:  # skops raises whatever the damage leads to
        raise FormatError(f"{path}: cannot be read as a {what}: {str(error)[:500]}") from error
    if not isinstance(found, expected):
        raise FormatError(f"{path}: holds a {type(found).__name__}; expected: {expected.__name__}")
    return found


def _check_sizes(path: Path) -> None:
    """Refuse a zip bomb, and arrays that claim to be larger than what the file has of them.

    The sizes that a zip file states are binding: ``zipfile`` reads no more of a file than it states.
    """
    with zipfile.ZipFile(path) as archive:
        files = archive.infolist()
        n_bytes = sum(file.file_size for file in files)
        if n_bytes > _MOST_BYTES or len(files) > _MOST_FILES:
            raise FormatError(
                f"{path}: {len(files)} files of {n_bytes} bytes would come out of it; expected: at most "
                f"{_MOST_FILES} files of {_MOST_BYTES} bytes"
            )
        for file in files:
            if file.filename.endswith(".npy"):
                with archive.open(file) as stream:
                    version = np.lib.format.read_magic(stream)
                    read = np.lib.format.read_array_header_1_0
                    shape, _, dtype = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(
                        stream
                    )
                claimed = int(np.prod(shape, dtype=object)) * dtype.itemsize
                if claimed > file.file_size:
                    raise FormatError(
                        f"{path}: the array {file.filename} claims the shape {shape}, {claimed} bytes; "
                        f"the file has {file.file_size}"
                    )
