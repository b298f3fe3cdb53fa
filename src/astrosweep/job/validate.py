"""What ``validate.py`` calls: one report on one model."""

import logging
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from rich.console import Console

from astrosweep.config.validate import validate_config
from astrosweep.core.errors import AstrosweepError, DataError
from astrosweep.job.ahead import uncollected
from astrosweep.job.faults import ends_a_job
from astrosweep.job.folder import working_in
from astrosweep.job.signals import interrupt_on_sigterm

_log = logging.getLogger(__name__)


class ValidationFailed(AstrosweepError):
    """A job of several failed; its reason was told."""


def run_validation(composed: DictConfig) -> None:
    """Validate a model; where that is impossible the program ends with exit code 1 and no report is left.

    Args:
        composed: What Hydra composed.

    Raises:
        ValidationFailed: It is impossible for one job of several; the others go on.
    """
    interrupt_on_sigterm()
    hydra = HydraConfig.get()
    try:
        with ends_a_job("No report was written."), working_in(Path(hydra.runtime.cwd)):
            _run(composed)
    except SystemExit as ended:
        if hydra.mode == RunMode.MULTIRUN and ended.code == 1:
            raise ValidationFailed(f"no report on {composed.validation.get('model')}") from None
        raise


def _run(composed: DictConfig) -> None:
    config = validate_config(composed)
    with uncollected():
        from astrosweep.validation.report import PAGE, headlines
        from astrosweep.validation.validate import validate
    try:
        done = validate(config, lambda step: _log.info("%s ...", step))
    except MemoryError as error:
        raise DataError("out of memory: lower most_objects and draws, or give fewer objects") from error
    console = Console()
    for line in (*headlines(done.validation), f"{done.folder / PAGE}: opens in any browser, also offline"):
        console.print(line, highlight=False, soft_wrap=True)
