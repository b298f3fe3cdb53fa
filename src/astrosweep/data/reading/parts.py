"""Large tables a part at a time: each part is read as a file of its own would be."""

import gc
import io
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits

from astrosweep.core.errors import DataError
from astrosweep.data.reading.binary import read_fits, read_parquet
from astrosweep.data.reading.content import format_of
from astrosweep.data.reading.delimited import read_delimited
from astrosweep.data.reading.raw import RawTable, Request
from astrosweep.data.reading.read import read_table
from astrosweep.data.reading.votable_parts import find_binary2, read_binary2

Part = tuple[RawTable, int]
"""Rows of a table, and how many the whole table has."""

_HEAD, _BLOCK = 65_536, 2880
_SAMPLED_LINES = 200


def read_parts(
    path: Path,
    format: str = "auto",
    *,
    size: int,
    names: Sequence[str] | None = None,
    decimal: Literal["auto", "point", "comma"] = "auto",
) -> Iterator[Part]:
    """Read a table in parts of about the same number of rows.

    Plain text, FITS, Parquet and plain VOTables of binary rows are read from the disk part by part, all else,
    and what is compressed, as a whole. What a column is, numbers or text, is decided in each part.

    Args:
        path: See ``read_table``.
        format: See ``read_table``.
        size: The most rows of a part.
        names: See ``read_table``.
        decimal: See ``read_table``.

    Raises:
        DataError: See ``read_table``; also while parts are taken.
    """
    path = path.expanduser()
    request = Request(path, names, decimal)
    kind = _format(path, format)
    try:
        parts = _READERS[kind](path, request, size) if kind in _READERS else None
        first = next(parts, None) if parts is not None else None
    except DataError:
        raise
    except Exception:  # what is wrong is told by the reader of whole tables
        parts, first = None, None
    if parts is None or first is None:
        whole = read_table(path, format, names=names, decimal=decimal)
        yield whole, len(whole.frame)
        return
    yield first
    try:
        yield from parts
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path}: cannot be read as {kind}; it is damaged or cut short: {error}") from error


def _format(path: Path, format: str) -> str:
    """The format of a file that can be read in parts; empty for others."""
    if not path.is_file() or format not in ("auto", *_READERS):
        return ""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head or head[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7", b"\xff\xfe", b"\xfe\xff"):
        return ""
    return format_of(head, path) if format == "auto" else format


def _size(n_rows: int, size: int) -> int:
    """Rows of each part, so that the last one is not a small one."""
    return math.ceil(n_rows / max(math.ceil(n_rows / size), 1))


def _parquet(path: Path, request: Request, size: int) -> Iterator[Part]:
    with pq.ParquetFile(path) as file:
        schema, n_rows = file.schema_arrow, file.metadata.num_rows
        if n_rows <= size or b"table_meta_yaml" in (schema.metadata or {}):
            return
        for batch in file.iter_batches(_size(n_rows, size), use_threads=False):
            with io.BytesIO() as part:
                pq.write_table(pa.Table.from_batches([batch]).cast(schema), part, compression="NONE",
                               use_dictionary=False, write_statistics=False)  # fmt: skip
                yield read_parquet(part.getvalue(), request), n_rows


def _fits(path: Path, request: Request, size: int) -> Iterator[Part]:
    with path.open("rb") as file, fits.open(file, memmap=True) as hdus:
        tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
        table = tables[0] if len(tables) == 1 else None
        if not isinstance(table, fits.BinTableHDU) or table.header["PCOUNT"]:
            return
        n_rows, width, at = table.header["NAXIS2"], table.header["NAXIS1"], table.fileinfo()["datLoc"]
        header = table.header.copy()
    if n_rows <= size or path.stat().st_size < at + n_rows * width:
        return
    primary = fits.PrimaryHDU().header.tostring()
    with path.open("rb") as file:
        file.seek(at)
        step = _size(n_rows, size)
        for start in range(0, n_rows, step):
            n = min(step, n_rows - start)
            header["NAXIS2"] = n
            rows = file.read(n * width)
            head = (primary + header.tostring()).encode("ascii")
            yield read_fits(head + rows + bytes(-len(rows) % _BLOCK), request), n_rows
            gc.collect()  # astropy's tables hold on to themselves, and with them to their rows


def _votable(path: Path, request: Request, size: int) -> Iterator[Part]:
    found = find_binary2(path)
    if found is None or found.n_rows <= size:
        return
    for raw in read_binary2(path, found, request, _size(found.n_rows, size)):
        yield raw, found.n_rows


def _text(path: Path, request: Request, size: int) -> Iterator[Part]:
    with path.open("rb") as file:
        n_lines = sum(block.count(b"\n") for block in iter(lambda: file.read(2**24), b""))
        if n_lines <= size:
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            return  # the reader of whole tables warns of a line that may be cut short
    with path.open(encoding="utf-8-sig", newline="") as lines:
        head = list(islice(lines, _SAMPLED_LINES))
        sampled = read_delimited("".join(head), request)
        n_before = int(sampled.frame.index[0]) - 1
        before, waiting = head[:n_before], head[n_before:]
        n_rows = n_lines - n_before
        step = _size(n_rows, size)
        done = n_before
        while True:
            rows = waiting[:step]
            rows += islice(lines, step - len(rows))
            waiting = waiting[step:]
            if not rows:
                return
            part = read_delimited("".join([*before, *rows]), request)
            index = part.frame.index + (done - n_before)
            yield replace(part, frame=part.frame.set_axis(index.rename("line"), axis=0)), n_rows
            done += len(rows)


_READERS = {"parquet": _parquet, "fits": _fits, "votable": _votable, "csv": _text}
