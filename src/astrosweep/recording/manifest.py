"""Manifests: which files a folder has that describes itself, and the SHA-256 of each."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import astrosweep
from astrosweep.core.errors import FormatError
from astrosweep.core.files import read_json, write_exact_json

_KEYS = {"format", "astrosweep", "files"}


def write_manifest(path: Path, format: int, names: Iterable[str]) -> None:
    """Write a manifest of files that are there.

    Args:
        path: The manifest.
        format: Number of the folder's format.
        names: Files, relative to its folder.

    Raises:
        OSError: A file cannot be read or written.
    """
    files = {name: digest(path.parent / name) for name in names}
    write_exact_json(path, {"format": format, "astrosweep": astrosweep.__version__, "files": files})


def read_manifest(path: Path, format: int, needed: str) -> dict[str, str]:
    """Read a manifest.

    Args:
        path: The manifest.
        format: The format that is read.
        needed: A file that it must name.

    Returns:
        Names of files, relative to its folder, to their SHA-256; neither is checked yet.

    Raises:
        FormatError: The manifest is damaged, or its format is unknown.
    """
    manifest = read_json(path)
    if type(manifest.get("format")) is not int or manifest["format"] != format:
        raise FormatError(
            f"{path}: format {manifest.get('format')!r} is unknown; this version of astrosweep reads {format}"
        )
    if unknown := sorted(set(manifest) - _KEYS):
        raise FormatError(f"{path}: unknown keys: {', '.join(unknown)}; allowed: {', '.join(sorted(_KEYS))}")
    files = manifest.get("files")
    if not isinstance(files, dict) or needed not in files:
        raise FormatError(f"{path}: names no files; expected: each file that the run needs and its SHA-256")
    return files


def check_files(path: Path, files: Mapping[str, str], names: re.Pattern[str], pattern: str) -> None:
    """Check that files are below the folder of their manifest, and as they were written.

    Args:
        path: The manifest.
        files: What it names.
        names: What names of files are.
        pattern: The same for people.

    Raises:
        FormatError: A name leads elsewhere, or a file is missing or was changed.
    """
    folder = path.parent
    for name, expected in files.items():
        file = folder / name
        if not names.fullmatch(name) or not file.resolve().is_relative_to(folder.resolve()):
            raise FormatError(f"{path}: names the file {name!r}; expected: {pattern}, below {folder}")
        if not file.is_file():
            raise FormatError(f"{file}: missing; {path.name} expects it")
        try:
            found = digest(file)
        except OSError as error:
            raise FormatError(f"{file}: cannot be read: {error}; {path.name} expects it") from error
        if found != expected:
            raise FormatError(f"{file}: was changed: SHA-256 {found}; {path.name} expects {expected}")


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
