"""What ``promote.py`` calls: a version of a registered ensemble becomes the champion, or not."""

import logging
import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from astrosweep.config.promote import promote_config
from astrosweep.job.ahead import uncollected
from astrosweep.job.faults import ends_a_job
from astrosweep.job.folder import working_in
from astrosweep.job.signals import interrupt_on_sigterm

_log = logging.getLogger(__name__)


def run_promotion(composed: DictConfig) -> None:
    """Promote a version; where it is refused or fails, the program ends with exit code 1.

    Args:
        composed: What Hydra composed.
    """
    interrupt_on_sigterm()
    hydra = HydraConfig.get()
    with ends_a_job("The champion is what it was."), working_in(Path(hydra.runtime.cwd)):
        is_promoted = _run(composed)
    if not is_promoted:
        sys.exit(1)


def _run(composed: DictConfig) -> bool:
    config = promote_config(composed)
    with uncollected():
        from astrosweep.ensemble.promote import promote
        from astrosweep.tracking import Registry, create_stores
    create_stores(config.tracking)
    asked = config.promote
    outcome = promote(Registry(config.tracking), asked.model, asked.version, force=asked.force)
    is_promoted = outcome.decision != "refused"
    (_log.info if is_promoted else _log.error)("%s", outcome)
    return is_promoted
