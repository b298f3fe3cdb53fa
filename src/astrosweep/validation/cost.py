"""What a prediction costs: time and memory of a thousand objects, and the size of the model."""

import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from astrosweep.validation.fresh import Fresh
from astrosweep.validation.subject import Size, Subject

_OBJECTS, _TURNS = 1000, 3


@dataclass(frozen=True)
class Cost:
    """What a model costs.

    Attributes:
        size: On disk.
        networks: How many there are.
        seconds: Of a thousand objects by stage: ``reading``, ``preparing``, ``predicting``; empty where there
            were no objects to take the time of.
        arrays: Most bytes of arrays at once while a thousand objects are predicted, without the networks; 0
            where there were none.
        process: Most bytes that this process has had at once; 0 where the system does not say.
    """

    size: Size
    networks: int
    seconds: dict[str, float]
    arrays: int
    process: int


def cost_of(subject: Subject, fresh: Fresh | None) -> Cost:
    """Take the time and the memory of fresh objects, taken again until they are a thousand."""
    seconds: dict[str, float] = {}
    arrays = 0
    if fresh is not None:
        model = subject.model
        rows = np.arange(_OBJECTS, dtype=np.int64) % len(fresh)
        objects = fresh.examined.labelled.objects.take(rows)
        turns = []
        for _ in range(_TURNS):
            clock = _Clock()
            model.predict(objects, clock.stage)
            turns.append(clock.seconds)
        seconds = {"reading": fresh.reading_s * _OBJECTS}
        seconds |= {stage: min(turn.get(stage, 0.0) for turn in turns) for stage in turns[0]}
        tracemalloc.start()
        try:
            model.predict(objects)
            arrays = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    return Cost(subject.size, len(subject.model.networks), seconds, arrays, _most_of_process())


class _Clock:
    """Adds up the seconds of stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Take the time of the block."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def _most_of_process() -> int:
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most) if sys.platform == "darwin" else int(most) * 1024
