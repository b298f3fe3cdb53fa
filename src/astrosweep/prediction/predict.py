"""Predict one input: read it, predict it a block at a time, and write what comes out as it comes."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from astrosweep.config import RunConfig
from astrosweep.config.predict import PredictConfig, for_input
from astrosweep.core.errors import AstrosweepError, ConfigError, DataError
from astrosweep.data.incoming import Column, Incoming, Outgoing
from astrosweep.prediction.beside import Figures, check_free, figures_folder, objects_task
from astrosweep.prediction.distance import DistanceMaker, distance_maker
from astrosweep.prediction.files import Task, is_finished
from astrosweep.prediction.flags import Flags, flags_of
from astrosweep.prediction.model import Model
from astrosweep.prediction.output import Output, open_output
from astrosweep.prediction.provenance import header_of, signature_of
from astrosweep.prediction.summary import Progress, Summary
from astrosweep.prediction.table import Counts, Rows, in_format

_PART = 131_072
"""Rows that are read at a time, where the format of the file lets it be."""
_IN_VAIN = "columns that data.columns names and the file lacks"


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
        finished = task.output.exists() and is_finished(task, signature)
        beside = objects_task(task)
        if finished and (not self.model.kind.sums_up or is_finished(beside, signature)):
            return summary
        if task.output.exists() and not (finished or self.config.predict.overwrite):
            raise ConfigError(
                f"{task.output}: is there already, made by another model, options or input; give "
                "another name, or allow it with overwrite=true"
            )
        check_free(task, signature, overwrite=self.config.predict.overwrite)
        size = _PART
        try:
            self._stream(task, signature, size, summary, progress)
        except DataError:
            if summary.n_parts < 2:
                raise
            # Parts do not go together, as where a column is text in one of them only.
            summary = Summary(task)
            self._stream(task, signature, sys.maxsize, summary, progress)
        return summary

    def _stream(self, task: Task, signature: str, size: int, summary: Summary, progress: Progress) -> None:
        """Read, predict and write part by part; the output has its name when all is written."""
        progress(f"reading {task.source.name}", 0, 1)
        parts = self._parts(task, size, summary)
        counts = Counts()
        summary.figures = Figures(
            self.model,
            figures_folder(task),
            self.config.output.figures,
            lambda done, total: progress(f"drawing {task.source.name}", done, total),
        )
        beside = objects_task(task)
        with ExitStack() as stack:
            output: Output | None = None
            objects: Output | None = None
            known: dict[str, str] = {}

            def opened(task: Task, columns: Sequence[Column], notes: Mapping[str, Any]) -> Output:
                header = header_of(self.model, self.config, task, signature, notes)
                fields = [in_format(one, task.format) for one, _ in columns]
                return stack.enter_context(
                    open_output(task.output, fields, header, task.format, overwrite=True)
                )

            for incoming in parts:
                total = max(incoming.n_total, incoming.n_rows)
                for columns, of_objects in self._blocks(incoming, counts, summary, known):
                    with summary.timed("writing"):
                        if output is None:
                            known = {one.name: one.type for one, _ in columns}
                            # What is opened last is closed first: the output itself tells that all is there.
                            output = opened(task, columns, incoming.notes)
                            if of_objects:
                                objects = opened(beside, of_objects, incoming.notes)
                                summary.objects = beside.output
                        output.write({one.name: values for one, values in columns})
                        if objects is not None:
                            objects.write({one.name: values for one, values in of_objects})
                    progress(f"predicting {task.source.name}", min(counts.rows, total), total)
            start = time.perf_counter()
        summary.seconds["writing"] += time.perf_counter() - start
        summary.counts = counts

    def _parts(self, task: Task, size: int, summary: Summary) -> Iterator[Incoming[Any]]:
        model = self.model
        parts = model.kind.parts(self.data, task.source, model.preparation, size)
        while True:
            try:
                with summary.timed("reading"):
                    incoming = next(parts, None)
            except DataError as error:
                raise DataError(f"{error} (the model predicts {model.config.data.title})") from error
            if incoming is None:
                return
            summary.n_parts += 1
            summary.notes |= incoming.notes
            self._check(task, incoming)
            yield incoming

    def _check(self, task: Task, incoming: Incoming[Any]) -> None:
        in_vain = set(str(incoming.notes.get(_IN_VAIN, "")).split(", "))
        if asked := sorted(in_vain & set(self.config.data.get("columns") or {})):
            has = "none" if incoming.carried is None else ", ".join(map(str, incoming.carried.columns))
            raise DataError(
                f"{task.source}: data.columns.{asked[0]}={self.config.data['columns'][asked[0]]}: the file "
                f"has no such column; it has {has}"
            )
        if not len(incoming.objects):
            reasons = sorted(set(incoming.reasons.values()))[:3]
            raise DataError(f"{task.source}: no row can be predicted: {'; '.join(reasons)}")

    def _blocks(
        self, incoming: Incoming[Any], counts: Counts, summary: Summary, known: dict[str, str]
    ) -> Iterator[tuple[list[Column], list[Column]]]:
        """Columns of each block of rows, and those of its objects where the rows are points of them."""
        settings, identifier = self.config.output, self.model.kind.identifier(self.model.preparation)
        rows = Rows(incoming, identifier, settings.carry, settings.ucd, known)
        whole = Rows(incoming, identifier, settings.carry, settings.ucd, known)
        for block, objects in rows.blocks(self.model.block):
            found, flags, of_objects = self._predict(incoming, objects, summary)
            with summary.timed("preparing"):
                columns = rows.columns(block, objects, found, flags)
                if of_objects:
                    of_objects = whole.columns(block, objects, of_objects, flags)
            counts.add(flags, block.stop - block.start - len(objects))
            yield columns, of_objects

    def _predict(
        self, incoming: Incoming[Any], positions: Any, summary: Summary
    ) -> tuple[list[Column], Flags, list[Column]]:
        model = self.model
        if not len(positions):
            # A block without an object has the columns of any other.
            columns, flags, of_objects = self._predict(incoming, np.array([0]), summary)
            none = Flags(flags.code[:0], flags.reason[:0], flags.distance[:0])
            return _emptied(columns), none, _emptied(of_objects)
        objects = incoming.objects.take(positions)
        outgoing = model.predict(objects, summary.timed)
        with summary.timed("preparing"):
            columns = model.kind.catalogue(model.preparation, outgoing)
            of_objects = model.kind.object_columns(model.preparation, outgoing)
            derived = None
            if self.distances is not None:
                aside = None if incoming.aside is None else incoming.aside.iloc[positions]
                more, derived = self.distances.columns(outgoing, aside)
                columns += more
            remarks = None if incoming.remarks is None else incoming.remarks[positions]
            unlike = model.kind.unlike(model.preparation, objects, model.ranges)
            flags = flags_of(outgoing, unlike, model.disagreement, remarks, derived)
        self._draw(incoming, positions, outgoing, summary)
        return columns, flags, of_objects

    def _draw(self, incoming: Incoming[Any], positions: Any, outgoing: Outgoing, summary: Summary) -> None:
        if summary.figures is not None and self.config.output.figures:
            with summary.timed("writing"):
                summary.figures.draw(outgoing, [str(one) for one in incoming.names[incoming.row[positions]]])


def _emptied(columns: Sequence[Column]) -> list[Column]:
    return [(one, values[:0]) for one, values in columns]


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
