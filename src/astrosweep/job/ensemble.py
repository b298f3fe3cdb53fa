"""What ``ensemble.py`` calls: recorded runs become one ensemble, on disk, recorded and registered."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from astrosweep.config.ensemble import EnsembleConfig, ensemble_config
from astrosweep.core.errors import ConfigError
from astrosweep.job.ahead import uncollected
from astrosweep.job.faults import ends_a_job
from astrosweep.job.folder import working_in
from astrosweep.job.passwords import overrides_of
from astrosweep.job.signals import interrupt_on_sigterm
from astrosweep.tracking import open_tracker, ui_command

if TYPE_CHECKING:
    from astrosweep.ensemble.build import Built
    from astrosweep.ensemble.record import Recorded

_log = logging.getLogger(__name__)
_NOTHING_LOST = "Nothing was registered; with room for the files the same command goes on."


def run_ensemble(composed: DictConfig) -> None:
    """Build, record and register one ensemble; a failure ends the program with exit code 1.

    Args:
        composed: What Hydra composed.
    """
    interrupt_on_sigterm()
    hydra = HydraConfig.get()
    with ends_a_job(_NOTHING_LOST), working_in(Path(hydra.runtime.cwd)):
        _run(ensemble_config(composed, overrides_of(hydra)), Path(hydra.runtime.output_dir))


def _run(config: EnsembleConfig, folder: Path) -> None:
    if config.tracking.name != "mlflow":
        raise ConfigError("tracking=none keeps no runs to choose from; allowed: tracking=mlflow")
    with uncollected():
        from astrosweep.ensemble.build import build
        from astrosweep.ensemble.record import record
        from astrosweep.ensemble.table import comparison_table
    tracker = open_tracker(config.tracking)
    place = Path(config.ensemble.folder)
    with (
        tempfile.TemporaryDirectory(prefix="astrosweep-ensemble-", ignore_cleanup_errors=True) as scratch,
        _progress() as progress,
    ):
        built = build(tracker, config, place, Path(scratch), progress)
        recorded = record(tracker, config, built, folder, progress)
    console = Console()
    console.print()
    console.print(comparison_table(built, config.ensemble.objective))
    for line in _next_steps(config, built, recorded):
        console.print(line, highlight=False, soft_wrap=True)


def _next_steps(config: EnsembleConfig, built: "Built", recorded: "Recorded") -> list[str]:
    """What was made, where it lies, and what to do with it."""
    lines = [
        "* the ensemble; val: predictions of objects that neither networks nor weights had seen; test: the "
        "sealed objects",
        f"Bundle: {built.folder}",
        "Report, figures and lineage in MLflow:",
        f"  {ui_command(config.tracking)}",
    ]
    if len(built.openings) > 1:
        lines.insert(1, f"The seal of the test objects was opened {len(built.openings)} times, for other "
                        "choices too: the test figures are no longer those of an unseen sample.")  # fmt: skip
    if recorded.version is not None:
        version = recorded.version
        lines += [
            f"Registered: {version.uri}, alias candidate. Make it the champion:",
            f"  python promote.py model={version.model}",
            "Predict with it:",
            f"  python predict.py model={version.uri} input=<file or folder> output=<file or folder>",
        ]
    return lines


@contextmanager
def _progress() -> Iterator["_Bar"]:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed} of {task.total}"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar:
        yield _Bar(bar)


class _Bar:
    """Shows the step at work; where there is no terminal, each step is a line of the log."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=1)
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self._step = step
            if self._progress.disable:
                _log.info("%s ...", step)
        self._progress.update(self._task, description=step, completed=done, total=total)
