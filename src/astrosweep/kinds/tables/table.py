"""A table of objects as read, whatever its source, and which of its columns is what."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
from pandas.util import hash_pandas_object


@dataclass(frozen=True)
class Roles:
    """Which columns of a table are what.

    Attributes:
        id: Column of whole numbers that identify objects.
        target: Column to be predicted.
        error: Column of its 1-sigma errors; a table may lack it.
        unit: Unit of both, empty for none.
        type: Column of class names that figures tell apart; a table may lack it.
        softening: Of a target that figures show on logarithmic axes although noise makes it negative: the
            value below which axes that can show that are linear. None: figures go by the values.
        name: Column of the text that ``id`` is a hash of; None where identifiers are whole numbers.
    """

    id: str
    target: str
    error: str
    unit: str = ""
    type: str | None = None
    softening: float | None = None
    name: str | None = None

    @property
    def identifier(self) -> str:
        """Column that says to people which object a row is."""
        return self.name or self.id

    @property
    def label(self) -> str:
        """Label of the target in figures, such as ``parallax (mas)``."""
        return f"{self.target} ({self.unit})" if self.unit else self.target


@dataclass(frozen=True, eq=False)
class SourceTable:
    """Objects as read, before any row is removed.

    Attributes:
        frame: One row an object. Identifiers are int64; numeric columns are float64 with NaN for missing;
            categorical columns hold strings or missing.
        lineage: Column to the source's own columns it was computed from, directly or through others.
        origin: Where the table comes from, for reports.
        notes: What a user should know about reading it, and of which file or column.
        impossible: Column to the numbers that cannot be and count as missing, and how often each was there.
    """

    frame: pd.DataFrame
    lineage: Mapping[str, frozenset[str]]
    origin: str
    notes: Mapping[str, str] = field(default_factory=dict)
    impossible: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of column names and values, in row order."""
        digest = hashlib.sha256(",".join(self.frame.columns).encode())
        digest.update(hash_pandas_object(self.frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()[:16]
