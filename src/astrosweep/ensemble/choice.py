"""The fingerprint of a choice: everything that decides which ensemble comes out, and nothing of the test."""

import hashlib
import json
from collections.abc import Sequence

from astrosweep.config.ensemble import EnsembleSettings
from astrosweep.ensemble.candidates import Group
from astrosweep.ensemble.gather import Candidate

_VERSION = 1
"""Raised with every change of the procedure, after which equal candidates make another ensemble."""
_FREE = {
    "folder",
    "force",
    "register_model",
    "name",
    "data_path",
    "studies",
    "networks",
    "exclude",
    "min",
    "max",
}
"""Settings that do not decide, or that the list of candidates already tells of."""


def fingerprint(group: Group, candidates: Sequence[Candidate], settings: EnsembleSettings) -> str:
    """First 16 hexadecimal digits of the SHA-256 of candidates and settings.

    Args:
        group: The data, the sealed objects, the target and the split.
        candidates: The candidates that were read.
        settings: Objective, strategy and limits.
    """
    said = {
        "version": _VERSION,
        "group": [group.data, group.sealed, group.target, list(group.split)],
        "candidates": sorted([one.run.run_id, one.replicate or 0] for one in candidates),
        "settings": settings.model_dump(mode="json", exclude=_FREE),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
