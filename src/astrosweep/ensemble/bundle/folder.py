"""What may lie in the folder of a bundle: plain files of known names, before any of them is opened."""

import os
import re
import stat
from collections import Counter
from pathlib import Path

from astrosweep.core.errors import FormatError
from astrosweep.ensemble.bundle.contents import FORMAT, MANIFEST
from astrosweep.recording.manifest import check_files, read_manifest

_FOLD_FILE = r"(replicate_\d{1,4}/)?fold_\d{1,4}/\w[\w-]*\.(json|safetensors|skops)"
MEMBER_FILE = re.compile(rf"run\.json|config\.yaml|baseline\.json|{_FOLD_FILE}", re.ASCII)
"""Files of a member, relative to its folder."""
_NAMES = re.compile(
    r"config\.yaml|(ensemble|ranges|provenance|merit)\.json|(validation|test)\.safetensors|"
    rf"members/\d{{2,4}}/({MEMBER_FILE.pattern})",
    re.ASCII,
)
_PATTERN = "a file of a bundle, such as ensemble.json or members/<nn>/fold_<k>/weights.safetensors"
_MOST, _DEEPEST = 200_000, 6


def check_folder(root: Path) -> frozenset[str]:
    """Check that a folder holds exactly what its manifest names, as it was written.

    Args:
        root: The folder of a bundle.

    Returns:
        Its files without the manifest, relative to it.

    Raises:
        FormatError: There is a file too many or one is missing or was changed, or something is no plain file
            of its own; the message names it.
    """
    if not root.is_dir():
        raise FormatError(f"{root}: no such folder; expected: the folder of a bundle, with its {MANIFEST}")
    present = _files(root)
    path = root / MANIFEST
    if MANIFEST not in present:
        raise FormatError(f"{root}: no {MANIFEST}, so this is no bundle; expected: what ensemble.py wrote")
    files = read_manifest(path, FORMAT, "ensemble.json")
    count = Counter(name.casefold() for name in files)
    if alike := [name for name in files if count[name.casefold()] > 1]:
        raise FormatError(f"{path}: some systems take these for one file: {', '.join(sorted(alike))}")
    check_files(path, files, _NAMES, _PATTERN)
    if foreign := sorted(present - {*files, MANIFEST}):
        raise FormatError(
            f"{root / foreign[0]}: is not in {MANIFEST}, nor are {len(foreign) - 1} more; expected: nothing "
            "but what it names"
        )
    return frozenset(files)


def _files(root: Path) -> set[str]:
    """Files below a folder, relative to it; nothing is opened or followed."""
    files: set[str] = set()
    folders, n_entries = [(root, 0)], 0
    while folders:
        folder, depth = folders.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                n_entries += 1
                if n_entries > _MOST or depth > _DEEPEST:
                    raise FormatError(
                        f"{root}: more than {_MOST} files, or {_DEEPEST} folders within each other"
                    )
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    folders.append((Path(entry.path), depth + 1))
                elif stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                    files.add(Path(entry.path).relative_to(root).as_posix())
                else:
                    raise FormatError(
                        f"{entry.path}: is {_kind(found.st_mode)}; expected: plain files and folders of "
                        "the bundle's own"
                    )
    return files


def _kind(mode: int) -> str:
    kinds = {stat.S_IFLNK: "a link", stat.S_IFREG: "a hard link", stat.S_IFIFO: "a pipe"}
    return kinds.get(stat.S_IFMT(mode), "a device or a socket")
