"""Columns of a file under the spelling that a configuration has of them: names are the same in any case."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from astrosweep.config.kinds.tables import TableDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.expression import parse_expression
from astrosweep.data.reading import RawTable


def as_configured(raw: RawTable, data: TableDataConfig) -> RawTable:
    """Spell a file's columns as the configuration does, where they differ in upper and lower case only.

    A name that the file has exactly, or in several spellings, stays what it is.

    Args:
        raw: The file as read.
        data: Whatever names columns of the file is used.
    """
    own = [str(name) for name in raw.frame.columns]
    folded = {name.casefold(): name for name in own}
    several = {name for name, count in Counter(map(str.casefold, own)).items() if count > 1}
    renamed: dict[str, str] = {}
    for name in _named_in(data, folded):
        found = folded.get(name.casefold())
        if found and found not in renamed and name not in own and name.casefold() not in several:
            renamed[found] = name
    if not renamed:
        return raw
    units = {renamed.get(name, name): unit for name, unit in raw.units.items()}
    return replace(raw, frame=raw.frame.rename(columns=renamed), units=units)


def _named_in(data: TableDataConfig, folded: dict[str, str]) -> Iterator[str]:
    """Every name of a column in a configuration, those in expressions too."""
    features = data.features
    texts = [data.target, data.target_error, data.id, *(features.columns or []), *features.derived]
    for text in [*texts, *features.classes, *data.columns.values()]:
        if text is None:
            continue
        if text.casefold() in folded:
            yield text
            continue
        try:
            yield from sorted(parse_expression(text).columns)
        except DataError:  # told where the column is looked for
            continue
    yield from (*data.units, *data.cleaning.cuts, *data.cleaning.keep)
