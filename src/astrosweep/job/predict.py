"""What ``predict.py`` calls: files are predicted by a model, one output each."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from astrosweep.config.predict import PredictConfig, predict_config
from astrosweep.core.errors import AstrosweepError
from astrosweep.job.ahead import uncollected
from astrosweep.job.faults import FAULT
from astrosweep.job.signals import interrupt_on_sigterm

if TYPE_CHECKING:
    from astrosweep.prediction.files import Task
    from astrosweep.prediction.summary import Summary

_log = logging.getLogger(__name__)
_INTERRUPTED = 130


class PredictionFailed(AstrosweepError):
    """A job of several failed; its reason was told."""


def run_prediction(composed: DictConfig) -> None:
    """Predict; a failure ends the program with exit code 1, or a job of several with an error.

    Args:
        composed: What Hydra composed.
    """
    interrupt_on_sigterm()
    try:
        failed = _run(predict_config(composed))
    except KeyboardInterrupt:
        _log.error("Stopped. What was finished stays; the same command again goes on.")
        sys.exit(_INTERRUPTED)
    except AstrosweepError as error:
        failed = str(error)
    except OSError as error:
        failed = f"A file cannot be written or read: {error}. Nothing half written is left."
    except MemoryError:
        failed = "Out of memory: predict fewer rows at a time, as several files."
    except Exception:
        _log.exception(FAULT)
        sys.exit(1)
    if failed:
        _log.error("%s", failed)
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            raise PredictionFailed(failed)  # the other jobs go on
        sys.exit(1)


def _run(config: PredictConfig) -> str:
    """Predict all inputs; what is wrong with some of several, in words."""
    with uncollected():
        from astrosweep.prediction.files import tasks_of
        from astrosweep.prediction.model import open_model
        from astrosweep.prediction.predict import Predictor, predict_all
    asked = config.predict
    model = open_model(asked.model, config.tracking)
    tasks = tasks_of(asked.input, asked.output, config.output.format, takes_folders=model.kind.takes_folders)
    predictor = Predictor.of(model, config)
    with _progress() as progress:
        summaries, faults = predict_all(predictor, tasks, progress)
    console = Console()
    for summary in summaries:
        for line in _lines(summary):
            console.print(line, highlight=False, soft_wrap=True)
    for line in _next_step(summaries):
        console.print(line, highlight=False, soft_wrap=True)
    faulty = [f"{task.source}: {fault}" for task, fault in faults.items()]
    return f"{len(faulty)} of {len(tasks)} inputs failed:\n  " + "\n  ".join(faulty) if faulty else ""


def _lines(summary: "Summary") -> list[str]:
    from astrosweep.prediction.flags import MEANINGS

    task, counts = summary.task, summary.counts
    if counts is None:
        return [f"{task.output}: finished before, left as it is"]
    lines = [
        f"{task.output}: {counts.rows:,} rows, {counts.predicted:,} predicted, {counts.flagged:,} of those "
        "flagged"
    ]
    lines += [f"  {count:>10,}  flag {code:>3}: {MEANINGS[code]}" for code, count in counts.by_code.items()]
    if summary.objects is not None:
        lines.append(f"  {summary.objects}: one row for each object")
    if (figures := summary.figures) is not None and figures.drawn:
        more = f"; {figures.left_out:,} more with output.figures" if figures.left_out else ""
        lines.append(f"  {figures.folder}: {figures.drawn:,} figures{more}")
    lines += [f"  note: {name}: {note}" for name, note in summary.notes.items()]
    return lines


def _next_step(summaries: Sequence["Summary"]) -> list[str]:
    if not summaries:
        return []
    task: Task = summaries[0].task
    if task.format == "parquet":
        reader = f"import pandas; t = pandas.read_parquet({str(task.output)!r}); print(t)"
    else:
        kind = {"votable": "votable", "fits": "fits", "ecsv": "ascii.ecsv", "csv": "ascii.csv"}[task.format]
        reader = f"from astropy.table import Table; print(Table.read({str(task.output)!r}, format={kind!r}))"
    return ["Look at it:", f'  python -c "{reader}"']


@contextmanager
def _progress() -> Iterator["_Bar"]:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:,} of {task.total:,}"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar:
        yield _Bar(bar)


class _Bar:
    """Shows how far it is; where there is no terminal, each step is a line of the log."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=1)
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self._step = step
            self._progress.reset(self._task)
            if self._progress.disable:
                _log.info("%s ...", step)
        self._progress.update(self._task, description=step, completed=done, total=total)
