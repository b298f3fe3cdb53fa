"""What came of one input, and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astrosweep.prediction.beside import Figures
from astrosweep.prediction.files import Task
from astrosweep.prediction.table import Counts

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many rows are done, and of how many."""
STAGES = ("reading", "preparing", "predicting", "writing")


@dataclass
class Summary:
    """What came of one input.

    Attributes:
        task: Input and output.
        counts: What came of its rows; None where the output had been finished before.
        notes: What reading did that a user should know.
        n_parts: In how many parts it was read.
        objects: The table with one row for each object; None where the output itself has one.
        figures: The figures of single objects; None for none.
        seconds: Of each of ``STAGES``.
    """

    task: Task
    counts: Counts | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    n_parts: int = 0
    objects: Path | None = None
    figures: Figures | None = None
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of the body to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - start
