"""Which of a table's own columns, or which expression of them, each of astrosweep's columns comes from."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.expression import Expression, parse_expression
from astrosweep.kinds.stars.identifiers import are_gaia_identifiers
from astrosweep.kinds.stars.presets import Preset, choose_preset
from astrosweep.kinds.stars.schema import COLUMNS, ID

ROW_NUMBER = "row_number"
"""The value of ``data.columns.source_id`` that numbers the rows of a table without identifiers."""

ROWS = Expression("row number", parse_expression("0").tree, {})
"""The source of identifiers that number the rows."""

_IDENTIFIERS = ("sourceid", "dr3sourceid", "gaiadr3sourceid", "gaiaedr3sourceid", "gaiasourceid")
# Names that may mean something else as well, and are believed if the values are identifiers of Gaia.
_PERHAPS_IDENTIFIERS = (
    *("gaiadr3", "dr3name", "gaiadr3id", "gaiadr3name", "gaiaedr3", "edr3name", "gaiaid", "gaianame"),
    *("gaia", "designation", "source", "gaiadr2", "dr2name"),
)
_PLACES = ("l", "b")
"""Names of one letter, which in capitals mean a place on the sky only if both are there: B may be a
magnitude."""


def find_sources(
    frame: pd.DataFrame, config: StarDataConfig, path: Path, *, numbered: bool = False
) -> tuple[str, Preset, dict[str, Expression]]:
    """Find the sources of all columns that astrosweep knows or ``data.columns`` names.

    A column's source is, in this order: ``data.columns``; the table's own column of that name; the same but
    for upper and lower case; the preset. Identifiers are found under many names. Names are compared exactly
    first, then without case.

    Args:
        frame: The table under its own names.
        config: ``mapping`` and ``columns`` are used.
        path: The file, for messages.
        numbered: Whether the rows of a table without identifiers are numbered.

    Returns:
        The preset's name, the preset, and column to its source.

    Raises:
        DataError: There are no identifiers, a configured column is absent, the preset is unknown or does not
            fit, or two columns differ by case only where one is needed.
    """
    own = [str(name) for name in frame.columns]
    sources: dict[str, Expression] = {}
    for name, text in config.columns.items():
        numbered = name == ID and text == ROW_NUMBER
        sources[name] = ROWS if numbered else _configured(name, text, own, path)
    taken = {source.column for source in sources.values()}
    free = [name for name in own if name not in taken]
    for name in COLUMNS:
        if name in own:
            sources.setdefault(name, Expression.of_column(name))
        elif name not in sources and name not in _PLACES and (column := _alike(name, free)):
            sources[name] = Expression.of_column(column)
        elif name not in sources and sum(same.lower() == name for same in free) > 1:
            raise DataError(
                f"{path}: several columns are called {name} but for upper and lower case; say which one it "
                f"is with data.columns={{{name}: ...}}"
            )
    places = [_alike(name, free) for name in _PLACES]
    if all(places) and not sources.keys() & set(_PLACES):
        sources |= {
            name: Expression.of_column(str(place)) for name, place in zip(_PLACES, places, strict=True)
        }
    if ID not in sources and (column := _identifiers(frame)):
        sources[ID] = Expression.of_column(column)
    preset_name, preset = choose_preset(config.mapping, {*own, *sources}, path)
    for name, texts in preset.columns.items():
        for text in [texts] if isinstance(texts, str) else texts:
            source = _find(text, own)
            if source:
                sources.setdefault(name, source)
    if ID not in sources and numbered:
        sources[ID] = ROWS
    if ID not in sources:
        alike = [name for name in own if are_gaia_identifiers(frame[name])]
        raise DataError(
            f"{path}: no column of identifiers called {ID}; the table has {', '.join(own)}"
            + (f"; identifiers of Gaia are in {', '.join(alike)}" if alike else "")
            + f"; say which one it is with data.columns={{{ID}: ...}}, where {ROW_NUMBER} numbers the rows"
        )
    return preset_name, preset, sources


def absent_columns(frame: pd.DataFrame, config: StarDataConfig) -> dict[str, str]:
    """Entries of ``data.columns`` whose columns a table lacks."""
    own = [str(name) for name in frame.columns]
    absent = {}
    for name, text in config.columns.items():
        try:
            found = (name == ID and text == ROW_NUMBER) or _find(text, own) is not None
        except DataError:
            found = False
        if not found:
            absent[name] = text
    return absent


def _identifiers(frame: pd.DataFrame) -> str | None:
    """Return the column that holds the stars' identifiers, if one is known by its name."""
    folded: dict[str, str] = {}
    for name in frame.columns:
        folded.setdefault(re.sub(r"[^a-z0-9]", "", name.lower()), name)
    certain = [folded[alias] for alias in _IDENTIFIERS if alias in folded]
    perhaps = (folded[alias] for alias in _PERHAPS_IDENTIFIERS if alias in folded)
    return next(iter(certain), None) or next((n for n in perhaps if are_gaia_identifiers(frame[n])), None)


def _alike(name: str, own: Sequence[str]) -> str | None:
    """Return the column of a name, else the only one that has it but for upper and lower case."""
    same = [column for column in own if column.lower() == name.lower()]
    return name if name in same else same[0] if len(same) == 1 else None


def _find(text: str, own: Sequence[str]) -> Expression | None:
    """Return a column, or an expression, whose columns the table has."""
    column = _alike(text, own)
    if column is not None:
        return Expression.of_column(column)
    source = parse_expression(text)
    names = {name: _alike(column, own) for name, column in source.names.items()}
    present = {name: column for name, column in names.items() if column is not None}
    return replace(source, names=present) if len(present) == len(names) else None


def _configured(name: str, text: str, own: list[str], path: Path) -> Expression:
    """Return the source that ``data.columns`` gives, which must exist."""
    try:
        source = _find(text, own)
    except DataError as error:
        raise DataError(f"data.columns.{name}: {path} has no column {text!r}, and {error}") from None
    if source is None:
        absent = sorted(column for column in parse_expression(text).columns if not _alike(column, own))
        near = [match for column in absent for match in difflib.get_close_matches(column, own)]
        hint = f"near names: {', '.join(near)}" if near else f"it has {', '.join(own)}"
        raise DataError(f"data.columns.{name}={text}: {path} has no column {', '.join(absent)}; {hint}")
    return source
