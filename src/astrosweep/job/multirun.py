"""What surrounds the jobs of a multirun: checks before the first, parent run, table after the last."""

import atexit
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from astrosweep.config import RunConfig, StudyConfig
from astrosweep.core.errors import AstrosweepError
from astrosweep.core.types import RunRecord
from astrosweep.job.ahead import processes_started
from astrosweep.job.beforehand import CommandCallback
from astrosweep.job.faults import FAULT, ends_the_command
from astrosweep.job.grammar import quoted
from astrosweep.job.grid import append_workers, configurations, expand
from astrosweep.job.outcome import VARIABLE, WORKER, Sweep, claim, new_exchange, read_outcomes, write_sweep
from astrosweep.job.passwords import overrides_of
from astrosweep.job.signals import interrupt_on_sigterm
from astrosweep.search import open_storage, watched
from astrosweep.tracking import Tracker, create_stores, open_tracker, process_tags

_log = logging.getLogger(__name__)


class MultirunCallback(CommandCallback):
    """Refuse a multirun with a faulty job before any job starts; record its parent run; show its results."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._folder = Path()
        self._exchange = Path()
        self._configs: list[RunConfig] = []
        self._tracker: Tracker | None = None
        self._sweep: Sweep | None = None
        self._searches: list[StudyConfig] = []
        self._display = ExitStack()
        self._ended = False

    def __reduce__(self) -> tuple[type["MultirunCallback"], tuple[()]]:
        """Launchers send callbacks to their processes, where this one has nothing to do."""
        return MultirunCallback, ()

    def on_multirun_start(self, config: DictConfig, config_name: str | None = None, **kwargs: Any) -> None:  # noqa: ARG002
        """Validate every job, create the stores once, and open the parent run.

        Faults end the program with exit code 1 before any work.
        """
        with ends_the_command():
            self._start(config, config_name or "config")

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """Close the parent run and show the table; exit code 1 if a job failed."""
        if self._end("finished"):
            sys.exit(1)

    def _start(self, composed: DictConfig, config_name: str) -> None:
        interrupt_on_sigterm()
        append_workers(composed)
        overrides = overrides_of(composed.hydra)
        jobs, swept = expand(
            [*(f"{key}={value}" for key, value in (composed.hydra.sweeper.params or {}).items()), *overrides]
        )
        self._configs = configs = configurations(config_name, jobs, swept)
        self._folder = Path(composed.hydra.sweep.dir).absolute()
        studies = [config.as_study() for config in configs if config.search]
        self._searches = list({study.study_name: study for study in studies}.values())
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = claim(self._folder)
        tracking = configs[0].tracking
        with processes_started(composed.hydra.launcher, len(jobs)):
            create_stores(tracking)
            for storage in dict.fromkeys(config.storage for config in self._searches):
                open_storage(storage)
        exchange = new_exchange(self._folder)
        exchange.mkdir(parents=True)
        self._tracker = open_tracker(tracking)
        runs = [config for config in configs if config.search is None]
        parent_id = _start_parent(runs, overrides, self._tracker) if runs else None
        sweep = Sweep(parent_id, tuple(swept), os.getcwd())
        write_sweep(exchange, sweep)
        # Hydra makes the configuration of each job anew from these: what is only set here does not reach it.
        composed.hydra.overrides.hydra.append(f"++hydra.job.env_set.{VARIABLE}={quoted(str(exchange))}")
        self._exchange, self._sweep = exchange, sweep
        atexit.register(self._end, "killed")
        self._display.enter_context(watched(self._searches))
        # Read while the jobs run: an interpreter that is ending cannot import it any more.
        threading.Thread(target=_import_what_shows, daemon=True).start()

    def _end(self, status: str) -> bool:
        """Close the parent run once; return whether a job, or this, failed."""
        if self._ended or self._sweep is None or self._tracker is None:
            return False
        self._ended = True
        try:
            return self._close(status, self._sweep, self._tracker)
        except (AstrosweepError, OSError) as error:
            _log.error("%s", error)
        except Exception:
            _log.exception(FAULT)
        return True

    def _close(self, status: str, sweep: Sweep, tracker: Tracker) -> bool:
        from astrosweep.job.terminal import show_results, show_studies

        self._display.close()
        records = read_outcomes(self._exchange, [_name(config) for config in self._configs])
        failed = [record for record in records if record.status != "finished"]
        shown = [record for record in records if record.tags.get("role") != WORKER]
        tracking = self._configs[0].tracking
        if shown:
            show_results(shown, tracking, self._folder)
        if status == "killed" and self._searches:
            _log.error("The search was stopped, or a worker died. The same command again goes on with it.")
        if self._searches:
            from astrosweep.search.summary import interrupt, summarize

            is_recorded = tracking.name == "mlflow"  # in memory a study's run is in its worker's
            for config in self._searches if status == "killed" and is_recorded else []:
                interrupt(config, tracker)
            show_studies([summarize(config, tracker) for config in self._searches], tracking)
        if sweep.parent_id is not None:
            tracker.finish(sweep.parent_id, self._parent_record(status, records, failed))
        return bool(failed)

    def _parent_record(
        self, status: str, records: Sequence[RunRecord], failed: Sequence[RunRecord]
    ) -> RunRecord:
        return RunRecord(
            name="",
            status="killed" if status == "killed" else "failed" if failed else "finished",
            metrics={"jobs/finished": len(records) - len(failed), "jobs/failed": len(failed)},
            error=f"{len(failed)} of {len(records)} jobs did not finish" if failed else "",
            duration_s=time.perf_counter() - self._started,
        )


def _import_what_shows() -> None:
    import astrosweep.job.terminal
    import astrosweep.search.summary  # noqa: F401


def _name(config: RunConfig) -> str:
    """What a job is called if it leaves no outcome."""
    return f"{config.as_study().study_name} worker {config.worker}" if config.search else config.run_name


def _start_parent(configs: Sequence[RunConfig], overrides: Sequence[str], tracker: Tracker) -> str:
    """Open the run of a multirun."""
    from astrosweep.recording import tags_of

    tags = {**tags_of(configs[0]), **process_tags(), "role": "sweep", "n_jobs": str(len(configs))}
    of_jobs = [tags_of(config) for config in configs]
    for tag in ("class", "source", "features", "target", "model", "loss", "split"):
        tags[tag] = ",".join(dict.fromkeys(job[tag] for job in of_jobs))
    tags["overrides"] = " ".join(text.lstrip("+") for text in overrides)
    name = f"{tags['model']} on {tags['class']} ({len(configs)} jobs)"
    return tracker.start(name, tags)
