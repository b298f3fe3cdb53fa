"""From an ensemble on disk to its run in the record."""

from dataclasses import dataclass
from pathlib import Path

from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.gather import Progress
from astrosweep.tracking import Tracker


@dataclass(frozen=True)
class Recorded:
    """An ensemble in the record."""

    run_id: str
    lines: tuple[str, ...]


def record(
    tracker: Tracker, config: EnsembleConfig, built: Built, folder: Path, progress: Progress
) -> Recorded:
    """Record."""
    return Recorded("", (str(built.folder),))
