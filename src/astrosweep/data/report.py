"""The data report: what was read, which step removed how many rows and why, what was filled and dropped."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pandas as pd

from astrosweep.core.errors import DataError

STARTED_FROM = "started from"
"""Key of the note that says which earlier training a run goes on from."""


@dataclass(frozen=True)
class RowStep:
    """One step that may remove rows.

    Attributes:
        name: Name of the step, as in the configuration.
        reason: Why a row is removed.
        removed: Number of rows removed.
        left: Number of rows left.
    """

    name: str
    reason: str
    removed: int
    left: int


@dataclass(frozen=True)
class DataReport:
    """What happened to a table on its way to a network.

    Attributes:
        origin: Where the table comes from.
        fingerprint: Hash of the table as read.
        rows_read: Number of rows read.
        steps: Row steps in order.
        parts: Number of rows of each part of the split.
        features: Columns used as features.
        absent: Optional columns that the table does not have.
        missing: Feature to its share of missing values among the labelled rows.
        impossible: Column (or kind of profile) to the numbers that cannot be and count as missing, and how
            often each was there.
        unknown_errors: Labelled rows without a catalogue error of the target.
        leaks: Features derived from the target, in use because ``data.allow_leakage`` is set.
        target_cuts: Cuts on the target or what is derived from it: the sample is selected by its target.
        sealed_fingerprint: Hash of the sealed identifiers; runs that share it sealed the same objects.
        scale: What lengths were divided by, in words; empty where nothing was.
        notes: What reading the data did that a user should know.
        folds: For each fold, what the fitted preparation did.
    """

    origin: str
    fingerprint: str
    rows_read: int
    steps: tuple[RowStep, ...] = ()
    parts: dict[str, int] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    missing: dict[str, float] = field(default_factory=dict)
    impossible: dict[str, dict[str, int]] = field(default_factory=dict)
    unknown_errors: int = 0
    leaks: dict[str, str] = field(default_factory=dict)
    target_cuts: tuple[str, ...] = ()
    sealed_fingerprint: str = ""
    scale: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    folds: tuple[dict[str, Any], ...] = ()

    def with_fold(self, facts: dict[str, Any]) -> "DataReport":
        """Return a report that also holds what one fold's preparation did."""
        return replace(self, folds=(*self.folds, facts))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @property
    def summary(self) -> str:
        """One line: what was read, removed by each step and treated as missing, and the size of each part.

        Outliers are removed from training rows only; of several folds the most that any lost is told.
        """
        steps = {step.name: step.removed for step in self.steps}
        steps["outliers (training)"] = max(
            (sum(fold.get("outliers_removed", {}).values()) for fold in self.folds), default=0
        )
        removed = ", ".join(f"{name} {count}" for name, count in steps.items() if count)
        treated = ", ".join(f"{name} {sum(counts.values())}" for name, counts in self.impossible.items())
        parts = ", ".join(f"{name} {count}" for name, count in self.parts.items())
        missing = f"impossible values treated as missing: {treated}; " if treated else ""
        return f"{self.rows_read} rows read; removed: {removed or 'none'}; {missing}{parts}"


class RowFilter:
    """Apply row steps to a frame and count them.

    Attributes:
        frame: The rows left.
        steps: The steps so far.
    """

    def __init__(self, frame: pd.DataFrame, origin: str) -> None:
        self.frame = frame
        self.steps: list[RowStep] = []
        self._origin = origin

    def keep(self, name: str, reason: str, mask: "pd.Series[bool]") -> None:
        """Keep the rows where ``mask`` is true.

        Args:
            name: Name of the step.
            reason: Why the others are removed.
            mask: Shape (N,), aligned with ``frame``.

        Raises:
            DataError: No row is left; the message says which step took the last ones.
        """
        before = len(self.frame)
        self.frame = self.frame.loc[mask.to_numpy(dtype=bool)]
        left = len(self.frame)
        self.steps.append(RowStep(name, reason, before - left, left))
        if left == 0:
            history = ", ".join(f"{step.name} {step.removed}" for step in self.steps)
            raise DataError(
                f"{self._origin}: no rows are left after the step '{name}' ({reason}), "
                f"which removed the last {before}. Rows removed by each step: {history}."
            )
