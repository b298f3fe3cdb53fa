"""The guard against features that are derived from the target.

A network that sees the target's error, or what was computed from the target, scores well and predicts nothing
where no target is known. Such columns are refused by name and by lineage, so that renaming one does not hide
it, and any feature that copies the target's order is refused by its values.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from astrosweep.core.errors import LeakageError
from astrosweep.kinds.tables.table import Roles

_COPY_CORRELATION = 0.999
_FEWEST_KNOWN = 20


@dataclass(frozen=True)
class Guard:
    """What gives a feature of one kind of table away.

    Attributes:
        roles: The columns of target and error.
        derived: Finds names of columns that are derived from such a target; None for none.
    """

    roles: Roles
    derived: re.Pattern[str] | None = None

    def leaks(self, features: Sequence[str], lineage: Mapping[str, frozenset[str]]) -> dict[str, str]:
        """Find features derived from the target by their own name or that of a column they come from.

        Args:
            features: Column names.
            lineage: Column to the source's own columns it was computed from.

        Returns:
            Feature to the name, or the shared source column, that gives it away.
        """
        found = {}
        of_target = lineage.get(self.roles.target, frozenset()) | lineage.get(self.roles.error, frozenset())
        for feature in features:
            sources = lineage.get(feature, frozenset())
            names = [feature, *sorted(sources)]
            given_away = next((name for name in names if self.derived and self.derived.search(name)), None)
            if given_away:
                found[feature] = given_away
            elif shared := sorted(sources & of_target):
                found[feature] = f"computed from {shared[0]}, as the target is"
        return found


def refuse_leaks(target: str, leaks: Mapping[str, str], *, allowed: bool) -> None:
    """Refuse leaking features unless they were asked for.

    Raises:
        LeakageError: There are leaks and they are not allowed.
    """
    if leaks and not allowed:
        named = "; ".join(f"{feature} ({why})" for feature, why in leaks.items())
        raise LeakageError(
            f"These features are derived from the target {target}: {named}. "
            "Remove them from data.features (of data=table, where all columns are features, by "
            "data.features.derived=[...]), or set data.allow_leakage=true; the run is then tagged."
        )


def copies_of_target(features: pd.DataFrame, target: "pd.Series[float]") -> dict[str, str]:
    """Find numeric features that copy the target's order on the training rows where they are known.

    The feature itself, its absolute value and its inverse are ranked against the target.

    Args:
        features: Raw features of the training rows.
        target: Target of the same rows.

    Returns:
        Feature to a description of its correlation.
    """
    found = {}
    for name, values in features.select_dtypes("number").items():
        known = values.notna() & (values != 0)
        if known.sum() < _FEWEST_KNOWN:
            continue
        x, y = values[known], target[known]
        forms = [form for form in (x, x.abs(), 1 / x) if form.min() < form.max()]
        correlation = max((abs(form.corr(y, method="spearman")) for form in forms), default=0.0)
        if correlation >= _COPY_CORRELATION:
            found[str(name)] = f"Spearman correlation {correlation:.4f} with the target"
    return found
