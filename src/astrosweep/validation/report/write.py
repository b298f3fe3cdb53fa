"""Write the report of a validation into a folder that is there when it is whole, and not before."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from astrosweep.core.errors import ConfigError
from astrosweep.core.files import write_json
from astrosweep.report.canvas import save_figures
from astrosweep.validation.findings import Validation
from astrosweep.validation.report.card import card_text
from astrosweep.validation.report.facts import facts_of
from astrosweep.validation.report.figures import draw_figures
from astrosweep.validation.report.page import page

PAGE, FACTS, CARD, FIGURES = "report.html", "report.json", "model_card.md", "figures"


@contextmanager
def prepared_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Make a folder under another name beside it, which gets its own when the block ends well.

    Args:
        folder: The folder.
        overwrite: Whether an older report may be there, which stays as it was until the new one is complete.

    Raises:
        ConfigError: Something else is there, or an older report and it may not be replaced.
        OSError: It cannot be made; nothing is left.
    """
    folder = Path(os.path.realpath(folder.expanduser()))
    if folder.exists() or folder.is_symlink():
        _check_replaceable(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.unfinished")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    unfinished.mkdir()
    try:
        yield unfinished
        if folder.exists():
            folder.rename(old)
        try:
            unfinished.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        for left in (unfinished, old):
            with suppress(OSError):
                shutil.rmtree(left)


def write_report(folder: Path, found: Validation) -> list[Path]:
    """Write page, numbers, card and figures.

    Args:
        folder: An existing folder.
        found: What was found.

    Returns:
        The files written.

    Raises:
        OSError: A file cannot be written.
    """
    figures = save_figures(folder / FIGURES, draw_figures(found))
    write_json(folder / FACTS, facts_of(found))
    (folder / CARD).write_text(card_text(found.card), encoding="utf-8")
    (folder / PAGE).write_text(page(found, figures), encoding="utf-8")
    return [folder / PAGE, folder / FACTS, folder / CARD, *figures]


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    if not folder.is_dir():
        raise ConfigError(f"output={folder}: is a file; a report is a folder")
    names = {path.name for path in folder.iterdir()}
    if not names:
        return
    if others := names - {PAGE, FACTS, CARD, FIGURES}:
        raise ConfigError(
            f"output={folder}: has other files than a report, such as {min(others)}; give another name"
        )
    if not overwrite:
        raise ConfigError(
            f"output={folder}: is there already; give another name, or allow it with overwrite=true"
        )
