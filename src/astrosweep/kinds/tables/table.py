"""A table of stars under the archive's column names and astrosweep's units, whatever its source."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pandas.util import hash_pandas_object


@dataclass(frozen=True, eq=False)
class StarTable:
    """Stars as read, before any row is removed.

    Attributes:
        frame: One row a star. ``source_id`` is int64; numeric columns are float64 with NaN for missing,
            in the units of ``data.schema.COLUMNS``; categorical columns hold strings or missing.
        lineage: Column to the source's own columns it was computed from, directly or through others.
        origin: Where the table comes from, for reports.
    """

    frame: pd.DataFrame
    lineage: Mapping[str, frozenset[str]]
    origin: str

    @property
    def fingerprint(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of column names and values, in row order."""
        digest = hashlib.sha256(",".join(self.frame.columns).encode())
        digest.update(hash_pandas_object(self.frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()[:16]
