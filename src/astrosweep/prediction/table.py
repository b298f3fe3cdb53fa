"""The table of an output: the rows of the input in their order, with what is predicted of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy import units
from numpy.typing import NDArray

from astrosweep.core.errors import ConfigError, DataError
from astrosweep.data.field import GENERIC, Field
from astrosweep.data.incoming import Column, Incoming
from astrosweep.prediction.carried import carried_columns
from astrosweep.prediction.flags import MEANINGS, UNPREDICTED, Flags

Values = NDArray[Any] | np.ma.MaskedArray[Any, Any]

_FLAG = Field("flag", "int16", "", "meta.code.qual", "sum of the codes of what is unusual, 0 for nothing")
_REASON = Field("flag_reason", "str", "", "meta.note", "what is unusual, or why there is no prediction")
_DISTANCE = Field(
    "novelty", "float32", "", "stat.value",
    "distance from the training objects in prepared space, over that which 1 % of them exceed",
)  # fmt: skip
_BLANK: dict[str, Any] = {"f": np.nan, "i": 0, "u": 0, "b": False, "O": None, "U": "", "M": None}


@dataclass
class Counts:
    """What came of the rows of an input.

    Attributes:
        rows: How many there are.
        predicted: How many were predicted.
        flagged: How many of those were flagged.
        by_code: How many of all rows have each code.
    """

    rows: int = 0
    predicted: int = 0
    flagged: int = 0
    by_code: dict[int, int] = field(default_factory=dict)

    def add(self, flags: Flags, n_unpredicted: int) -> None:
        """Count a block of rows."""
        self.rows += len(flags.code) + n_unpredicted
        self.predicted += len(flags.code)
        self.flagged += int((flags.code != 0).sum())
        for code in MEANINGS:
            count = int((flags.code & code != 0).sum()) + (n_unpredicted if code == UNPREDICTED else 0)
            if count:
                self.by_code[code] = self.by_code.get(code, 0) + count


class Rows:
    """Puts predictions of objects into the rows of the input.

    Args:
        incoming: What was read.
        identifier: Name of the column of identifiers.
        carry: Columns of the input that are carried along, or all.
        ucd: Descriptor of a target of which the kind of data knows none.
        known: Types of columns in an earlier part of the input.
    """

    def __init__(
        self,
        incoming: Incoming[Any],
        identifier: str,
        carry: Sequence[str] | Any,
        ucd: str | None,
        known: Mapping[str, str],
    ) -> None:
        self._incoming = incoming
        self._identifier = identifier
        self._carry = carry
        self._ucd = ucd
        self._known = known
        self._carried: list[Column] | None = None

    def blocks(self, size: int) -> Iterator[tuple[slice, NDArray[np.int64]]]:
        """Rows of the input, and positions of the objects among them, a block at a time."""
        row = self._incoming.row
        for start in range(0, self._incoming.n_rows, size):
            end = min(start + size, self._incoming.n_rows)
            first, last = np.searchsorted(row, (start, end))
            yield slice(start, end), np.arange(first, last)

    def columns(
        self, rows: slice, objects: NDArray[np.int64], found: Sequence[Column], flags: Flags
    ) -> list[Column]:
        """All columns of a block of rows.

        Args:
            rows: The rows of the input.
            objects: Positions of the objects among them.
            found: Columns of the objects, or of as many points of each.
            flags: Flags of the objects.

        Raises:
            DataError: Columns have other lengths.
        """
        n_points = self._points(found, len(objects))
        at = self._incoming.row[objects] - rows.start
        n_rows = rows.stop - rows.start
        names = self._incoming.names[rows]
        code = np.full(n_rows, UNPREDICTED, dtype=np.int16)
        reason = np.full(n_rows, "", dtype=object)
        for row in np.setdiff1d(np.arange(n_rows), at).tolist():
            reason[row] = self._incoming.reasons.get(rows.start + row, "not predicted")
        code[at], reason[at] = flags.code, flags.reason
        novelty = np.full(n_rows, np.nan, dtype=np.float32)
        novelty[at] = flags.distance
        columns: list[Column] = [(self._names_field(), names)]
        columns += [(self._described(one), _spread(values, at, n_rows, n_points)) for one, values in found]
        columns += [(_DISTANCE, novelty), (_FLAG, code), (_REASON, reason)]
        if self._carried is None:
            taken = [one.name for one, _ in columns]
            wanted = self._carry
            if wanted == "all" and self._incoming.carried is not None:
                wanted = [str(name) for name in self._incoming.carried if str(name) != self._identifier]
            self._carried = carried_columns(self._incoming, wanted, taken, self._known)
        columns += [(one, values[rows]) for one, values in self._carried]
        if n_points == 1:
            return columns
        own = {one.name for one, _ in found}
        return [
            (one, values if one.name in own else np.ma.repeat(values, n_points)) for one, values in columns
        ]

    def _points(self, found: Sequence[Column], n_objects: int) -> int:
        lengths = {len(values) for _, values in found}
        if len(lengths) != 1 or (n_objects and lengths.copy().pop() % n_objects):
            raise DataError(f"columns of {sorted(lengths)} values for {n_objects} objects")
        return lengths.pop() // n_objects if n_objects else 1

    def _names_field(self) -> Field:
        kind = "str" if self._incoming.names.dtype.kind in "OUT" else "int64"
        return Field(
            self._identifier, kind, "", "meta.id;meta.main", "identifier of the input, or number of its row"
        )

    def _described(self, one: Field) -> Field:
        if self._ucd is None or GENERIC not in one.ucd:
            return one
        try:
            words = one.ucd.replace(GENERIC, self._ucd)
            return Field(one.name, one.dtype, one.unit, words, one.description)
        except ConfigError as error:
            raise ConfigError(f"output.ucd={self._ucd}: {error}") from error


def _spread(values: Values, at: NDArray[np.int64], n_rows: int, n_points: int) -> Values:
    """Values of objects at the rows that they have; nothing elsewhere."""
    if len(at) == n_rows:
        return values
    place = (at[:, None] * n_points + np.arange(n_points)).reshape(-1)
    if values.dtype.kind in "fO" and not isinstance(values, np.ma.MaskedArray):
        spread: Values = np.full(n_rows * n_points, _BLANK[values.dtype.kind], dtype=values.dtype)
    else:
        spread = np.ma.masked_array(np.zeros(n_rows * n_points, dtype=values.dtype), mask=True)
    spread[place] = values
    return spread


def in_format(one: Field, format: str) -> Field:
    """A column whose unit the format has a word for; another unit stays in words."""
    if not one.unit or format == "ecsv":
        return one
    try:
        standard = "fits" if format == "fits" else "vounit"
        units.Unit(one.unit_in(standard), format=standard)
    except (ConfigError, ValueError):
        return Field(one.name, one.dtype, "", one.ucd, f"{one.description}, in {one.unit}")
    return one
