"""Files that every parser reads."""

import json
import math
from pathlib import Path
from typing import Any

from astrosweep.core.errors import FormatError


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


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that astrosweep wrote.

    Raises:
        FormatError: The file is missing or damaged.
    """
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: missing or damaged; expected a JSON object: {error}") from error
    if not isinstance(found, dict):
        raise FormatError(f"{path}: holds a {type(found).__name__}; expected a JSON object")
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
