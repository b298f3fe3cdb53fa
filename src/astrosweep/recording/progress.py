"""A progress bar with epoch, losses and time left."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from astrosweep.config import RunConfig
from astrosweep.training import Listener


@contextmanager
def progress_bar(config: RunConfig, n_stages: int) -> Iterator[Listener | None]:
    """Show one bar for a run while it trains.

    Args:
        config: The run's configuration; ``trainer.progress`` switches the bar off.
        n_stages: Number of fits; each counts ``trainer.max_epochs`` epochs.

    Yields:
        What listens to the training, or None without a bar. Early stopping fills the rest.
    """
    console = Console(stderr=True)
    if not config.trainer.progress or not console.is_terminal:
        yield None
        return
    epochs = config.trainer.max_epochs
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TextColumn("{task.fields[losses]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        task = progress.add_task(config.run_name, total=n_stages * epochs, losses="")
        yield _Bar(progress, task, n_stages, epochs)


class _Bar:
    def __init__(self, progress: Progress, task: TaskID, n_stages: int, epochs: int) -> None:
        self._progress = progress
        self._task = task
        self._n_stages = n_stages
        self._epochs = epochs

    def on_epoch(self, stage: int, epoch: int, train_loss: float, val_loss: float) -> bool:
        fit = f"fit {stage + 1}/{self._n_stages} " if self._n_stages > 1 else ""
        self._progress.update(
            self._task,
            completed=stage * self._epochs + epoch + 1,
            losses=f"{fit}epoch {epoch + 1}/{self._epochs}  train {train_loss:.4g}  val {val_loss:.4g}",
        )
        return False

    def on_fit_end(self, stage: int, val_loss: float) -> bool:  # noqa: ARG002
        self._progress.update(self._task, completed=(stage + 1) * self._epochs)
        return False
