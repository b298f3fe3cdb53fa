"""Predict one input: read it, predict it a block at a time, and write what comes out as it comes."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from astrosweep.config import RunConfig
from astrosweep.config.predict import PredictConfig, for_input
from astrosweep.core.errors import AstrosweepError, ConfigError, DataError
from astrosweep.data.incoming import Column, Incoming
from astrosweep.prediction.distance import DistanceMaker, distance_maker
from astrosweep.prediction.files import Task, is_finished
from astrosweep.prediction.flags import Flags, flags_of
from astrosweep.prediction.model import Model
from astrosweep.prediction.output import Output, open_output
from astrosweep.prediction.provenance import header_of, signature_of
from astrosweep.prediction.table import Counts, Rows, identifier_of

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many rows are done, and of how many."""
STAGES = ("reading", "preparing", "predicting", "writing")
_IN_VAIN = "columns that data.columns names and the file lacks"


@dataclass
class Summary:
    """What came of one input.

    Attributes:
        task: Input and output.
        counts: What came of its rows; None where the output had been finished before.
        notes: What reading did that a user should know.
        seconds: Of each of ``STAGES``.
    """

    task: Task
    counts: Counts | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model with all that a command says of inputs and outputs.

    Attributes:
        model: The model.
        config: The command.
        data: The model's configuration, with what is different in the inputs.
        distances: What makes distances of its predictions; None for none.
    """

    model: Model
    config: PredictConfig
    data: RunConfig
    distances: DistanceMaker | None

    @classmethod
    def of(cls, model: Model, config: PredictConfig) -> "Predictor":
        """Check what the command says of the model's data.

        Raises:
            ConfigError: A key of ``data`` is unknown, or a value is not allowed.
        """
        try:
            data = for_input(model.config, config.data)
        except ConfigError as error:
            name = model.config.data.name
            raise ConfigError(f"data={config.data} for a model of data={name}: {error}") from error
        known = model.validation
        target, error_ = (None, None) if known is None else (known.target, known.error)
        return cls(model, config, data, distance_maker(data, config.distance, target, error_))

    def predict(self, task: Task, progress: Progress) -> Summary:
        """Predict one input, unless its output was finished before by the same command.

        Raises:
            DataError: The input cannot be used.
            ConfigError: The output is there, but was made by another model, options or input.
            OSError: The output cannot be written; nothing of it is left.
        """
        if not task.source.exists():
            raise DataError(f"no file {task.source.absolute()}")
        summary = Summary(task)
        signature = signature_of(self.model, self.config, task)
        if task.output.exists() and is_finished(task, signature):
            return summary
        if task.output.exists() and not self.config.predict.overwrite:
            raise ConfigError(
                f"{task.output}: is there already, made by another model or options or of another input; give "
                "another name, or allow it with overwrite=true"
            )
        progress(f"reading {task.source.name}", 0, 1)
        with _timed(summary, "reading"):
            incoming = self._read(task)
        summary.notes = dict(incoming.notes)
        self._write(task, incoming, header_of(self.model, self.config, task, signature, incoming.notes),
                    summary, progress)  # fmt: skip
        return summary

    def _read(self, task: Task) -> Incoming[Any]:
        model = self.model
        try:
            incoming = model.kind.incoming(self.data, task.source, model.preparation)
        except DataError as error:
            raise DataError(f"{error} (the model predicts {model.config.data.title})") from error
        in_vain = set(str(incoming.notes.get(_IN_VAIN, "")).split(", "))
        if asked := sorted(in_vain & set(self.config.data.get("columns") or {})):
            wanted = self.config.data["columns"]
            raise DataError(
                f"{task.source}: data.columns.{asked[0]}={wanted[asked[0]]}: the file has no such column; it has "
                f"{', '.join(map(str, incoming.carried.columns)) if incoming.carried is not None else 'none'}"
            )
        if not len(incoming.objects):
            reasons = sorted(set(incoming.reasons.values()))[:3]
            raise DataError(f"{task.source}: no row can be predicted: {'; '.join(reasons)}")
        return incoming

    def _write(
        self,
        task: Task,
        incoming: Incoming[Any],
        header: dict[str, str],
        summary: Summary,
        progress: Progress,
    ) -> None:
        """Predict and write block by block; the output has its name when all is written."""
        settings, counts = self.config.output, Counts()
        identifier = identifier_of(self.model.preparation)
        rows = Rows(incoming, identifier, settings.carry, settings.ucd)
        blocks = iter(rows.blocks(self.model.block))
        done = 0
        with ExitStack() as stack:
            output: Output | None = None
            waiting: list[tuple[slice, Any]] = []
            for block, objects in blocks:
                if not len(objects) and output is None:
                    waiting.append((block, objects))  # the columns are known when something is predicted
                    continue
                found, flags = self._predict(incoming, objects, summary)
                for part, members in [*waiting, (block, objects)]:
                    n = len(members)
                    part_found = found if n else [(one, values[:0]) for one, values in found]
                    part_flags = flags if n else Flags(flags.code[:0], flags.reason[:0], flags.distance[:0])
                    columns = rows.columns(part, members, part_found, part_flags)
                    with _timed(summary, "writing"):
                        if output is None:
                            output = stack.enter_context(
                                open_output(
                                    task.output,
                                    [one for one, _ in columns],
                                    header,
                                    task.format,
                                    overwrite=True,
                                )
                            )
                        output.write({one.name: values for one, values in columns})
                    counts.add(part_flags, part.stop - part.start - n)
                    done = part.stop
                waiting = []
                progress(f"predicting {task.source.name}", done, incoming.n_rows)
            start = time.perf_counter()
        summary.seconds["writing"] += time.perf_counter() - start
        summary.counts = counts

    def _predict(
        self, incoming: Incoming[Any], positions: Any, summary: Summary
    ) -> tuple[list[Column], Flags]:
        model = self.model
        if not len(positions):
            # A block without an object has the columns of any other.
            columns, flags = self._predict(incoming, np.array([0]), summary)
            return [(one, values[:0]) for one, values in columns], Flags(
                flags.code[:0], flags.reason[:0], flags.distance[:0]
            )
        objects = incoming.objects.take(positions)
        with _timed(summary, "predicting"):
            outgoing = model.predict(objects)
        with _timed(summary, "preparing"):
            columns = model.kind.catalogue(model.preparation, outgoing)
            derived = None
            if self.distances is not None:
                aside = None if incoming.aside is None else incoming.aside.iloc[positions]
                more, derived = self.distances.columns(outgoing, aside)
                columns += more
            remarks = None if incoming.remarks is None else incoming.remarks[positions]
            unlike = model.kind.unlike(model.preparation, objects, model.ranges)
            flags = flags_of(outgoing, unlike, model.disagreement, remarks, derived)
        return columns, flags


@contextmanager
def _timed(summary: Summary, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        summary.seconds[stage] += time.perf_counter() - start


def predict_all(
    predictor: Predictor, tasks: list[Task], progress: Progress
) -> tuple[list[Summary], dict[Task, str]]:
    """Predict every input; what is wrong with one of several does not stop the others.

    Returns:
        What came of those that could be predicted, and what was wrong with the others.
    """
    summaries, faults = [], {}
    for task in tasks:
        try:
            summaries.append(predictor.predict(task, progress))
        except (AstrosweepError, OSError) as error:
            if len(tasks) == 1:
                raise
            faults[task] = str(error)
    return summaries, faults
