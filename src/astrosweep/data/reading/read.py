"""The one reader of tables: any common format, under the file's own column names, identifiers exact."""

import difflib
import logging
import warnings
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from astrosweep.core.errors import DataError
from astrosweep.data.reading.binary import read_fits, read_parquet, read_votable
from astrosweep.data.reading.content import DAMAGED, FORMATS, TEXT_FORMATS, decoded, format_of, uncompressed
from astrosweep.data.reading.delimited import read_delimited
from astrosweep.data.reading.described import read_described, read_ecsv
from astrosweep.data.reading.raw import RawTable, Request

_log = logging.getLogger(__name__)

_BINARY = {"votable": read_votable, "fits": read_fits, "parquet": read_parquet}


def read_table(
    path: Path,
    format: str = "auto",
    *,
    names: Sequence[str] | None = None,
    decimal: Literal["auto", "point", "comma"] = "auto",
    text: Collection[str] = (),
    log: bool = True,
) -> RawTable:
    """Read a table file, compressed by gzip, bzip2, xz or not.

    Args:
        path: The file; relative paths start at the working folder.
        format: One of ``FORMATS``: ``csv`` (text with commas, tabs, semicolons, bars or blanks between the
            columns), ``fixed_width`` (text whose columns stand below each other), ``ecsv``, ``cds`` (with
            the byte-by-byte description of the CDS and the AAS), ``ipac``, ``votable``, ``fits``,
            ``parquet``; or ``auto`` to go by the file's content.
        names: Names of the columns of a text table without a header.
        decimal: Whether numbers of text have a decimal ``point`` or ``comma``; ``auto`` reads commas where
            they can be nothing else.
        text: Columns that stay text whatever stands in them, upper and lower case alike.
        log: Whether notes are logged as warnings too.

    Returns:
        The table. Whole numbers are exact to 64 bits. Columns of arrays are left out, with a note.

    Raises:
        DataError: The file is absent, a folder, of unknown format, damaged, empty or without rows, a row
            has too many or too few values, two columns share a name, or names are given for a table that
            has its own.
    """
    path = path.expanduser()
    _check_exists(path)
    if format not in ("auto", *FORMATS):
        raise DataError(f"{path}: unknown format {format!r}; known: auto, {', '.join(FORMATS)}")
    request = Request(path, names, decimal, frozenset(name.lower() for name in text))
    data = uncompressed(path)
    kind = format_of(data, path) if format == "auto" else format
    if names is not None and kind not in ("csv", "fixed_width"):
        raise DataError(f"{path}: names are given, but a table of the format {kind} has its own")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deviations from the standards that the libraries put up with
            warnings.filterwarnings("error", message=".*truncated")
            raw = _read(data, kind, request)
    except DataError:
        raise
    except Exception as error:  # the libraries share no family of errors
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise DataError(f"{path}: cannot be read as {kind}; {DAMAGED}: {reason}") from error
    if raw.frame.empty:
        raise DataError(f"{path}: the file has a header ({', '.join(raw.frame.columns[:8])}) but no rows")
    for note in request.notes if log else ():
        _log.warning("%s: %s", path, note)
    return replace(raw, notes=tuple(request.notes))


def _read(data: bytes, kind: str, request: Request) -> RawTable:
    if kind not in TEXT_FORMATS:
        return _BINARY[kind](data, request)
    text = decoded(data, request.path)
    if kind == "ecsv":
        return read_ecsv(text, request)
    if kind in ("cds", "ipac"):
        return read_described(text, kind, request)
    return read_delimited(text, request, fixed_width=kind == "fixed_width")


def _check_exists(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path.resolve()} is a folder; give a file, or a list of files")
    if not path.exists():
        folder = path.resolve().parent
        if not folder.is_dir():
            raise DataError(f"no file {path.resolve()}: there is no folder {folder}")
        near = difflib.get_close_matches(path.name, sorted(entry.name for entry in folder.iterdir()), n=3)
        hint = f"near names there: {', '.join(near)}" if near else "no name there is near to it"
        raise DataError(f"no file {path.resolve()}; {hint}")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty")
