"""Text tables that describe their columns themselves: ECSV, the CDS's and the AAS's, and IPAC's."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from astropy.table import Table
from astropy.table.meta import YamlParseError, get_header_from_yaml

from astrosweep.core.errors import DataError
from astrosweep.data.reading.astropy_table import from_astropy
from astrosweep.data.reading.raw import MISSING, RawTable, Request, check_names
from astrosweep.data.reading.rows import cells_of, parse

# Gaia's bulk downloads are ECSV files with "null", and the CDS writes "---" into columns of numbers.
_ASTROPY_MISSING = [(text, "0") for token in MISSING for text in dict.fromkeys((token, token.upper()))]


def read_ecsv(text: str, request: Request) -> RawTable:
    """Read an ECSV file: delimited text below a header in YAML. Parts of composed columns stay apart.

    Raises:
        DataError: The header is damaged or does not fit the columns, or the rows cannot be read.
    """
    path = request.path
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    body = [(number, line) for number, line in lines if not line.startswith("#")]
    if not body:
        raise DataError(f"{path}: the file is empty: it has no line besides blanks and comments")
    above = tuple(line[1:] for number, line in lines[1:] if number < body[0][0])
    try:
        header = _header(above)
        names = [str(column["name"]) for column in header["datatype"]]
        kinds = {str(column["name"]): str(column["datatype"]) for column in header["datatype"]}
        units = {str(c["name"]): str(c["unit"]) for c in header["datatype"] if c.get("unit") is not None}
        arrays = [str(column["name"]) for column in header["datatype"] if "[" in column.get("subtype", "")]
        mark = str(header.get("delimiter", " "))
    except (YamlParseError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path}: line 1 says ECSV, but the header below it is damaged "
            f"({error or type(error).__name__}); write the file anew or take the first line out"
        ) from error
    check_names(names, path)
    own = cells_of(body[0][1], mark)
    if own != names:
        raise DataError(
            f"{path}: line {body[0][0]} names the columns {', '.join(own[:8])}, but the header above it "
            f"{', '.join(names[:8])}; write the file anew or take the first line out"
        )
    if len(body) == 1:
        raise DataError(f"{path}: the file has a header ({', '.join(names[:8])}) but no rows")
    texts = frozenset(name.lower() for name, kind in kinds.items() if kind == "string")
    frame = parse(body[1:], names, mark, True, replace(request, text=request.text | texts))
    masks = [name for name in names if name.endswith(".mask") and kinds[name] == "bool"]
    for mask in masks:
        name = mask.removesuffix(".mask")
        frame[name] = frame[name].mask(frame[mask].fillna(False).astype(bool))
    request.note_left_out(arrays)
    return RawTable(frame.drop(columns=[*masks, *arrays]), units)


def read_described(text: str, kind: str, request: Request) -> RawTable:
    """Read a table of the CDS or the AAS with its byte-by-byte description, or one of IPAC.

    Args:
        text: The content.
        kind: ``cds`` or ``ipac``.
        request: Path and notes.
    """
    table = Table.read(text, format=f"ascii.{kind}", fill_values=_ASTROPY_MISSING)
    return from_astropy(table, request)


@lru_cache(maxsize=256)  # the files of one kind of profile share a header, and YAML is slow
def _header(lines: tuple[str, ...]) -> Any:
    return get_header_from_yaml(list(lines))
