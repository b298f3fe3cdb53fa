"""An output that is open: chunks of columns go in, one file comes out when all is written."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
from numpy.typing import NDArray

from astrosweep.core.errors import ConfigError, DataError
from astrosweep.data.field import Field
from astrosweep.prediction.output.cells import cells
from astrosweep.prediction.output.fits import FitsWriter
from astrosweep.prediction.output.parquet import ParquetWriter
from astrosweep.prediction.output.text import CsvWriter, EcsvWriter, csv_description
from astrosweep.prediction.output.unfinished import completed, naming
from astrosweep.prediction.output.votable import VotableWriter

_BLOCK_ROWS = 16_384


class Writer(Protocol):
    """Writes one format; it is made with the open file, the fields and the metadata."""

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Write rows, each column an array of its field's type."""

    def end(self) -> None:
        """Write what comes after the last row."""

    def close(self) -> None:
        """Let go of what is open, after the end or in place of it. The file belongs to the caller."""


_WRITERS: Mapping[str, Callable[[BinaryIO, Sequence[Field], Mapping[str, str]], Writer]] = {
    "votable": VotableWriter,
    "fits": FitsWriter,
    "ecsv": EcsvWriter,
    "csv": CsvWriter,
    "parquet": ParquetWriter,
}
FORMATS = tuple(_WRITERS)
"""Formats of an output."""

_ENDINGS = {
    ".vot": "votable",
    ".votable": "votable",
    ".xml": "votable",
    ".fits": "fits",
    ".fit": "fits",
    ".ecsv": "ecsv",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def format_of(path: Path) -> str:
    """Return the format that the ending of a file's name tells.

    Raises:
        ConfigError: The ending is unknown.
    """
    try:
        return _ENDINGS[path.suffix.lower()]
    except KeyError:
        raise ConfigError(f"{path}: unknown ending {path.suffix!r}; known: {', '.join(_ENDINGS)}") from None


class Output:
    """A table that is being written. Its file is there when the block ends without an error, not before."""

    def __init__(
        self, path: Path, fields: Sequence[Field], meta: Mapping[str, str], format: str, overwrite: bool
    ) -> None:
        self.path = path
        self.n_rows = 0
        self._fields = tuple(fields)
        self._meta = dict(meta)
        self._format = format
        self._overwrite = overwrite
        self._files = ExitStack()
        self._writer: Writer | None = None
        self._complete = True

    def __enter__(self) -> "Output":
        with ExitStack() as files:
            file = files.enter_context(completed(self.path, self._overwrite))
            with naming(self.path):
                self._writer = _WRITERS[self._format](file, self._fields, self._meta)
            files.callback(self._writer.close)
            if self._format == "csv":
                beside = self.path.with_name(f"{self.path.name}-metadata.json")
                # It is left first, so that the table itself comes last and tells that all is there.
                described = files.enter_context(completed(beside, overwrite=True))
                described.write(csv_description(self.path.name, self._fields, self._meta))
            self._files = files.pop_all()
        return self

    def write(self, chunk: Mapping[str, NDArray[Any]]) -> None:
        """Write rows.

        Args:
            chunk: Name of each field to its values, shape (N,), in any order; see ``cells`` for missing ones.

        Raises:
            DataError: A column is missing, unknown, of another length or does not fit its type.
            OSError: The file cannot be written.
            RuntimeError: The output is not open.
        """
        if self._writer is None:
            raise RuntimeError(f"{self.path}: the output is not open")
        names = [field.name for field in self._fields]
        if faulty := set(names) ^ set(chunk):
            raise DataError(f"{self.path}: columns missing or unknown: {', '.join(sorted(faulty))}")
        lengths = {name: len(chunk[name]) for name in names}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{self.path}: columns of different lengths: {lengths}")
        self._complete = False
        n_rows = lengths[names[0]]
        for start in range(0, n_rows, _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            columns = [cells(field, chunk[field.name][block]) for field in self._fields]
            with naming(self.path):
                self._writer.write(columns)
        self._complete = True
        self.n_rows += n_rows

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        writer, self._writer = self._writer, None
        if writer is None or error is not None:
            self._files.__exit__(kind, error, trace)
            return
        with self._files, naming(self.path):
            if not self._complete:
                raise DataError(f"{self.path}: not all rows could be written, and the error was not heeded")
            writer.end()


def open_output(
    path: Path,
    fields: Sequence[Field],
    meta: Mapping[str, str],
    format: str | None = None,
    *,
    overwrite: bool = False,
) -> Output:
    """Open a table for writing, as a context.

    Args:
        path: The file. A CSV file gets ``<name>-metadata.json`` beside it, in which units and metadata are.
        fields: The columns, in order.
        meta: Where the table comes from, each a name and a text, for the file's header.
        format: One of ``FORMATS``; None to go by the ending of the name.
        overwrite: Whether the file may be there already.

    Raises:
        ConfigError: The format or ending is unknown, there are no columns, or two have the same name. When
            the context is entered: the file is there already, another process is writing it, or the format
            has no place for a name or a unit.
        OSError: When the context is entered or left: the file cannot be written.
    """
    if format is not None and format not in FORMATS:
        raise ConfigError(f"{path}: unknown format {format!r}; known: {', '.join(FORMATS)}")
    if not fields:
        raise ConfigError(f"{path}: an output needs at least one column")
    names = [field.name.lower() for field in fields]  # FITS does not tell upper from lower case
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{path}: columns of the same name: {', '.join(twice)}")
    return Output(path, fields, meta, format or format_of(path), overwrite)
