"""Files that every parser reads."""

import json
import math
from pathlib import Path
from typing import Any

from astrosweep.core.errors import FormatError

_LONGEST_JSON = 2**26
"""Bytes of a JSON file that is read at all; it takes some ten times as much memory."""


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people and other programs: values that are not finite become null."""
    path.write_text(json.dumps(_finite(value), indent=2, default=str) + "\n")


def write_exact_json(path: Path, value: Any) -> None:
    """Write JSON that is read back as it was: numbers to the last bit.

    Raises:
        ValueError: A value is not finite, which JSON has no word for.
        TypeError: A value has a type that JSON does not have.
    """
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_json(path: Path, *, finite: bool = False) -> dict[str, Any]:
    """Read a JSON object that astrosweep wrote.

    Args:
        path: The file.
        finite: Whether NaN and infinity, which are no JSON, are refused, as ``write_exact_json`` does.

    Raises:
        FormatError: The file is missing, damaged, too large or too deep, or has a key twice.
    """
    try:
        if (size := path.stat().st_size) > _LONGEST_JSON:
            raise ValueError(f"{size} bytes; at most {_LONGEST_JSON} are read")
        constant = _refuse_constant if finite else float
        found = json.loads(path.read_text(), object_pairs_hook=_unique, parse_constant=constant)
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(f"{path}: missing or damaged; expected a JSON object: {error}") from error
    if not isinstance(found, dict):
        raise FormatError(f"{path}: holds a {type(found).__name__}; expected a JSON object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, whose keys another reader would take in another order if one of them came twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} comes twice")
    return found


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
