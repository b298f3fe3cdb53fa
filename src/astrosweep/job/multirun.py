"""What surrounds the jobs of a multirun: checks before the first, parent run, table after the last."""

import atexit
import logging
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict

from astrosweep.config import RunConfig, StudyConfig, parse
from astrosweep.config.address import hide_password
from astrosweep.core.errors import AstrosweepError, ConfigError
from astrosweep.core.types import RunRecord
from astrosweep.job.ahead import processes_started
from astrosweep.job.command_line import interrupt_on_sigterm
from astrosweep.job.naming import name_by_sweep
from astrosweep.job.outcome import WORKER, Sweep, read_outcomes, write_sweep
from astrosweep.job.passwords import overrides_of, refuse_passwords
from astrosweep.search import open_storage, watched
from astrosweep.tracking import create_stores, open_tracker, process_tags

_log = logging.getLogger(__name__)


class MultirunCallback(Callback):
    """Refuse a multirun with a faulty job before any job starts; record its parent run; show its results."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._folder = Path()
        self._config: RunConfig | None = None
        self._sweep: Sweep | None = None
        self._searches: list[StudyConfig] = []
        self._display = ExitStack()
        self._ended = False

    def __reduce__(self) -> tuple[type["MultirunCallback"], tuple[()]]:
        """Launchers send callbacks to their processes, where this one has nothing to do."""
        return MultirunCallback, ()

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """End the program with a message if a file gives a password or the run's folder cannot be made."""
        try:
            refuse_passwords(config)
            Path(config.hydra.run.dir).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _log.error("The run's folder cannot be made: %s. Set hydra.run.dir=<folder>.", error)
            sys.exit(1)
        except ConfigError as error:
            _log.error("%s", error)
            sys.exit(1)

    def on_multirun_start(self, config: DictConfig, config_name: str | None = None, **kwargs: Any) -> None:  # noqa: ARG002
        """Validate every job, create the stores once, and open the parent run.

        Faults end the program with exit code 1 before any work.
        """
        try:
            self._start(config, config_name or "config")
        except (AstrosweepError, OSError) as error:
            _log.error("%s", error)
            sys.exit(1)

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """Close the parent run and show the table; exit code 1 if a job failed."""
        if self._end("finished"):
            sys.exit(1)

    def _start(self, composed: DictConfig, config_name: str) -> None:
        interrupt_on_sigterm()
        _append_workers(composed)
        overrides = overrides_of(composed.hydra)
        jobs, swept = _expand(
            [*(f"{key}={value}" for key, value in (composed.hydra.sweeper.params or {}).items()), *overrides]
        )
        configs = [
            name_by_sweep(config, swept, job)
            for config, job in zip(_validate(config_name, jobs), jobs, strict=True)
        ]
        self._config = configs[0]
        self._folder = Path(composed.hydra.sweep.dir).absolute()
        studies = [config.as_study() for config in configs if config.search]
        self._searches = list({study.study_name: study for study in studies}.values())
        with processes_started(composed.hydra.launcher, len(jobs)):
            create_stores(self._config.tracking)
            for storage in dict.fromkeys(config.storage for config in self._searches):
                open_storage(storage)
        runs = [config for config in configs if config.search is None]
        parent_id = _start_parent(runs, overrides) if runs else None
        self._sweep = Sweep(parent_id, len(jobs), tuple(swept))
        write_sweep(self._folder, self._sweep)
        atexit.register(self._end, "killed")
        self._display.enter_context(watched(self._searches))
        # Read while the jobs run: an interpreter that is ending cannot import it any more.
        threading.Thread(target=_import_what_shows, daemon=True).start()

    def _end(self, status: str) -> bool:
        """Close the parent run once; return whether a job failed."""
        from astrosweep.job.terminal import show_results, show_studies

        if self._ended or self._config is None or self._sweep is None:
            return False
        self._ended = True
        self._display.close()
        records = read_outcomes(self._folder, self._sweep.n_jobs)
        failed = [record for record in records if record.status != "finished"]
        shown = [record for record in records if record.tags.get("role") != WORKER]
        if shown:
            show_results(shown, self._config.tracking, self._folder)
        if status == "killed" and self._searches:
            _log.error("The search was stopped, or a worker died. The same command again goes on with it.")
        try:
            tracker = open_tracker(self._config.tracking)
            if self._searches:
                from astrosweep.search.summary import interrupt, summarize

                for config in self._searches if status == "killed" else []:
                    interrupt(config, tracker)
                show_studies([summarize(c, tracker) for c in self._searches], self._config.tracking)
            if self._sweep.parent_id is not None:
                tracker.finish(self._sweep.parent_id, self._parent_record(status, records, failed))
        except AstrosweepError as error:
            _log.error("%s", error)
            return True
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


def _append_workers(composed: DictConfig) -> None:
    """Move the workers that a preset or a sweep asks for to the end of the command line.

    There they vary fastest, so that all workers fill one study before the next. The command line's own
    workers come before those of a preset, and a grid without a search has none.
    """
    with open_dict(composed.hydra.sweeper):
        workers = (composed.hydra.sweeper.params or {}).pop("worker", None)
    overrides = overrides_of(composed.hydra)
    is_search = composed.get("search") or any(text.startswith("search=") for text in overrides)
    if workers and is_search and not any(text.startswith("worker=") for text in overrides):
        composed.hydra.overrides.task.append(f"worker={workers}")


def _start_parent(configs: Sequence[RunConfig], overrides: Sequence[str]) -> str:
    """Open the run of a multirun."""
    from astrosweep.recording import tags_of

    tags = {**tags_of(configs[0]), **process_tags(), "role": "sweep", "n_jobs": str(len(configs))}
    of_jobs = [tags_of(config) for config in configs]
    for tag in ("class", "source", "features", "target", "model", "loss", "split"):
        tags[tag] = ",".join(dict.fromkeys(job[tag] for job in of_jobs))
    tags["overrides"] = " ".join(text.lstrip("+") for text in overrides)
    name = f"{tags['model']} on {tags['class']} ({len(configs)} jobs)"
    return open_tracker(configs[0].tracking).start(name, tags)


def _expand(overrides: Sequence[str]) -> tuple[list[list[str]], list[str]]:
    """Overrides of each job, in Hydra's order, and the keys that differ between jobs."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    jobs = BasicSweeper.split_arguments(parsed, max_batch_size=None)[0]
    swept = [override.get_key_element() for override in parsed if override.is_sweep_override()]
    return jobs, [key.lstrip("+~") for key in swept]


def _validate(config_name: str, jobs: Sequence[Sequence[str]]) -> list[RunConfig]:
    """Compose and validate every job.

    Raises:
        ConfigError: At least one job is faulty; all faulty ones are named.
    """
    configs, faults = [], []
    for number, overrides in enumerate(jobs):
        try:
            composed = compose(config_name, list(overrides))
            OmegaConf.set_struct(composed, False)
            composed.pop("reproduce", None)
            refuse_passwords(composed)
            configs.append(parse(composed))
        except ConfigError as error:
            shown = " ".join(hide_password(text.lstrip("+")) for text in overrides)
            faults.append(f"Job {number} ({shown}): {error}")
    if faults:
        raise ConfigError("\n".join([*faults, "No job was started."]))
    return configs
