"""A file of stars that are to be predicted, read as training tables are, without their parallaxes."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.data.reading import RawTable
from astrosweep.data.reading.convert import NO_IDENTIFIER
from astrosweep.kinds.stars.column_sources import ROWS, absent_columns, find_sources
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.stars.mapping import OF_THE_TRUTH, map_columns
from astrosweep.kinds.stars.schema import COLUMNS, ID, is_categorical, range_of
from astrosweep.kinds.tables.identifiers import identifiers_among
from astrosweep.kinds.tables.impossible import out_of_range
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.kinds.tables.unlabelled import ABSENT, UnlabelledTable, readable


def map_unlabelled(
    raw: RawTable, data: StarDataConfig, path: Path, preparation: RowPreparation
) -> UnlabelledTable:
    """Bring a file of stars that are to be predicted under the archive's names and astrosweep's units.

    Columns are mapped, converted and completed as in training; a unit that the file states counts more than
    that of ``data.units``. Parallaxes, their errors and zero points are beside the inputs, where they can be
    read.

    Args:
        raw: The file as read.
        data: How the training table was read.
        path: The file, for messages.
        preparation: The preparation of what predicts them.

    Raises:
        DataError: A column is not what it should be.
    """
    as_read = raw.frame
    absent = absent_columns(as_read, data)
    columns = {name: text for name, text in data.columns.items() if name not in absent}
    data = data.model_copy(update={"columns": columns, "zero_point": "none"})
    preset, _, sources = find_sources(as_read, data, path, numbered=True)
    texts = identifiers_among(map(str, as_read.columns), [sources[ID].column])
    texts |= {
        column
        for name, source in sources.items()
        if is_categorical(name) or name in preparation.classes
        for column in source.columns
    }
    stated = {name for name, source in sources.items() if any(one in raw.units for one in source.columns)}
    units = {name: unit for name, unit in data.units.items() if name not in stated}
    data = data.model_copy(update={"units": units, "mapping": preset})
    frame, unreadable = readable(as_read, {*texts, *preparation.classes})
    table = map_columns(replace(raw, frame=frame), data, path, unlabelled=True)
    table = derive(out_of_range(replace(table, notes=dict.fromkeys(raw.notes, str(path))), range_of))
    notes = {}
    if named := {name: text for name, text in absent.items() if name not in OF_THE_TRUTH}:
        notes[ABSENT] = ", ".join(named)
    if sources[ID] is ROWS:
        notes["identifiers"] = "the file has none that are known; rows are numbered from 1"
    beside = [name for name in table.frame if name in COLUMNS and name not in preparation.raw]
    numbers = {name: table.frame[name] for name in beside if name in OF_THE_TRUTH or not is_categorical(name)}
    ids = table.frame[ID]
    if (missing := ids <= NO_IDENTIFIER).any():
        ids = ids.where(~missing, NO_IDENTIFIER - np.arange(1, len(ids) + 1, dtype=np.int64))
    return UnlabelledTable(
        table=table,
        identifiers=None if sources[ID] is ROWS else ids,
        as_read=as_read,
        units=raw.units,
        unreadable=unreadable,
        aside=type(table.frame)(numbers) if numbers else None,
        notes=notes,
    )
