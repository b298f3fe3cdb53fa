"""VOTable 1.4 with BINARY2, written in a stream.

Source: Ochsenbein et al. 2019, "VOTable Format Definition Version 1.4", IVOA Recommendation, sections 5.4
and 6; https://www.ivoa.net/documents/VOTable/20191021/.
"""

import binascii
import itertools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from astrosweep.data.field import Field

_DATATYPES = {
    "uint8": ("unsignedByte", "u1"),
    "int16": ("short", ">i2"),
    "int32": ("int", ">i4"),
    "int64": ("long", ">i8"),
    "float32": ("float", ">f4"),
    "float64": ("double", ">f8"),
    "bool": ("boolean", "u1"),
}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_LINE, _CODED = 57, 76  # bytes that become one line, and its characters


def head(
    fields: Sequence[Field], meta: Mapping[str, str], longest: Mapping[str, int] = MappingProxyType({})
) -> str:
    """Return the beginning of a VOTable up to its fields.

    Args:
        fields: The columns.
        meta: Name and value of each INFO.
        longest: Name of a column of texts to the length of its longest, where that is known.
    """
    ids = _Ids([field.name for field in fields])
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">',
        '<RESOURCE type="results">',
        *(f"<INFO {ids.named(name)} value={_quoted(value)}/>" for name, value in meta.items()),
        "<TABLE>",
        *(_field(field, ids.named(field.name), longest.get(field.name)) for field in fields),
    ]
    return "\n".join(lines) + "\n"


FOOT = "</TABLE>\n</RESOURCE>\n</VOTABLE>\n"


class _Ids:
    """Names of elements, with an ID where the name is none: readers that go by IDs would make one up."""

    def __init__(self, taken: Sequence[str]) -> None:
        self._taken = set(taken)

    def named(self, name: str) -> str:
        """Return the attributes of an element."""
        if _ID.fullmatch(name):
            return f"name={_quoted(name)}"
        stem = re.sub("[^A-Za-z0-9_.-]", "_", name)
        stem = stem if _ID.fullmatch(stem) else f"_{stem}"
        found = next(
            found
            for found in itertools.chain([stem], map(f"{stem}_{{}}".format, itertools.count(2)))
            if found not in self._taken
        )
        self._taken.add(found)
        return f'ID="{found}" name={_quoted(name)}'


def _field(field: Field, named: str, longest: int | None) -> str:
    # Text is unicodeChar, since char is ASCII up to version 1.4.
    text = f'unicodeChar" arraysize="{longest or ""}*'
    kind = text if field.type == "str" else _DATATYPES[field.type][0]
    unit = field.unit_in("vounit")
    unit = f" unit={_quoted(unit)}" if unit else ""
    attributes = f'{named} datatype="{kind}"{unit} ucd={_quoted(field.ucd)}'
    return f"<FIELD {attributes}>\n<DESCRIPTION>{escape(_allowed(field.description))}</DESCRIPTION>\n</FIELD>"


def _quoted(text: str) -> str:
    return quoteattr(_allowed(text))


def _allowed(text: str) -> str:
    """Text with a mark in place of the characters that XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)


class VotableWriter:
    """Writes the rows of a VOTable as they come."""

    def __init__(self, file: BinaryIO, fields: Sequence[Field], meta: Mapping[str, str]) -> None:
        self._file = file
        self._fields = fields
        self._rest = b""
        file.write(head(fields, meta).encode())
        file.write(b'<DATA>\n<BINARY2>\n<STREAM encoding="base64">\n')

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Write rows, each column an array of its field's type."""
        data = self._rest + rows(self._fields, columns)
        whole = len(data) - len(data) % _LINE
        self._rest = data[whole:]
        coded = np.frombuffer(binascii.b2a_base64(memoryview(data)[:whole], newline=False), np.uint8)
        lines = np.full((whole // _LINE, _CODED + 1), ord("\n"), np.uint8)
        lines[:, :-1] = coded.reshape(-1, _CODED)
        self._file.write(lines.data)

    def end(self) -> None:
        """Write what ends the document."""
        self._file.write(binascii.b2a_base64(self._rest) if self._rest else b"")
        self._file.write(f"</STREAM>\n</BINARY2>\n</DATA>\n{FOOT}".encode())

    def close(self) -> None:
        """Nothing is open."""


def rows(fields: Sequence[Field], columns: Sequence[pa.Array]) -> bytes:
    """Return rows in BINARY2: a bit for each null, then the values, big-endian.

    Columns of one width that stand side by side are laid out together; only texts are pieces of their own.
    """
    n_rows = len(columns[0])
    nulls = np.zeros((n_rows, len(columns)), dtype=np.bool_)
    for place, column in enumerate(columns):
        if column.null_count:
            nulls[:, place] = column.is_null().to_numpy(zero_copy_only=False)
    bits = np.packbits(nulls, axis=1)
    pieces: list[list[bytes]] = []
    run: list[NDArray[np.generic]] = [bits]
    for field, column in zip(fields, columns, strict=True):
        if field.type != "str":
            run.append(_numbers(field, column))
            continue
        if run:
            pieces.append(_joined(run))
        pieces.append(_texts(column))
        run = []
    if run:
        pieces.append(_joined(run))
    return b"".join(itertools.chain.from_iterable(zip(*pieces, strict=True)))


def _numbers(field: Field, column: pa.Array) -> NDArray[np.generic]:
    code = _DATATYPES[field.type][1]
    if field.type == "bool":
        truths = column.fill_null(False).to_numpy(zero_copy_only=False)
        found = np.where(truths, ord("T"), ord("F")).astype(code)
        found[column.is_null().to_numpy(zero_copy_only=False)] = ord("?")
        return found
    return np.asarray(
        column.fill_null(np.nan if "float" in field.type else 0).to_numpy(zero_copy_only=False), code
    )


def _joined(run: Sequence[NDArray[np.generic]]) -> list[bytes]:
    """The bytes of each row of arrays that stand side by side."""
    dtype = np.dtype([(f"f{place}", part.dtype, part.shape[1:]) for place, part in enumerate(run)])
    table = np.empty(len(run[0]), dtype)
    for place, part in enumerate(run):
        table[f"f{place}"] = part
    return list(table.view(f"V{dtype.itemsize}").tolist())


def _texts(column: pa.Array) -> list[bytes]:
    """Each text with its length; the same one, as most reasons are, is coded once."""
    coded = column.dictionary_encode()
    known = np.empty(len(coded.dictionary) + 1, dtype=object)
    for place, text in enumerate(coded.dictionary.to_pylist()):
        utf16 = text.encode("utf-16-be")
        known[place] = (len(utf16) // 2).to_bytes(4, "big") + utf16
    known[-1] = bytes(4)
    return list(known[coded.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)])
