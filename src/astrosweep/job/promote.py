"""What ``promote.py`` calls: a version of a registered ensemble becomes the champion, or not."""

import logging
import sys

from omegaconf import DictConfig

from astrosweep.config.promote import promote_config
from astrosweep.core.errors import AstrosweepError
from astrosweep.job.ahead import uncollected
from astrosweep.job.faults import FAULT

_log = logging.getLogger(__name__)
_INTERRUPTED = 130


def run_promotion(composed: DictConfig) -> None:
    """Promote a version; where it is refused or fails, the program ends with exit code 1.

    Args:
        composed: What Hydra composed.
    """
    try:
        is_promoted = _run(composed)
    except KeyboardInterrupt:
        _log.error("Stopped. The same command again goes on.")
        sys.exit(_INTERRUPTED)
    except AstrosweepError as error:
        _log.error("%s", error)
        sys.exit(1)
    except OSError as error:
        _log.error("A file cannot be written or read: %s. The champion is what it was.", error)
        sys.exit(1)
    except Exception:
        _log.exception(FAULT)
        sys.exit(1)
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
