"""What stands beside an output with many rows of one object: a table of the objects, and their figures."""

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from astrosweep.core.errors import ConfigError
from astrosweep.data.incoming import Outgoing
from astrosweep.prediction.files import Task, ending_of, is_finished
from astrosweep.prediction.model import Model
from astrosweep.report.canvas import save_figures

OBJECTS, FIGURES = "_objects", "_figures"
"""What the names of the table and of the folder end in, before the ending of the output."""
_LONGEST = 120


def objects_task(task: Task) -> Task:
    """The table with one row for each object, beside an output with many."""
    name = f"{task.output.stem}{OBJECTS}{task.output.suffix or ending_of(task.format)}"
    return Task(task.source, task.output.with_name(name), task.format)


def figures_folder(task: Task) -> Path:
    """Where the figures of an output's objects lie."""
    return task.output.with_name(f"{task.output.stem}{FIGURES}")


def check_free(task: Task, signature: str, *, overwrite: bool) -> None:
    """Refuse to write over a table of objects of something else.

    Raises:
        ConfigError: It is there, made by another model, options or input.
    """
    beside = objects_task(task)
    if beside.output.exists() and not overwrite and not is_finished(beside, signature):
        raise ConfigError(
            f"{beside.output}: is there already, made by another model, options or input; give another name, "
            "or allow it with overwrite=true"
        )


class Figures:
    """Draws objects until as many are drawn as are wanted.

    Args:
        model: What predicts.
        folder: Where the figures are written.
        most: How many are drawn; the first ones are.
        drawing: Told how many are drawn, and of how many.
    """

    def __init__(self, model: Model, folder: Path, most: int, drawing: Callable[[int, int], None]) -> None:
        self.folder = folder
        self.drawn = 0
        self.left_out = 0
        self._model = model
        self._most = most
        self._drawing = drawing
        self._names: set[str] = set()

    def draw(self, outgoing: Outgoing, names: Sequence[str]) -> None:
        """Draw objects, a file each; one that is there is written over, and never is there by half.

        Args:
            outgoing: Predictions of N objects.
            names: What they are called, N.

        Raises:
            OSError: A file cannot be written.
        """
        kind, preparation = self._model.kind, self._model.preparation
        for row, name in enumerate(names):
            if self.drawn >= self._most:
                self.left_out += len(names) - row
                return
            figure = kind.draw_object(preparation, outgoing, row)
            if figure is None:
                return
            own = self._file_name(name)
            with ExitStack() as stack:
                (unfinished,) = save_figures(self.folder, {f".{own}": figure})
                stack.callback(unfinished.unlink, missing_ok=True)
                unfinished.replace(self.folder / f"{own}.png")
            self.drawn += 1
            self._drawing(self.drawn, min(self._most, self.drawn + len(names) - row - 1))

    def _file_name(self, name: str) -> str:
        plain = re.sub(r"[^\w.+-]+", "_", name).strip("._")[:_LONGEST] or "object"
        own = plain
        count = 1
        while own.casefold() in self._names:
            count += 1
            own = f"{plain}_{count}"
        self._names.add(own.casefold())
        return own
