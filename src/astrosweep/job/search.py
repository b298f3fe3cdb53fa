"""A job that searches: one worker of a study."""

import logging

from astrosweep.config import StudyConfig
from astrosweep.core.errors import StudyError
from astrosweep.core.types import RunRecord
from astrosweep.job.outcome import WORKER
from astrosweep.search import watched
from astrosweep.search.conclusion import conclude
from astrosweep.search.worker import End, work
from astrosweep.tracking import Tracker

_log = logging.getLogger(__name__)


def run_worker(config: StudyConfig, tracker: Tracker, *, alone: bool) -> RunRecord:
    """Run trials until the study has enough, and write its result if it is this worker that ends it.

    Args:
        config: The study's configuration.
        tracker: The record of runs.
        alone: Whether this process is the whole command, which then shows the progress itself.

    Returns:
        A record of the worker, without metrics.

    Raises:
        StudyError: The study changed since it began, or too many of its trials failed.
        AstrosweepError: See ``work``.
    """
    name = config.study_name
    with watched([config] if alone else []):
        study, end = work(config, tracker)
    counts = study.counts()
    if end is End.FAILURES:
        reason = (
            f"Study {name!r} stopped: {counts.failed} trials failed, search.max_failures="
            f"{config.search.max_failures}; it has {counts.complete} complete and "
            f"{counts.pruned} pruned trials. Each failed run in MLflow has its reason."
        )
        conclude(study, "failed", reason)
        raise StudyError(reason)
    if end is End.DONE or counts.running == 0:
        conclude(study, "finished")
    _log.info("%s, worker %d: %s.", name, config.worker, end.value)
    return RunRecord(name=f"{name} worker {config.worker}", status="finished", tags={"role": WORKER})
