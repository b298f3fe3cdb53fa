"""A progress bar with epoch, losses and time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from astrosweep.config import RunConfig
from astrosweep.training import EpochListener


@contextmanager
def progress_bar(config: RunConfig, n_folds: int) -> Iterator[Callable[[int], EpochListener] | None]:
    """Show one bar for a run while it trains.

    Args:
        config: The run's configuration; ``trainer.progress`` switches the bar off.
        n_folds: Number of folds; each counts ``trainer.max_epochs`` epochs.

    Yields:
        What gives each fold its epoch listener, or None without a bar. Early stopping fills the rest.
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
        task = progress.add_task(config.run_name, total=n_folds * epochs, losses="")

        def listener_of(k: int) -> EpochListener:
            fold = f"fold {k + 1}/{n_folds} " if n_folds > 1 else ""

            def on_epoch(epoch: int, train_loss: float, val_loss: float) -> None:
                progress.update(
                    task,
                    completed=k * epochs + epoch + 1,
                    losses=f"{fold}epoch {epoch + 1}/{epochs}  train {train_loss:.4g}  val {val_loss:.4g}",
                )

            return on_epoch

        yield listener_of
