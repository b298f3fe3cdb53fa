"""Labelled rows of a file on which a model is examined, and what can be done to their inputs."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from astrosweep.config.kinds.tables import RowsConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.examined import DEFAULT_ERROR, OBSERVED, Remembered
from astrosweep.data.incoming import Incoming
from astrosweep.data.kind import Judged, Labelled
from astrosweep.data.ranges import known_shares
from astrosweep.data.reading import RawTable
from astrosweep.data.reading.units import known_unit
from astrosweep.data.space import Space
from astrosweep.kinds.tables.groups import row_variables
from astrosweep.kinds.tables.incoming import read_rows_of
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.kinds.tables.rows import Rows, RowTruth
from astrosweep.kinds.tables.unlabelled import UnlabelledTable, rows_to_predict

_ERROR_NAMES = ("{}_error", "{}_err", "e_{}", "err_{}", "sigma_{}", "{}_sigma", "{}_uncertainty")

Reader = Callable[[RawTable], UnlabelledTable]
"""Brings a file of rows under the names of the training table."""
Truth = tuple[FloatArray, FloatArray]
"""Target and its error of every row of a file, NaN where unknown."""


@dataclass(frozen=True, eq=False)
class ExaminedRows:
    """See ``Examined``.

    Attributes:
        labelled: Rows with their targets.
        preparation: The preparation of what predicts them.
        facts: How they were read.
        place: Row of the file of each, shape (N,).
        aside: What the file says of each beside its inputs; None for nothing.
        again: Reads the file once more with other numbers.
        raw: The file.
        known: Column of the file that inputs are computed from, to its 1-sigma errors, one a row of the file.
        errors: See ``Examined``.
        spread: Of each input without an error its standard deviation.
    """

    labelled: Labelled[Rows, RowTruth]
    preparation: RowPreparation
    facts: Mapping[str, Any]
    place: IdArray
    aside: pd.DataFrame | None
    again: Callable[[RawTable], Incoming[Rows]]
    raw: RawTable
    known: Mapping[str, FloatArray]
    errors: Mapping[str, str]
    spread: Mapping[str, float] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """See ``Examined``."""
        return self.preparation.used

    def take(self, rows: IdArray) -> Self:
        """See ``Examined``."""
        aside = None if self.aside is None else self.aside.iloc[rows]
        return replace(self, labelled=self.labelled.take(rows), place=self.place[rows], aside=aside)

    def without(self, name: str) -> Rows:
        """See ``Examined``: missing values are imputed as those of training rows were."""
        missing = np.nan if name not in self.preparation.classes else None
        return self._with(name, pd.Series(missing, self._frame.index, self._frame[name].dtype))

    def permuted(self, name: str, order: IdArray) -> Rows:
        """See ``Examined``."""
        values = self._frame[name].iloc[order]
        return self._with(name, pd.Series(values.to_numpy(), self._frame.index, values.dtype))

    def perturbed(self, generator: np.random.Generator) -> Rows:
        """See ``Examined``: columns with errors vary in the file, and inputs are computed from them anew."""
        frame = self.raw.frame.copy()
        for name, error in self.known.items():
            numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            frame[name] = numbers + error * generator.normal(size=len(numbers))
        own = self._frame.copy()
        if self.known:
            read = self.again(replace(self.raw, frame=frame))
            here, there = np.intersect1d(self.place, read.row, return_indices=True)[1:]
            for name in (name for name in self.inputs if name not in self.spread):
                if name not in self.preparation.classes:
                    column = own[name].to_numpy(dtype=np.float64, copy=True)
                    column[here] = read.objects.frame[name].to_numpy(dtype=np.float64)[there]
                    own[name] = column
        for name, spread in self.spread.items():
            own[name] = own[name] + DEFAULT_ERROR * spread * generator.normal(size=len(own))
        return replace(self.labelled.objects, frame=own)

    def variables(self, judged: Judged[Rows, RowTruth]) -> Mapping[str, NDArray[Any]]:
        """See ``Examined``: classes, the predicted and the observed target."""
        target = f"{OBSERVED}{self.preparation.roles.target}"
        return {**row_variables(self.preparation, judged), target: judged.target}

    def remembered(self, ranges: Mapping[str, Any]) -> list[Remembered]:
        """See ``Examined``: by the ranks of training rows where they are kept, else by five numbers."""
        frame = self.labelled.objects.frame
        space = Space.from_dict(ranges["space"]) if ranges.get("space") else None
        found = []
        for name, one in ranges.get("features", {}).items():
            if name not in frame:
                continue
            values = frame[name].to_numpy(dtype=np.float64)
            if space is not None and name in space.scores:
                at, share = space.scores[name].x, ndtr(space.scores[name].z)
            else:
                at, share = known_shares(one)
            found.append(Remembered(name, values, at, np.asarray(share), missing=one.get("missing")))
        for name, counts in ranges.get("classes", {}).items():
            if name in frame:
                found.append(Remembered(name, frame[name].to_numpy(dtype=object), counts=counts))
        return found

    @property
    def _frame(self) -> pd.DataFrame:
        return self.labelled.objects.frame

    def _with(self, name: str, values: pd.Series) -> Rows:
        return replace(self.labelled.objects, frame=self._frame.assign(**{name: values}))


def examined_rows(
    path: Path,
    data: RowsConfig,
    preparation: RowPreparation,
    read: Reader,
    truth_of: Callable[[RawTable, UnlabelledTable], Truth],
    errors_of: Callable[[RawTable], Mapping[str, FloatArray]],
) -> ExaminedRows:
    """Read labelled rows.

    Args:
        path: The file.
        data: How it is read.
        preparation: The preparation of what predicts them.
        read: Brings the file under the names of the training table.
        truth_of: The target of each row.
        errors_of: Columns of the file that have errors, and those.

    Raises:
        DataError: The file cannot be used, or no row has a target.
    """
    raws = list(read_rows_of(path, data, sys.maxsize))
    raw = raws[0][0]

    def again(table: RawTable) -> Incoming[Rows]:
        return rows_to_predict(read(table), preparation, data.cleaning)

    table = read(raw)
    incoming = rows_to_predict(table, preparation, data.cleaning)
    target, error = (values[incoming.row] for values in truth_of(raw, table))
    kept = np.flatnonzero(np.isfinite(target))
    name = preparation.roles.target
    if not kept.size:
        raise DataError(
            f"{path}: no row has a {name}, and without targets nothing can be examined; say which column it "
            f"is with data.columns={{{name}: <column or expression>}}, or leave input out to report on what "
            "the model itself keeps. The file has " + ", ".join(map(str, raw.frame.columns))
        )
    sources = _sources(table.table.lineage, preparation)
    known = {name: error for name, error in errors_of(raw).items() if name in sources}
    objects = incoming.objects.take(kept)
    spread, words = {}, {}
    for one in preparation.used:
        if one in preparation.classes:
            words[one] = "a class, not changed"
        elif own := sorted(set(table.table.lineage.get(one, {one})) & set(known)):
            words[one] = f"catalogue errors of {', '.join(own)}"
        else:
            deviation = float(np.nanstd(objects.frame[one])) if objects.frame[one].notna().any() else 0.0
            spread[one] = deviation
            default = f"{DEFAULT_ERROR:.0%} of its standard deviation, {deviation:.4g}"
            words[one] = f"no errors in the table: {default}"
    facts = {
        "file": path.name,
        "rows": incoming.n_rows,
        "rows that cannot be predicted": incoming.n_rows - len(incoming.objects),
        "rows without a target": len(incoming.objects) - len(kept),
        **_stand_in(error[kept], preparation),
        **incoming.notes,
    }
    return ExaminedRows(
        labelled=Labelled(objects, RowTruth(preparation.roles, target[kept], error[kept])),
        preparation=preparation,
        facts=facts,
        place=incoming.row[kept],
        aside=None if incoming.aside is None else incoming.aside.iloc[kept],
        again=again,
        raw=raw,
        known=known,
        errors=words,
        spread=spread,
    )


def _stand_in(error: FloatArray, preparation: RowPreparation) -> dict[str, str]:
    n = int(np.isnan(error).sum())
    typical = f"{preparation.typical_error:.4g} {preparation.roles.unit}".strip()
    return {"errors of the target": f"unknown for {n} rows: {typical} stands in, as in training"} if n else {}


def errors_by_name(raw: RawTable) -> dict[str, FloatArray]:
    """Columns of a file that have a column of errors beside them, such as ``g_error`` or ``e_g``.

    Returns:
        Column to its 1-sigma errors in the column's own unit, 0 where unknown.
    """
    frame = raw.frame
    spelled = {str(name).lower(): str(name) for name in frame.columns}
    found: dict[str, FloatArray] = {}
    for name in spelled.values():
        candidates = [pattern.format(name).lower() for pattern in _ERROR_NAMES]
        own = next((spelled[one] for one in candidates if one in spelled), None)
        if own is not None:
            found[name] = positive(frame[own]) * _factor(raw.units.get(own, ""), raw.units.get(name, ""))
    return found


def _factor(stated: str, wanted: str) -> float:
    """From the unit of errors to that of their column; 1 where either is unknown, 0 where they do not fit."""
    one, other = known_unit(stated), known_unit(wanted)
    if not stated or not wanted or one is None or other is None:
        return 1.0
    return float(one.to(other)) if one.is_equivalent(other) else 0.0


def positive(values: pd.Series) -> FloatArray:
    """Numbers of a column, 0 where there is no positive one."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers) & (numbers > 0.0), numbers, 0.0)


def _sources(lineage: Mapping[str, frozenset[str]], preparation: RowPreparation) -> set[str]:
    """Columns of a file that numeric inputs are computed from."""
    numbers = [name for name in preparation.used if name not in preparation.classes]
    return {source for name in numbers for source in lineage.get(name, {name})}
