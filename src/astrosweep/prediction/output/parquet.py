"""Parquet with unit, UCD and description of each column, which VOParquet's readers and Arrow's both find.

Source of the VOTable header in the file's metadata: IVOA Note "VOParquet: Parquet in the VO", version 1.0.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from astrosweep.data.field import TYPES, Field
from astrosweep.prediction.output.votable import FOOT, head

_GROUP = 131_072


class ParquetWriter:
    """Writes the rows of a Parquet file, in groups of some hundred thousand.

    The VOTable header comes at the end, since astropy puts it together with the rows only if it says how
    long the longest texts are. (And astropy 8 reads no texts of which one is missing; Arrow and pandas do.)
    """

    def __init__(self, file: BinaryIO, fields: Sequence[Field], meta: Mapping[str, str]) -> None:
        self._schema = pa.schema(
            [
                pa.field(
                    field.name,
                    TYPES[field.type],
                    metadata={
                        "unit": field.unit_in("vounit"),
                        "ucd": field.ucd,
                        "description": field.description,
                    },
                )
                for field in fields
            ],
            metadata=dict(meta),
        )
        self._fields = fields
        self._meta = meta
        self._longest = {field.name: 1 for field in fields if field.type == "str"}
        self._waiting: list[pa.RecordBatch] = []
        # A dictionary of measured values, nearly all of them different, only costs time.
        repeated = [field.name for field in fields if field.type not in ("float32", "float64", "int64")]
        self._file = pq.ParquetWriter(file, self._schema, use_dictionary=repeated)

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Write rows, each column an array of its field's type."""
        batch = pa.record_batch(list(columns), schema=self._schema)
        for name, longest in self._longest.items():
            self._longest[name] = max(longest, pc.max(pc.utf8_length(batch[name])).as_py() or 0)
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= _GROUP:
            self._flush()

    def end(self) -> None:
        """Write the rows that wait, and the footer."""
        self._flush()
        self._file.add_key_value_metadata(
            {
                "IVOA.VOTable-Parquet.version": "1.0",
                "IVOA.VOTable-Parquet.content": head(self._fields, self._meta, self._longest) + FOOT,
            }
        )
        self._file.close()

    def close(self) -> None:
        """Let Arrow go: it would write its footer when it is collected, into a file that is closed."""
        with suppress(OSError, pa.ArrowException):
            self._file.close()

    def _flush(self) -> None:
        if self._waiting:
            self._file.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting = []
