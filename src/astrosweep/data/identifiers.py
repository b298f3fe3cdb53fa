"""Identifiers of objects that have names, and columns that hold identifiers."""

import hashlib
import re

_IDENTIFIER = re.compile(
    r"(^|_|obj|source|star|spec|object)_?(id|ids|name|number)$|^recno$|^designation$", re.IGNORECASE
)


def id_of(name: str) -> int:
    """Return the identifier of a named object: 63 bits of the SHA-256 of its name, everywhere the same."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 1


def looks_like_identifier(column: str) -> bool:
    """Whether a column is called like one that tells objects apart: its numbers measure nothing."""
    return _IDENTIFIER.search(column) is not None
