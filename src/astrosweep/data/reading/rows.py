"""Lines of text, with one mark between the cells, as columns."""

import csv
import io
import re
from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from astrosweep.core.errors import DataError
from astrosweep.data.reading.raw import Request
from astrosweep.data.reading.typed import typed

Line = tuple[int, str]
"""A line and its number in the file, counted from 1."""

_WORD = re.compile(r'"(?:[^"]|"")*"|\S+')
_SHOWN = 60


def cells_of(line: str, mark: str) -> list[str]:
    """Return the cells of a line, without quotation marks and surrounding blanks.

    Args:
        line: The line.
        mark: What stands between its cells; a blank stands for blanks of any kind.
    """
    if mark == " ":
        return [word.strip('"') for word in _WORD.findall(line)]
    if '"' not in line:
        return [cell.strip() for cell in line.split(mark)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=mark, skipinitialspace=True), [""])]


def parse(
    body: Sequence[Line], names: Sequence[str], mark: str, named: bool, request: Request
) -> pd.DataFrame:
    """Return rows of text as columns with the types of their values.

    Args:
        body: At least one line.
        names: One for each column.
        mark: What stands between the cells; a blank stands for blanks of any kind.
        named: Whether the names are those of the file, for messages.
        request: Path, decimal mark and text columns.

    Returns:
        The table, indexed by ``line``.

    Raises:
        DataError: A row has too many or too few values, or a quoted value does not end in its line.
    """
    ragged: list[pacsv.InvalidRow] = []

    def refuse(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    blanks = mark == " "
    if blanks:
        mark, content = "\t", "\n".join("\t".join(_WORD.findall(line)) for _, line in body)
    else:
        content = "\n".join(line for _, line in body)
        if f'{mark} "' in content:
            content = content.replace(f'{mark} "', f'{mark}"')
    try:
        table = pacsv.read_csv(
            io.BytesIO(content.encode()),
            read_options=pacsv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pacsv.ParseOptions(
                delimiter=mark, newlines_in_values=True, invalid_row_handler=refuse, ignore_empty_lines=False
            ),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        if not ragged:
            raise
        row = ragged[0]
        if "\n" in row.text:
            raise _unclosed(body, request) from None
        line, text = body[row.number - 1]
        width = f"where line {body[0][0]} has {len(names)}"
        if named:
            width = f"but the header names {len(names)} columns: {', '.join(names[:8])}"
        raise DataError(
            f"{request.path}: line {line} has {row.actual_columns} values {width}; the line reads "
            f"{text.strip()[:_SHOWN]!r}; allowed: as many in each line, -- or nan for a missing one"
            + ("; values with blanks in quotation marks, or format=fixed_width" if blanks else "")
        ) from None
    if len(table) != len(body):
        raise _unclosed(body, request)
    frame = typed(dict(zip(names, table.columns, strict=True)), request)
    frame.index = pd.Index([number for number, _ in body], name="line")
    return frame


def _unclosed(body: Sequence[Line], request: Request) -> DataError:
    odd = [number for number, text in body if text.count('"') % 2]
    where = f"in line {odd[0]} " if odd else ""
    return DataError(
        f"{request.path}: a quoted value {where}does not end in its line; close its quotation mark"
    )
