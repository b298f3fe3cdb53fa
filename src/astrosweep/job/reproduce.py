"""Train a recorded run again and say whether it came out the same, to the last bit."""

import json
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from astrosweep.config import RunConfig, TrackingConfig, load_run_config
from astrosweep.config.parse import validate
from astrosweep.core.errors import ConfigError, TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.recording import CONFIG, METRICS
from astrosweep.tracking import open_tracker

_log = logging.getLogger(__name__)
_SECONDS = "time_s"


@dataclass(frozen=True)
class Original:
    """A recorded run.

    Attributes:
        run_id: Its identifier.
        config: Its configuration, with the addresses of the new command: recorded ones have no passwords.
        metrics: Its metrics.
        fingerprint: Fingerprint of its data.
    """

    run_id: str
    config: RunConfig
    metrics: dict[str, float | None]
    fingerprint: str


def recall(composed: DictConfig, name_or_id: str, overrides: Sequence[str]) -> Original:
    """Read a recorded run's configuration and metrics.

    Args:
        composed: What Hydra composed; only its ``tracking`` and ``storage`` are used.
        name_or_id: The run.
        overrides: The command line's overrides.

    Returns:
        The run.

    Raises:
        ConfigError: The command line overrides something besides ``tracking``.
        TrackingError: The run is not recorded, has not finished, or is no single run or trial.
    """
    changed = [text for text in overrides if not text.lstrip("+").startswith(("reproduce=", "tracking"))]
    if changed:
        raise ConfigError(
            f"+reproduce={name_or_id} repeats a run as it was; not allowed beside it: {' '.join(changed)}. "
            "Allowed: tracking keys."
        )
    plain = OmegaConf.to_container(composed, resolve=True)
    assert isinstance(plain, dict)
    plain.pop("reproduce")
    current = validate(plain)
    tracking: TrackingConfig = current.tracking
    tracker = open_tracker(tracking)
    found = tracker.find(name_or_id)
    if found.status != "finished":
        raise TrackingError(f"Run {name_or_id} is {found.status}; only a finished run can be reproduced.")
    with tempfile.TemporaryDirectory(prefix="astrosweep-original-") as folder:
        files = tracker.fetch(found.run_id, Path(folder))
        if not (files / METRICS).exists():
            raise TrackingError(f"Run {name_or_id} has no {METRICS}; only single runs and trials have.")
        config = load_run_config(files / CONFIG)
        metrics = json.loads((files / METRICS).read_text())
    return Original(
        run_id=found.run_id,
        config=config.model_copy(update={"tracking": tracking, "storage": current.storage}),
        metrics=metrics,
        fingerprint=found.tags["data_fingerprint"],
    )


def compare(original: Original, record: RunRecord) -> None:
    """Compare a finished run with the one it repeats.

    Raises:
        ConfigError: The data or any metric differs; the message lists the differences.
    """
    fingerprint = record.tags["data_fingerprint"]
    if fingerprint != original.fingerprint:
        raise ConfigError(
            f"The data changed since run {original.run_id}: fingerprint {original.fingerprint} then, "
            f"{fingerprint} now."
        )
    different = [
        f"{key}: {value} then, {record.metrics.get(key)} now"
        for key, value in original.metrics.items()
        if not key.endswith(_SECONDS) and value is not None and value != record.metrics.get(key)
    ]
    if different:
        shown = "\n  ".join(different[:10])
        raise ConfigError(
            f"{len(different)} of {len(original.metrics)} metrics differ from those of run "
            f"{original.run_id}:\n  {shown}"
        )
    _log.info("All %d metrics equal those of run %s to the last bit.", len(original.metrics), original.run_id)
