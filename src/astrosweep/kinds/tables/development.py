"""From a table to the rows that may be learned from, with the test part's targets left behind."""

import logging
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.config.kinds.tables import RowsConfig
from astrosweep.config.split import SplitConfig
from astrosweep.core.errors import DataError
from astrosweep.data.kind import Development, Labelled
from astrosweep.data.report import DataReport, RowFilter
from astrosweep.data.split import TEST, assign, count_parts, fingerprint_of, number_of_folds
from astrosweep.kinds.tables.clean import apply_rules, require_targets
from astrosweep.kinds.tables.features import Features
from astrosweep.kinds.tables.leakage import Guard, refuse_leaks
from astrosweep.kinds.tables.rows import Rows, RowTruth, raw_features
from astrosweep.kinds.tables.table import Roles, SourceTable

_log = logging.getLogger(__name__)

RowDevelopment = Development[Rows, RowTruth]


@dataclass(frozen=True, eq=False)
class _Split:
    """A table after split and cleaning; it lives only while parts are taken from it.

    Attributes:
        frame: The rows that are left.
        part: Part of each, as ``assign`` gives it.
        report: What happened to them, without what only the labelled rows tell.
        roles: Which column is what.
        features: The columns used.
    """

    frame: pd.DataFrame
    part: NDArray[np.int64]
    report: DataReport
    roles: Roles
    features: list[str]

    def labelled(self, rows: NDArray[np.bool_]) -> Labelled[Rows, RowTruth]:
        """Some of the rows with their targets."""
        frame = self.frame.loc[rows]
        has_error = self.roles.error in frame
        error = np.asarray(frame[self.roles.error] if has_error else np.full(len(frame), np.nan), np.float64)
        target = frame[self.roles.target].to_numpy(dtype=np.float64)
        return Labelled(self.observed(rows), RowTruth(self.roles, target, error))

    def observed(self, rows: NDArray[np.bool_]) -> Rows:
        """Some of the rows without their targets."""
        return _rows(self.frame.loc[rows], self.roles, self.features)


def develop(
    table: SourceTable, features: Features, guard: Guard, data: RowsConfig, split: SplitConfig
) -> RowDevelopment:
    """Split a table, clean it and seal its test part.

    The split comes before the cleaning, so that the sealed rows of a table are the same whatever the features
    and the cuts. This is the only place where test rows and their targets are together; the targets go no
    further.

    Args:
        table: The objects as read.
        features: The columns used.
        guard: Which columns are identifier, target and error, and what gives a feature away.
        data: Row rules.
        split: The split.

    Returns:
        The labelled rows and the sealed features.

    Raises:
        DataError: No row is left after a step.
        LeakageError: A feature is derived from the target and ``data.allow_leakage`` is false.
    """
    whole = _split(table, features, guard, data, split)
    known = whole.part != TEST
    labelled, sealed = whole.labelled(known), whole.observed(~known)
    return Development(
        labelled=labelled,
        fold=whole.part[known],
        sealed=sealed,
        n_folds=number_of_folds(split),
        report=replace(
            whole.report,
            missing={name: float(labelled.objects.frame[name].isna().mean()) for name in features.names},
            unknown_errors=int(np.isnan(labelled.truth.error).sum()),
            sealed_fingerprint=fingerprint_of(sealed.ids),
        ),
    )


def unseal_rows(
    table: SourceTable, features: Features, guard: Guard, data: RowsConfig, split: SplitConfig
) -> Labelled[Rows, RowTruth]:
    """Split and clean a table as ``develop`` does and keep the test part with its targets.

    Args:
        table: See ``develop``.
        features: See ``develop``.
        guard: See ``develop``.
        data: See ``develop``.
        split: See ``develop``.

    Returns:
        The sealed rows of ``develop``, in the same order.

    Raises:
        DataError: See ``develop``.
        LeakageError: See ``develop``.
    """
    whole = _split(table, features, guard, data, split)
    return whole.labelled(whole.part == TEST)


def _split(
    table: SourceTable, features: Features, guard: Guard, data: RowsConfig, split: SplitConfig
) -> _Split:
    roles = guard.roles
    leaks = guard.leaks(features.names, table.lineage)
    refuse_leaks(roles.target, leaks, allowed=data.allow_leakage)
    names = list(features.names)
    given = table.frame.assign(**raw_features(table.frame, names)).reset_index(drop=True)
    rows = RowFilter(given, table.origin)
    require_targets(rows, roles, data.cleaning)
    ids, targets = rows.frame[roles.id].to_numpy(), rows.frame[roles.target].to_numpy(dtype=np.float64)
    part_of = pd.Series(assign(ids, targets, split), index=rows.frame.index)
    apply_rules(rows, names, data.cleaning)

    part, n_folds = part_of[rows.frame.index].to_numpy(), number_of_folds(split)
    _check_parts(part, n_folds, table.origin)
    target_cuts = sorted(guard.leaks(list(data.cleaning.cuts), table.lineage))
    if target_cuts:
        _log.warning("cuts on %s select objects by their target; scores hold for such ones only", target_cuts)
    report = DataReport(
        origin=table.origin,
        fingerprint=table.fingerprint,
        rows_read=len(table.frame),
        steps=tuple(rows.steps),
        parts=count_parts(part, n_folds),
        features=features.names,
        absent=features.absent,
        leaks=leaks,
        target_cuts=tuple(target_cuts),
        impossible={name: dict(counts) for name, counts in table.impossible.items()},
        notes=dict(table.notes),
    )
    return _Split(rows.frame, part, report, roles, names)


def _rows(frame: pd.DataFrame, roles: Roles, features: list[str]) -> Rows:
    names = frame[roles.name].to_numpy(dtype=object) if roles.name else None
    return Rows(frame[roles.id].to_numpy(), frame[features].reset_index(drop=True), names)


def _check_parts(part: NDArray[np.int64], n_folds: int, origin: str) -> None:
    fold = part[part != TEST]
    for k in range(n_folds):
        for name, mask in (("training", fold != k), ("validation", fold == k)):
            if not mask.any():
                raise DataError(
                    f"{origin}: fold {k} has no {name} rows after cleaning; "
                    f"{len(fold)} labelled rows are left for {n_folds} folds"
                )
    if not (part == TEST).any():
        raise DataError(f"{origin}: no test rows are left after cleaning; {len(part)} rows are left")
