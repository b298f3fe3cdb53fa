"""The function that ``train.py`` calls for each Hydra job."""

import logging
import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from astrosweep.core.errors import AstrosweepError
from astrosweep.core.types import RunRecord
from astrosweep.job.ahead import uncollected
from astrosweep.job.configuration import configuration
from astrosweep.job.faults import FAULT, INTERRUPTED
from astrosweep.job.folder import working_in
from astrosweep.job.orphan import job_in_progress
from astrosweep.job.outcome import Sweep, exchange_of, read_sweep, write_outcome
from astrosweep.job.passwords import overrides_of
from astrosweep.job.signals import interrupt_on_sigterm
from astrosweep.tracking import open_tracker

_log = logging.getLogger(__name__)


def run_job(composed: DictConfig) -> None:
    """Run one job: validate, train, record.

    In a multirun a failed job is recorded and the others go on; a single run that fails ends the program
    with exit code 1, one stopped by the user with 130.

    Args:
        composed: What Hydra composed for this job.
    """
    interrupt_on_sigterm()
    with job_in_progress():
        _run_job(composed)


def _run_job(composed: DictConfig) -> None:
    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir)
    overrides = overrides_of(hydra)
    in_multirun = hydra.mode == RunMode.MULTIRUN
    exchange = exchange_of(hydra.job.env_set) if in_multirun else None
    try:
        sweep = read_sweep(exchange) if exchange else None
        with working_in(Path(sweep.given_in if sweep else hydra.runtime.cwd)):
            record = _run(composed, folder, sweep, overrides)
    except AstrosweepError as error:
        record = RunRecord(name=_name(overrides), status="failed", error=str(error))
    except KeyboardInterrupt:
        _log.error("Stopped by the user or the scheduler. What was recorded so far is kept.")
        sys.exit(INTERRUPTED)
    except Exception as error:
        _log.exception(FAULT)
        record = RunRecord(name=_name(overrides), status="failed", error=repr(error))
    if record.status == "failed":
        _log.error("%s failed. %s", record.name, record.error)
    if exchange:
        try:
            write_outcome(exchange, hydra.job.num, record)
        except OSError as error:
            _log.error("%s: the job's outcome cannot be written: %s", exchange, error)
    if not in_multirun and record.status != "finished":
        sys.exit(1)


def _run(composed: DictConfig, folder: Path, sweep: Sweep | None, overrides: list[str]) -> RunRecord:
    # Imported where a job runs: the process that launches jobs elsewhere need not wait for torch.
    with uncollected():
        from astrosweep.job.reproduce import compare, recall
        from astrosweep.job.search import run_worker
        from astrosweep.job.terminal import show_results, show_studies
        from astrosweep.recording import train_and_record
        from astrosweep.search.summary import summarize
        from astrosweep.training import on_own_device

    reproduced = composed.get("reproduce")
    if reproduced:
        original = recall(composed, str(reproduced), overrides)
        config, tags = original.config, {"reproduces": original.run_id}
    else:
        config, tags = configuration(composed, sweep.swept if sweep else (), overrides), {}
    tracker = open_tracker(config.tracking)
    if config.search is not None:
        study = config.as_study()
        record = run_worker(study, tracker, alone=sweep is None)
        if sweep is None:
            show_studies([summarize(study, tracker)], config.tracking)
        return record
    # Jobs of a grid may run side by side, and would share the first GPU of several.
    if sweep and not any(text.lstrip("+").startswith("trainer.device=") for text in overrides):
        config = on_own_device(config, HydraConfig.get().job.num)
    _, record = train_and_record(
        config, tracker, folder, parent_id=sweep.parent_id if sweep else None, extra_tags=tags
    )
    if reproduced and record.status == "finished":
        compare(original, record)
    if sweep is None and record.status == "finished":
        show_results([record], config.tracking, folder)
    return record


def _name(overrides: list[str]) -> str:
    """Name of a job whose configuration is not known to be good."""
    return " ".join(text.lstrip("+") for text in overrides) or "run"
