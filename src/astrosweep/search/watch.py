"""The live display of searches: it reads the storage, so it shows workers wherever they run."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import optuna
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from astrosweep.config import StudyConfig
from astrosweep.core.errors import AstrosweepError
from astrosweep.search.counts import Counts, count
from astrosweep.search.storage import TROUBLE, open_storage

_log = logging.getLogger(__name__)
_TERMINAL_S = 1.0
_LOG_S = 30.0


@dataclass(frozen=True)
class State:
    """A study at one moment.

    Attributes:
        counts: Trials by state.
        best: Best first objective of a complete trial, None if there is none.
    """

    counts: Counts
    best: float | None

    def text(self, objective: str) -> str:
        """Pruned, failed and best so far in words."""
        parts = [f"{self.counts.pruned} pruned", f"{self.counts.failed} failed"]
        if self.best is not None:
            parts.append(f"best {objective} {abs(self.best) if objective.startswith('-') else self.best:.4g}")
        return ", ".join(parts)


def look(config: StudyConfig, opened: dict[str, optuna.Study]) -> State | None:
    """Read how far a study is.

    Args:
        config: The study's configuration.
        opened: Studies by name, kept from one look to the next.

    Returns:
        Its state, None while it does not exist.
    """
    name = config.study_name
    if name not in opened:
        try:
            opened[name] = optuna.load_study(study_name=name, storage=open_storage(config.storage))
        except KeyError:
            return None
    study = opened[name]
    complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    return State(count(study, config), min((trial.values[0] for trial in complete), default=None))


@contextmanager
def watched(configs: Sequence[StudyConfig]) -> Iterator[None]:
    """Show the progress of studies while the body runs: bars in a terminal, a line now and then elsewhere.

    Args:
        configs: One configuration for each study.
    """
    console = Console(stderr=True)
    over = threading.Event()
    show = _show_bars if console.is_terminal else _log_lines
    thread = threading.Thread(target=show, args=(list(configs), console, over), daemon=True)
    if configs:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if configs:
            thread.join(timeout=10.0)


def _show_bars(configs: Sequence[StudyConfig], console: Console, over: threading.Event) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, refresh_per_second=2) as progress:
        tasks: dict[str, TaskID] = {}
        opened: dict[str, optuna.Study] = {}
        while True:
            is_last = over.wait(_TERMINAL_S)
            for config in configs:
                state = _try_to_look(config, opened)
                if state is None:
                    continue
                name = config.study_name
                if name not in tasks:
                    tasks[name] = progress.add_task(name, total=state.counts.target, state="")
                text = state.text(config.search.objectives[0])
                progress.update(tasks[name], completed=state.counts.done, state=text)
            if is_last:
                return


def _log_lines(configs: Sequence[StudyConfig], console: Console, over: threading.Event) -> None:  # noqa: ARG001
    start_s = time.monotonic()
    first: dict[str, int] = {}
    last: dict[str, Counts] = {}
    opened: dict[str, optuna.Study] = {}
    while not over.wait(_LOG_S):
        for config in configs:
            state, name = _try_to_look(config, opened), config.study_name
            if state is None or last.get(name) == state.counts:
                continue
            last[name] = counts = state.counts
            new = counts.done - first.setdefault(name, counts.done)
            left_s = (counts.target - counts.done) * (time.monotonic() - start_s) / new if new else 0.0
            left = f", about {left_s / 60:.0f} min left" if new else ""
            text = state.text(config.search.objectives[0])
            _log.info("%s: %d of %d trials, %s%s", name, counts.done, counts.target, text, left)


def _try_to_look(config: StudyConfig, opened: dict[str, optuna.Study]) -> State | None:
    try:
        return look(config, opened)
    except (*TROUBLE, AstrosweepError):
        return None
