"""What a trial of a search costs beside its training: Optuna's storage, MLflow, files and the lock.

Usage: python benchmarks/coordination.py [--workers 1,4,16] [--trials 10,1000,5000] [--each 6]

The trials of a real study on SQLite only sleep, and leave what a training of five folds leaves. Workers run
``astrosweep.search.work`` in processes of their own. The cost of a trial is the time between the end of one
training and the start of the next in the same worker; start-up is not in it. Printed beside it is the
processor time that the worker itself used for it. The study holds the given number of trials before the
workers join it, each with its run, parameters, metrics and curves in MLflow: they are copies of one that was
really run.

Workers beyond the machine's cores share them, so the sleep (--sleep) must be long enough that they do not
also wait for a core. The last line is JSON: the median cost in ms by number of workers and of trials, and the
growth, cost with the most trials over cost with the fewest, for each number of workers.
"""

import argparse
import json
import logging
import multiprocessing
import os
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
import warnings
from collections.abc import Sequence
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from unittest import mock

from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table

from astrosweep.config import StudyConfig, parse
from astrosweep.job import judged_by_pydantic
from astrosweep.search.worker import work
from astrosweep.tracking import create_stores, open_tracker
from astrosweep.training import TrainingResult, train

ROOT = Path(__file__).resolve().parent.parent
STUDY = "coordination"
ARTIFACTS = "artifacts"
TRAIN = "astrosweep.search.objective.train"
Cost = tuple[float, float]
"""Wall and processor time, in seconds."""


def make_config(folder: Path, artifacts: Path, n_trials: int, worker: int = 0) -> StudyConfig:
    """A random search over five keys on few simulated stars, kept in ``folder``."""
    words = [
        *("data=cepheid", "data.source=simulated", "data.simulation.n_stars=400", "model=mlp", "split=kfold"),
        *("trainer.max_epochs=20", "trainer.early_stopping.patience=null", "trainer.accelerator=cpu"),
        *("search=random", "search/pruner=none", "search/space=empty", f"search.n_trials={n_trials}"),
        *(f"search.study={STUDY}", f"worker={worker}", "tracking.figures=false", "trainer.progress=false"),
        "search.space.optimizer.lr=tag(log, interval(1e-4, 1e-2))",
        "search.space.data.batch_size=choice(32, 64, 128)",
        "search.space.model.dropout=interval(0.0, 0.3)",
        "search.space.model.hidden=choice([256, 128, 64], [128, 64], [64, 64])",
        "search.space.model.l2=tag(log, interval(1e-6, 1e-3))",
        f"storage=sqlite:///{folder}/studies.db",
        f"tracking.uri=sqlite:///{folder}/mlflow.db",
        f"tracking.artifacts={artifacts}",
    ]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return parse(compose("config", judged_by_pydantic(words))).as_study()


def make_template(folder: Path) -> tuple[TrainingResult, ...]:
    """Run one real trial in an empty folder.

    Returns:
        What its training left.
    """
    kept: list[tuple[TrainingResult, ...]] = []

    def keep(*arguments: Any) -> tuple[TrainingResult, ...]:
        kept.append(train(*arguments))
        return kept[-1]

    config = make_config(folder, folder / ARTIFACTS, 1)
    create_stores(config.tracking)
    with mock.patch(TRAIN, keep):
        work(config, open_tracker(config.tracking))
    return kept[0]


def fill(folder: Path, n_trials: int) -> None:
    """Copy the only trial of a study, and its run, until the study has ``n_trials``."""
    run_ids = [uuid.uuid4().hex for _ in range(n_trials - 1)]
    with closing(sqlite3.connect(folder / "studies.db")) as database:
        (trial_id,) = database.execute("SELECT trial_id FROM trials").fetchone()
        new = [trial_id + n for n in range(1, n_trials)]
        copy_rows(database, "trial_id", trial_id, new)
        database.execute("UPDATE trials SET number = trial_id - ?", (trial_id,))
        text, key = "trial_user_attributes", "run_id"
        (own,) = database.execute(f"SELECT value_json FROM {text} WHERE key = ?", (key,)).fetchone()
        database.executemany(
            f"UPDATE {text} SET value_json = ? WHERE key = ? AND trial_id = ?",
            [(json.dumps(run_id), key, number) for run_id, number in zip(run_ids, new, strict=True)],
        )
        database.commit()
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        copy_rows(database, "run_uuid", json.loads(own), run_ids)
        database.commit()


