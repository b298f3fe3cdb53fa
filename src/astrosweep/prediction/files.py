"""Which files are predicted, and what the output of each is called."""

import glob
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from astrosweep.core.errors import ConfigError
from astrosweep.data.reading.content import COMPRESSIONS
from astrosweep.prediction.output import format_of

_TABLES = (
    *(".csv", ".tsv", ".txt", ".dat", ".tbl", ".ecsv", ".vot", ".votable", ".xml", ".fits", ".fit", ".fts"),
    *(".parquet", ".pq", ".mrt"),
)
_ENDING = {"votable": ".vot", "fits": ".fits", "ecsv": ".ecsv", "csv": ".csv", "parquet": ".parquet"}
_BESIDE_CSV = "-metadata.json"


@dataclass(frozen=True)
class Task:
    """One input and its output.

    Attributes:
        source: A file, or a folder that is one sample.
        output: The file that its predictions are written to.
        format: Format of the output.
    """

    source: Path
    output: Path
    format: str


def tasks_of(
    inputs: str | Sequence[str], output: str, format: str | None = None, *, takes_folders: bool = False
) -> list[Task]:
    """Find the inputs and name their outputs.

    Args:
        inputs: Files, folders of them, or patterns.
        output: A file, where there is one input; else a folder.
        format: Format of the outputs; None goes by the ending, VOTable in a folder.
        takes_folders: Whether a folder is one input.

    Raises:
        ConfigError: There is no input, an output is an input, or its ending is unknown.
    """
    given = [inputs] if isinstance(inputs, str) else list(inputs)
    found = [path for one in given for path in _found(one, takes_folders=takes_folders)]
    sources = list({path.resolve(): path for path in found}.values())
    several = len(given) > 1 or len(sources) > 1 or _is_several(given[0], takes_folders=takes_folders)
    place = Path(output).expanduser()
    if several or place.is_dir() or output.endswith("/") or not place.suffix:
        if place.is_file():
            raise ConfigError(f"output={output}: is a file; of several inputs it is a folder")
        if several and place.suffix and not place.is_dir() and not output.endswith("/"):
            raise ConfigError(
                f"output={output}: {len(sources)} inputs need a folder; its name ends in no {place.suffix}"
            )
        tasks = _in_folder(sources, place, format or "votable")
    else:
        tasks = [Task(sources[0], place, format or format_of(place))]
    for task in tasks:
        same = task.output.resolve()
        if any(same == source.resolve() or same in source.resolve().parents for source in sources):
            raise ConfigError(f"output={task.output}: is the input too; give another name or folder")
    return tasks


def _found(given: str, *, takes_folders: bool) -> list[Path]:
    path = Path(given).expanduser()
    if path.is_dir():
        if takes_folders:
            return [path]
        inside = sorted(one for one in path.iterdir() if one.is_file() and _is_table(one))
        if not inside:
            raise ConfigError(
                f"input={given}: no table lies in this folder; known endings: {' '.join(_TABLES)}"
            )
        return inside
    if path.exists() or not glob.has_magic(given):
        if not path.exists() and not path.absolute().parent.is_dir():
            raise ConfigError(f"input={given}: there is no folder {path.absolute().parent}")
        return [path]
    matches = sorted(Path(one) for one in glob.glob(str(path), recursive=True))
    matches = [one for one in matches if one.is_file() or takes_folders]
    if not matches:
        raise ConfigError(f"input={given}: no file is called so")
    return matches


def _is_several(given: str, *, takes_folders: bool) -> bool:
    path = Path(given).expanduser()
    return (path.is_dir() and not takes_folders) or (not path.exists() and glob.has_magic(given))


def _is_table(path: Path) -> bool:
    return not path.name.startswith(".") and _stem(path)[1].lower() in _TABLES


def _stem(path: Path) -> tuple[str, str]:
    """Name without its ending and that of its compression, and the ending."""
    name = path.name
    for suffix in COMPRESSIONS:
        name = name.removesuffix(suffix)
    return Path(name).stem, Path(name).suffix


def _in_folder(sources: Sequence[Path], folder: Path, format: str) -> list[Task]:
    stems = Counter(_stem(source)[0].casefold() for source in sources)
    names = [
        _stem(source)[0] if stems[_stem(source)[0].casefold()] == 1 else source.name for source in sources
    ]
    if twice := [name for name, count in Counter(map(str.casefold, names)).items() if count > 1]:
        raise ConfigError(f"several inputs are called {twice[0]}; predict them with outputs of their own")
    return [
        Task(source, folder / f"{name}{_ENDING[format]}", format)
        for source, name in zip(sources, names, strict=True)
    ]


def ending_of(format: str) -> str:
    """What the name of an output of a format ends in."""
    return _ENDING[format]


def is_finished(task: Task, signature: str) -> bool:
    """Whether an output is there that was made by the same model and options from the same input.

    Its header says the signature: it stands at the beginning of the file or, in Parquet, at the end; of CSV
    in the description beside it.
    """
    told = task.output
    if task.format == "csv":
        told = told.with_name(f"{told.name}{_BESIDE_CSV}")
    if not (task.output.is_file() and told.is_file()):
        return False
    with told.open("rb") as file:
        head = file.read(_LOOKED_AT)
        file.seek(max(told.stat().st_size - _LOOKED_AT, 0))
        return signature.encode() in head or signature.encode() in file.read()


_LOOKED_AT = 2**20
