"""What the content of a file tells: its compression, its format and its text."""

import bz2
import gzip
import lzma
import re
import zlib
from pathlib import Path

from astrosweep.core.errors import DataError

TEXT_FORMATS = ("csv", "fixed_width", "ecsv", "cds", "ipac")
FORMATS = (*TEXT_FORMATS, "votable", "fits", "parquet")
"""Formats that ``read_table`` knows; ``csv`` is text with any mark or blanks between the columns."""

COMPRESSIONS = (".gz", ".bz2", ".xz")
DAMAGED = "the file is damaged, cut short or of another format"

_UNPACK = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\x00": lzma.decompress}
_MAGIC = {b"SIMPLE  =": "fits", b"PAR1": "parquet", b"# %ECSV": "ecsv"}
_FOREIGN = {
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"ARROW1": "an Arrow file",
    b"%PDF": "a PDF document",
}
_BINARY_NAMES = {
    "votable": (".vot", ".votable", ".xml"),
    "fits": (".fits", ".fit", ".fts"),
    "parquet": (".parquet", ".pq"),
}
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ZERO = "\0"
_CDS = re.compile(r"byte-by-byte description", re.IGNORECASE)
_HEAD = 65_536


def uncompressed(path: Path) -> bytes:
    """Return the content of a file, compressed by gzip, bzip2, xz or not.

    Raises:
        DataError: The compressed content is damaged or cut short.
    """
    data = path.read_bytes()
    for magic, unpack in _UNPACK.items():
        if data.startswith(magic):
            try:
                return unpack(data)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
                raise DataError(f"{path}: cannot be uncompressed; {DAMAGED}: {error}") from error
    return data


def format_of(data: bytes, path: Path) -> str:
    """Return the format of an uncompressed content.

    Args:
        data: The content.
        path: The file. Its name counts where the content is plain text and the name says otherwise.

    Raises:
        DataError: The content is no table, or not what the name says.
    """
    start = data.removeprefix(_MARKS[0])
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return kind
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise DataError(f"{path}: this is {what}; save the table as CSV, ECSV, VOTable, FITS or Parquet")
    if start.lstrip().startswith(b"<"):
        head = start[:_HEAD].lower()
        if b"<votable" in head or b":votable" in head:
            return "votable"
        what = "a web page" if b"<html" in head else "XML, but no VOTable"
        raise DataError(
            f"{path}: this is {what}, perhaps the report of a failed query; it begins {_begins(start)}"
        )
    name = path.name.lower()
    for suffix in COMPRESSIONS:
        name = name.removesuffix(suffix)
    for kind, suffixes in _BINARY_NAMES.items():
        if name.endswith(suffixes):
            raise DataError(
                f"{path}: cannot be read as {kind}, which its name says: it begins {_begins(data)}; "
                f"{DAMAGED}; a text table should have a name that ends in .txt"
            )
    return _text_format(data[:_HEAD].decode("latin-1"))


def _begins(data: bytes) -> str:
    return repr(data.lstrip()[:60].decode("latin-1"))


def _text_format(head: str) -> str:
    """Return the format that the first lines of a text tell."""
    if _CDS.search(head):
        return "cds"
    lines = [line.rstrip() for line in head.splitlines() if line.strip() and not line.startswith("\\")]
    framed = 0
    while framed < len(lines) and lines[framed].startswith("|") and lines[framed].endswith("|"):
        framed += 1
    # IPAC frames one to four lines of names, types, units and nulls; the rows below have no bars.
    return "ipac" if 0 < framed <= 4 and framed < len(lines) and "|" not in lines[framed] else "csv"


def decoded(data: bytes, path: Path) -> str:
    """Return a content as text, with line ends of one kind.

    Args:
        data: UTF-8, Latin-1, or UTF-16 that says so in its first bytes.
        path: The file, for messages.

    Raises:
        DataError: The content holds zero bytes.
    """
    if data.startswith(_MARKS[1:]):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.removeprefix(_MARKS[0]).decode("latin-1")
    if _ZERO in text:
        line = text[: text.index(_ZERO)].count("\n") + 1
        raise DataError(f"{path}: line {line} holds a zero byte: this is no text table; {DAMAGED}")
    return text.replace("\r\n", "\n").replace("\r", "\n")
