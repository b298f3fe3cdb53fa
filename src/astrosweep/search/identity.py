"""What makes a study that study: its trials can only be compared while this stays the same."""

from typing import Any

from astrosweep.config import StudyConfig
from astrosweep.core.errors import StudyError
from astrosweep.data.report import DataReport
from astrosweep.recording import FORMAT, flatten

_FREE = (
    "name",
    "worker",
    "storage",
    "tracking",
    "replicates",
    "trainer.accelerator",
    "trainer.device",
    "trainer.n_threads",
    "trainer.progress",
    "data.path",
    "data.archive",
)
"""Where and how fast trials run, not what they are; the data have a fingerprint of their own."""
_OF_SEARCH = ("objectives", "replicates", "space")


def identity_of(config: StudyConfig, report: DataReport) -> dict[str, Any]:
    """Everything that trials of one study have in common, as dotted keys to plain values.

    Args:
        config: The study's configuration.
        report: The report of its data.

    Returns:
        Settings, space, split and fingerprints of the data.
    """
    search = config.search
    settings = flatten(config.model_dump(mode="json", exclude={"search"}))
    identity = {key: value for key, value in settings.items() if not _is_free(key)}
    identity |= {f"search.{key}": getattr(search, key) for key in _OF_SEARCH if key != "space"}
    identity |= {f"search.space.{d.key}": d.text for d in search.distributions}
    for d in search.distributions:
        # A key that is drawn has no value of its own.
        identity = {key: value for key, value in identity.items() if not _within(key, d.key)}
    identity["format of runs"] = FORMAT
    identity["data fingerprint"] = report.fingerprint
    identity["sealed objects"] = report.sealed_fingerprint
    return identity


def check_unchanged(study: str, then: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse a study that changed.

    Raises:
        StudyError: The message lists what it was and what it is.
    """
    changed = [key for key in sorted({*then, *now}) if then.get(key) != now.get(key)]
    if not changed:
        return
    lines = "\n".join(f"  {key}: {_shown(then, key)} then, {_shown(now, key)} now" for key in changed)
    raise StudyError(
        f"Study {study!r} changed since it began:\n{lines}\n"
        "Its trials could not be compared. Choose another search.study=<name>, go back to the old settings, "
        "or say search.on_change=continue to mix them all the same."
    )


def _shown(identity: dict[str, Any], key: str) -> str:
    return str(identity[key]) if key in identity else "absent"


def _is_free(key: str) -> bool:
    return any(_within(key, free) for free in _FREE)


def _within(key: str, above: str) -> bool:
    return key == above or key.startswith(f"{above}.")
