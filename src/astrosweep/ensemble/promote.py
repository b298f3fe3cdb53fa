"""Make a version of a registered ensemble the champion, after a comparison with the present one."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from astrosweep.core.errors import AstrosweepError
from astrosweep.ensemble.bundle import Bundle, load_bundle
from astrosweep.ensemble.compare import Comparison, compare
from astrosweep.tracking import CHAMPION, Registry, Version, bundle_of

Decision = Literal["promoted", "forced", "refused", "kept"]
_FORCE = "force=true promotes it all the same"


@dataclass(frozen=True)
class Outcome:
    """What came of a promotion.

    Attributes:
        version: The version that was to be promoted.
        champion: The champion before; None where there was none.
        decision: ``promoted``, ``forced`` in spite of the reason, ``refused`` because of it, or ``kept``: it
            was the champion already.
        reason: Why, in words.
        comparison: How the two compare; None where they were not compared.
    """

    version: Version
    champion: Version | None
    decision: Decision
    reason: str
    comparison: Comparison | None = None

    def __str__(self) -> str:
        said = {
            "promoted": "is the champion",
            "forced": "is the champion by force",
            "refused": "is not promoted",
            "kept": "is the champion already",
        }[self.decision]
        advice = f". {_FORCE}" if self.decision == "refused" else ""
        return f"Version {self.version.number} of {self.version.model} {said}: {self.reason}{advice}"


def promote(registry: Registry, model: str, version: str = "candidate", *, force: bool = False) -> Outcome:
    """Promote a version unless it is worse than the present champion.

    It is promoted where its mean loss on the same objects is not larger than the champion's, where there is
    no champion, or where it is forced. What came of it is written into tags of the version, the alias
    ``champion`` last; a call that was interrupted can be repeated.

    Args:
        registry: The registry.
        model: Name of the registered model.
        version: Number or alias of the version.
        force: Promote it also where it is worse, or cannot be compared.

    Returns:
        What came of it.

    Raises:
        TrackingError: There is no such version, or the registry fails.
        FormatError: The version's bundle is damaged, which nothing excuses.
        ConfigError: Its configuration does not validate.
    """
    new = registry.find(model, version)
    champion = registry.aliased(model, CHAMPION)
    with tempfile.TemporaryDirectory(prefix="astrosweep-promote-", ignore_cleanup_errors=True) as folder:
        bundle = _fetch(registry, new, Path(folder) / "new")
        if champion is None:
            outcome = Outcome(new, None, "promoted", "there was none before")
        elif champion.number == new.number:
            return Outcome(new, champion, "kept", "nothing is changed")
        else:
            outcome = _judge(registry, new, bundle, champion, Path(folder) / "champion")
    if force and outcome.decision == "refused":
        outcome = replace(outcome, decision="forced")
    registry.tag(new, _tags(outcome))
    if outcome.decision != "refused":
        registry.point(CHAMPION, new)
    return outcome


def _judge(registry: Registry, new: Version, bundle: Bundle, champion: Version, folder: Path) -> Outcome:
    name = f"version {champion.number}"
    try:
        comparison = compare(bundle, _fetch(registry, champion, folder))
    except AstrosweepError as error:
        return Outcome(new, champion, "refused", f"it cannot be compared with {name}: {error}")
    if comparison.is_worse:
        return Outcome(new, champion, "refused", f"it is worse than {name}: {comparison}", comparison)
    return Outcome(new, champion, "promoted", f"it is not worse than {name}: {comparison}", comparison)


def _fetch(registry: Registry, version: Version, folder: Path) -> Bundle:
    return load_bundle(bundle_of(registry.fetch(version, folder)), accelerator="cpu")


def _tags(outcome: Outcome) -> dict[str, str]:
    """What came of a promotion, as tags of the version; those of an earlier try are replaced."""
    compared = outcome.comparison
    return {
        "promotion": outcome.decision,
        "promotion_reason": outcome.reason[:5000],
        "promotion_champion": "none" if outcome.champion is None else str(outcome.champion.number),
        "promotion_difference": "none" if compared is None else f"{compared.difference:.6g}",
        "promotion_interval": "none" if compared is None else f"{compared.low:.6g} to {compared.high:.6g}",
    }
