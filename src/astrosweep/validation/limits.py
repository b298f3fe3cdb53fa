"""Where a model does not hold, as far as the objects of a validation say."""

from collections.abc import Sequence
from dataclasses import dataclass

from astrosweep.data.examined import OBSERVED
from astrosweep.ensemble.coverage import Coverage, Reliability
from astrosweep.validation.calibration import interval_of, is_off
from astrosweep.validation.groups import Group
from astrosweep.validation.shift import Shift, is_notable

_FEWEST = 20
_LEVELS = (0.6827, 0.95)
_MOST_FLAGGED = 0.05
_MOST = 6
"""Groups of one variable that are named, the worst first."""


@dataclass(frozen=True)
class Limit:
    """A reason for care.

    Attributes:
        sort: ``intervals``, ``errors``, ``shift`` or ``flags``.
        text: In words.
    """

    sort: str
    text: str


def limits_of(
    reliability: Reliability | None,
    groups: Sequence[Group],
    overall_rmse: float,
    shifts: Sequence[Shift],
    flagged: float | None,
) -> list[Limit]:
    """Find groups whose intervals or errors are off, inputs that moved, and too many flags.

    Args:
        reliability: Coverage on the best objects that there are; None for none.
        groups: Errors by group.
        overall_rmse: RMSE of all objects.
        shifts: How the inputs moved.
        flagged: Share of flagged objects; None where there are none.
    """
    found: list[Limit] = []
    n_tried = n_off = 0
    for variable, by_name in (reliability.by_group if reliability else {}).items():
        if variable.startswith(OBSERVED):
            continue  # chosen by noise: even honest intervals are off there
        tried = [
            (name, one)
            for name, coverages in by_name.items()
            for one in coverages
            if one.level in _LEVELS and one.objects >= _FEWEST
        ]
        n_tried += len(tried)
        off = [(name, one) for name, one in tried if is_off(one)]
        n_off += len(off)
        off.sort(key=lambda pair: pair[1].share - pair[1].level)  # intervals that are too narrow come first
        found += [Limit("intervals", _off(variable, name, one)) for name, one in off[:_MOST]]
        if len(off) > _MOST:
            found.append(Limit("intervals", f"{variable}: {len(off) - _MOST} more coverages, in report.json"))
    if found:
        chance = 0.05 * n_tried
        text = f"{n_off} of {n_tried} coverages of groups are off; {chance:.0f} would be by chance"
        found.insert(0, Limit("intervals", text))
    variables = dict.fromkeys(group.variable for group in groups)
    for variable in (one for one in variables if not one.startswith(OBSERVED)):
        far = [one for one in groups if one.variable == variable and one.n >= _FEWEST]
        far = [one for one in far if one.metrics["rmse"].low > overall_rmse]
        far.sort(key=lambda one: -one.metrics["rmse"].value)
        found += [Limit("errors", _far(one, overall_rmse)) for one in far[:_MOST]]
        if len(far) > _MOST:
            found.append(Limit("errors", f"{variable}: {len(far) - _MOST} more groups, in report.json"))
    found += [
        Limit("shift", f"{one.name}: {one.measure} {one.value:.2f} from the training objects")
        for one in shifts
        if is_notable(one)
    ]
    if flagged is not None and flagged > _MOST_FLAGGED:
        found.append(
            Limit("flags", f"{flagged:.0%} of the objects are flagged as unlike the training objects")
        )
    return found


def _off(variable: str, name: str, one: Coverage) -> str:
    low, high = interval_of(one)
    what = "too narrow" if one.share < one.level else "too wide"
    return (
        f"{variable} {name}: {what}, {one.share:.0%} ({low:.0%} to {high:.0%}) of {one.objects} objects are "
        f"within the {one.level:.0%} interval"
    )


def _far(group: Group, overall_rmse: float) -> str:
    rmse = group.metrics["rmse"]
    return (
        f"{group.variable} {group.name}: RMSE {rmse.value:.4g} ({rmse.low:.4g} to {rmse.high:.4g}), above "
        f"the {overall_rmse:.4g} of all"
    )