def copy_rows(
    database: sqlite3.Connection, key: str, source: int | str, targets: Sequence[int] | Sequence[str]
) -> None:
    """Copy whatever has ``source`` in the column ``key``, in every table, once for each target."""
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = database.execute(f"PRAGMA table_info({table})").fetchall()
        keys = [name for _, name, _, _, _, is_key in columns if is_key]
        numbered = keys if len(keys) == 1 and keys != [key] else []
        names = [name for _, name, *_ in columns if name not in numbered]
        if key not in names:
            continue
        values = ", ".join("?" if name == key else name for name in names)
        database.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE {key} = ?",
            [(target, source) for target in targets],
        )


def run_worker(
    config: StudyConfig, results: tuple[TrainingResult, ...], sleep_s: float, start: Barrier
) -> list[Cost]:
    """One worker whose trainings sleep.

    Returns:
        The cost of each of its trials but the last.
    """
    ends: list[Cost] = []
    costs: list[Cost] = []

    def sleep(config: object, development: object, listener: Any, folds: object) -> object:  # noqa: ARG001
        if ends:
            costs.append((time.perf_counter() - ends[-1][0], time.process_time() - ends[-1][1]))
        else:
            start.wait()
        time.sleep(sleep_s * random.uniform(0.75, 1.25))
        ends.append((time.perf_counter(), time.process_time()))
        for stage, fit in enumerate(results[0].fits):
            loss = fit.curves["val/loss"][fit.best_epoch]
            listener.on_epoch(stage, 0, loss, loss)
            listener.on_fit_end(stage, loss)
        return results

    quieten()
    with mock.patch(TRAIN, sleep):
        work(config, open_tracker(config.tracking))
    return costs


def quieten() -> None:
    """No notes."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)


_barrier: Barrier


def _keep_barrier(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _worker(arguments: tuple[StudyConfig, tuple[TrainingResult, ...], float]) -> list[Cost]:
    return run_worker(*arguments, _barrier)


def measure(
    template: Path,
    results: tuple[TrainingResult, ...],
    n_workers: int,
    n_trials: int,
    arguments: argparse.Namespace,
) -> list[Cost]:
    """Costs of the trials that ``n_workers`` run in a study that has ``n_trials``."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("studies.db", "mlflow.db"):
            with (
                closing(sqlite3.connect(template / name)) as source,
                closing(sqlite3.connect(folder / name)) as copy,
            ):
                source.backup(copy)
        fill(folder, n_trials)
        total = n_trials + n_workers * arguments.each
        tasks = [
            (make_config(folder, template / ARTIFACTS, total, worker), results, arguments.sleep)
            for worker in range(n_workers)
        ]
        with spawn.Pool(n_workers, _keep_barrier, (spawn.Barrier(n_workers),)) as pool:
            of_workers = pool.map(_worker, tasks, chunksize=1)
    return [cost for costs in of_workers for cost in costs]


def main() -> None:
    """Measure every combination and print the costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--workers", default="1,4,16")
    parser.add_argument("--trials", default="10,1000,5000", help="in the study before the workers join")
    parser.add_argument("--each", type=int, default=6, help="trials of each worker")
    parser.add_argument("--sleep", type=float, default=2.0, help="seconds that a trial sleeps on average")
    arguments = parser.parse_args()
    workers, sizes = (
        [int(word) for word in text.split(",")] for text in (arguments.workers, arguments.trials)
    )
    os.environ["OMP_NUM_THREADS"] = "1"
    quieten()
    costs: dict[int, dict[int, float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        template = Path(temporary)
        results = make_template(template)
        for n_workers in workers:
            for n_trials in sizes:
                measured = measure(template, results, n_workers, n_trials, arguments)
                wall_ms, cpu_ms = ([1000 * s for s in series] for series in zip(*measured, strict=True))
                costs.setdefault(n_workers, {})[n_trials] = statistics.median(wall_ms)
                print(
                    f"{n_workers} workers, {n_trials} trials: median {statistics.median(wall_ms):.0f} ms, "
                    f"largest {max(wall_ms):.0f} ms; processor {statistics.median(cpu_ms):.0f} ms",
                    flush=True,
                )
    growth = {n: by_size[max(sizes)] / by_size[min(sizes)] for n, by_size in costs.items()}
    table = Table("workers", *(f"{n} trials, ms" for n in sizes), "growth")
    for n_workers, by_size in costs.items():
        table.add_row(f"{n_workers}", *(f"{by_size[n]:.0f}" for n in sizes), f"{growth[n_workers]:.2f}")
    Console(width=120).print(table)
    rounded = {n: {size: round(ms, 1) for size, ms in by_size.items()} for n, by_size in costs.items()}
    print(json.dumps({"cost_ms": rounded, "growth": {n: round(ratio, 2) for n, ratio in growth.items()}}))


if __name__ == "__main__":
    main()
