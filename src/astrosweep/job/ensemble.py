"""What ``ensemble.py`` calls: recorded runs become one ensemble, on disk, recorded and registered."""

import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from astrosweep.config.ensemble import EnsembleConfig, ensemble_config
from astrosweep.core.errors import AstrosweepError, ConfigError
from astrosweep.job.ahead import uncollected
from astrosweep.job.faults import FAULT
from astrosweep.job.passwords import overrides_of
from astrosweep.job.signals import interrupt_on_sigterm
from astrosweep.tracking import open_tracker, ui_command

_log = logging.getLogger(__name__)
_INTERRUPTED = 130


def run_ensemble(composed: DictConfig) -> None:
    """Build, record and register one ensemble; a failure ends the program with exit code 1.

    Args:
        composed: What Hydra composed.
    """
    interrupt_on_sigterm()
    try:
        config = ensemble_config(composed, overrides_of(HydraConfig.get()))
        _run(config)
    except KeyboardInterrupt:
        _log.error("Stopped. The same command again goes on.")
        sys.exit(_INTERRUPTED)
    except AstrosweepError as error:
        _log.error("%s", error)
        sys.exit(1)
    except OSError as error:
        _log.error("A file cannot be written or read: %s. Nothing was registered.", error)
        sys.exit(1)
    except MemoryError:
        _log.error("Out of memory: lower ensemble.max_candidates.")
        sys.exit(1)
    except Exception:
        _log.exception(FAULT)
        sys.exit(1)


def _run(config: EnsembleConfig) -> None:
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
        recorded = record(tracker, config, built, Path(scratch) / "report", progress)
    console = Console()
    console.print()
    console.print(comparison_table(built, config.ensemble.objective))
    for line in recorded.lines:
        console.print(line, highlight=False, soft_wrap=True)
    console.print("Report, figures and lineage in MLflow:", highlight=False)
    console.print(f"  {ui_command(config.tracking)}", highlight=False, soft_wrap=True)


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
