"""Where a model does not hold, as far as the objects of a validation say."""

from collections.abc import Sequence
from dataclasses import dataclass

from astrosweep.ensemble.coverage import Reliability
from astrosweep.validation.calibration import interval_of, is_off
from astrosweep.validation.groups import Group
from astrosweep.validation.shift import Shift, is_notable

_FEWEST = 20
_LEVELS = (0.6827, 0.95)
_MOST_FLAGGED = 0.05


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
    found = []
    n_tried = 0
    for variable, by_name in (reliability.by_group if reliability else {}).items():
        for name, coverages in by_name.items():
            for one in coverages:
                if one.level not in _LEVELS or one.objects < _FEWEST:
                    continue
                n_tried += 1
                if is_off(one):
                    low, high = interval_of(one)
                    found.append(
                        Limit(
                            "intervals",
                            f"{variable} {name}: {one.share:.0%} ({low:.0%} to {high:.0%}) of {one.objects} "
                            f"objects are within the {one.level:.0%} interval",
                        )
                    )
    if found:
        text = (
            f"{len(found)} of {n_tried} coverages of groups are off; {0.05 * n_tried:.0f} would be by chance"
        )
        found.insert(0, Limit("intervals", text))
    for group in groups:
        rmse = group.metrics["rmse"]
        if group.n >= _FEWEST and rmse.low > overall_rmse:
            found.append(
                Limit(
                    "errors",
                    f"{group.variable} {group.name}: RMSE {rmse.value:.4g} ({rmse.low:.4g} to "
                    f"{rmse.high:.4g}), above the {overall_rmse:.4g} of all",
                )
            )
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
