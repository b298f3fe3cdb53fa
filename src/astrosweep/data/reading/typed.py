"""Columns of text become whole numbers, numbers, or true and false, where every value is one."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from astrosweep.core.errors import DataError
from astrosweep.data.reading.raw import MISSING, Request

NUMBER = re.compile(
    r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eEdD][-+]?\d+)?|[-+]?(inf|infinity|nan)|--+|\.\.\.", re.IGNORECASE
)
"""A cell that is a number, or stands for a missing one, and so is no name of a column."""

EXACT: Mapping[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.int64(): pd.Int64Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}
"""Types that pandas holds exactly although values are missing."""

_FORTRAN = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$|^[-+]?(\d+\.\d*|\.\d+)[dD][-+]?\d+$"
_COMMA = r"^[-+]?(\d+(,\d*)?|,\d+)([eEdD][-+]?\d+)?$"
# 1,234 may be a thousand; 0,123 and 1,23 are not.
_SURE_COMMA = r"^[-+]?0*,|,(\d{0,2}|\d{4,})([eEdD].*)?$"
_Columns = Mapping[str, pa.ChunkedArray]


def typed(columns: _Columns, request: Request) -> pd.DataFrame:
    """Give columns of text the types of their values.

    Exponents may be written with D, as Fortran does. A comma is a decimal point where ``request.decimal``
    says so, or, with ``auto``, where the values cannot be anything else and no number of the table has a
    point.

    Args:
        columns: Column to its text.
        request: ``decimal`` and ``text`` are used.

    Returns:
        Columns of the types Int64, UInt64, float64, boolean or text, missing values null.

    Raises:
        DataError: A number has a point although commas are said to be decimal points.
    """
    texts = {name: _present(column) for name, column in columns.items()}
    found = {name: text if name.lower() in request.text else _plain(text) for name, text in texts.items()}
    if request.decimal == "comma":
        _refuse_points(texts, found, request)
    if request.decimal != "point":
        commas = [name for name, column in found.items() if _may_have_commas(column, name, request)]
        if commas and (request.decimal == "comma" or _surely_commas(commas, texts, found)):
            found |= {name: _plain(pc.replace_substring(texts[name], ",", ".")) for name in commas}
    frame: pd.DataFrame = pa.table(found).to_pandas(types_mapper=EXACT.get)
    return frame


def _refuse_points(texts: _Columns, found: _Columns, request: Request) -> None:
    for name, column in found.items():
        if pa.types.is_floating(column.type) and _any(pc.match_substring(texts[name], ".")):
            raise DataError(
                f"{request.path}: numbers of column {name!r} have points although decimal=comma; allowed: "
                "one of the two in a file"
            )


def _may_have_commas(column: pa.ChunkedArray, name: str, request: Request) -> bool:
    return (
        pa.types.is_string(column.type)
        and name.lower() not in request.text
        and _any(pc.match_substring(column, ","))
        and _all(pc.match_substring_regex(column, _COMMA))
    )


def _surely_commas(commas: Sequence[str], texts: _Columns, found: _Columns) -> bool:
    points = any(
        pa.types.is_floating(column.type) and _any(pc.match_substring(texts[name], "."))
        for name, column in found.items()
    )
    return not points and any(_any(pc.match_substring_regex(texts[name], _SURE_COMMA)) for name in commas)


def _present(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text without surrounding blanks, null for every spelling of a missing value."""
    text = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(pc.utf8_lower(text), value_set=pa.array(MISSING)), None, text)


def _plain(text: pa.ChunkedArray) -> pa.ChunkedArray:
    unsigned = pc.replace_substring_regex(text, pattern=r"^\+([0-9.])", replacement=r"\1")
    for kind in (pa.int64(), pa.uint64(), pa.float64(), pa.bool_()):
        try:
            numbers = unsigned.cast(kind)
        except pa.ArrowInvalid:
            continue
        # Arrow reads 0x1F as a number, which no table means.
        return text if pa.types.is_integer(kind) and _any(pc.match_substring(text, "x")) else numbers
    if _all(pc.match_substring_regex(unsigned, _FORTRAN)):
        return pc.replace_substring_regex(unsigned, pattern="[dD]", replacement="E").cast(pa.float64())
    return text


def _any(where: pa.ChunkedArray) -> bool:
    return bool(pc.any(where).as_py())


def _all(where: pa.ChunkedArray) -> bool:
    return bool(pc.all(where).as_py())
