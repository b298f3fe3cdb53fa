"""Trials per minute of one search: astrosweep, a bare PyTorch loop, and what people use otherwise.

Usage: python benchmarks/throughput.py [--trials 24] [--epochs 100] [--only floor,ray] [--skip hydra]
                                       [--pruned-trials 96] [--seed 0]

Every contender trains the same parameter sets with the same network on the same five prepared folds, two
trials at a time with one thread each, without early stopping, and computes the same objective: the root mean
square error of all out-of-fold predictions, in mas. They run one after the other:

* astrosweep: ``python train.py -m search=random`` with two workers; everything recorded, MLflow and study;
* floor: a bare PyTorch loop in two processes, nothing recorded;
* optuna: ``study.optimize(n_jobs=2)`` around Lightning's Trainer with DataLoaders;
* optuna_processes: the same in two processes that share a journal file, as Optuna's tutorial has it;
* ray: Ray Tune, one CPU per trial, around the same Trainer;
* hydra: a Hydra multirun with the joblib launcher, one job per trial, around the same Trainer;
* pruned: astrosweep with ``search=tpe``, ASHA and --pruned-trials, for the time to the best.

The parameter sets are those that astrosweep drew; a run without astrosweep draws its own. The peers live in a
virtual environment of their own, made on first use, and do not import astrosweep; reading and preparing the
table is done for them and not counted. The time is that of the whole command, start-up included; 'steady'
leaves out what comes before the first trial starts and after the last one ends.
Nothing else should run on the machine meanwhile.

``time_to_best_ratio`` is the time at which the fastest peer first had its own best value, over the time at
which the pruned search first had one at least as good, both from the start of the command. It depends on
where in the order the best trial happens to be; ``time_to_best_ratio_any_order`` takes the expected place,
the middle, instead. It depends on the length of the search too: with 24 trials (--trials) the start of a
command is a large part of it, and one lucky training decides. The last line is JSON.
"""

import argparse
import glob
import hashlib
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from hydra import compose, initialize_config_dir
from peers.problem import FOLDS, PARAMETERS, RESULTS, Fold, save_folds
from rich.console import Console
from rich.table import Table

from astrosweep.config import parse
from astrosweep.job import judged_by_pydantic
from astrosweep.kinds import load_data

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
REAL_TABLES = str(ROOT.parent / "shared" / "data" / "gaia" / "cepheid_milkyway*.csv")
WORKERS = 2
PEERS = ("optuna", "optuna_processes", "ray", "hydra")
CONTENDERS = ("astrosweep", "floor", *PEERS, "pruned")
HIDDEN = [[256, 128, 64], [128, 64], [64, 64]]
SPACE = {
    "optimizer.lr": "tag(log, interval(1e-4, 1e-2))",
    "data.batch_size": "choice(32, 64, 128)",
    "model.dropout": "interval(0.0, 0.3)",
    "model.hidden": f"choice({', '.join(map(str, HIDDEN))})",
    "model.l2": "tag(log, interval(1e-6, 1e-3))",
}
ENVIRONMENT = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")},
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
}


@dataclass(frozen=True)
class Trial:
    """One completed trial; times in seconds from the launch of the command."""

    value: float
    started: float
    finished: float


@dataclass(frozen=True)
class Outcome:
    """What one contender's command did.

    Attributes:
        name: The contender.
        seconds: Wall time of the command.
        trials: Completed trials by parameter set.
        n_trials: Trials that were begun and ended, pruned ones included.
    """

    name: str
    seconds: float
    trials: dict[int, Trial]
    n_trials: int

    @property
    def per_minute(self) -> float:
        """Trials per minute of the whole command."""
        return 60 * self.n_trials / self.seconds

    @property
    def span(self) -> float:
        """Seconds from the start of the first trial to the end of the last."""
        return self.last - min(trial.started for trial in self.trials.values())

    @property
    def last(self) -> float:
        """When the last trial ended."""
        return max(trial.finished for trial in self.trials.values())

    @property
    def best(self) -> float:
        """The lowest value."""
        return min(trial.value for trial in self.trials.values())

    def time_to(self, value: float) -> float:
        """When a trial first had ``value`` or less; infinite if none had."""
        times = [trial.finished for trial in self.trials.values() if trial.value <= value]
        return min(times, default=math.inf)

    @property
    def expected_time_to_best(self) -> float:
        """When the best trial would end on average if the order were random."""
        n = len(self.trials)
        return self.last - self.span * (n - 1) / (2 * n)


def data_overrides(path: Path | None, epochs: int) -> list[str]:
    """What of astrosweep's configuration is fixed: data, network, folds and length of the fits."""
    source = [f"data.source=table data.path={path}"] if path else ["data.source=simulated"]
    fixed = "data=cepheid model=mlp loss=mse optimizer=adam scheduler=constant split=kfold split.n_folds=5"
    trainer = f"trainer.max_epochs={epochs} trainer.early_stopping.patience=null trainer.accelerator=cpu"
    return f"{fixed} {' '.join(source)} {trainer} trainer.progress=false".split()


def search_overrides(search: str, pruner: str, n_trials: int, seed: int) -> list[str]:
    """The search, and its space written out so that it does not follow the defaults."""
    return [
        f"search={search}",
        f"search.n_trials={n_trials}",
        f"search.seed={seed}",
        f"search/pruner={pruner}",
        "search/space=empty",
        *(f"search.space.{key}={text}" for key, text in SPACE.items()),
        f"worker=range({WORKERS})",
        "hydra/launcher=joblib",
        "tracking.figures=false",
    ]


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a command in a folder.

    Returns:
        When it was launched (Unix time) and how long it took, in seconds.

    Raises:
        SystemExit: It failed; the end of its output is the message.
    """
    log = folder / "output.txt"
    launched = time.time()
    start = time.perf_counter()
    with log.open("w") as file:
        code = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    seconds = time.perf_counter() - start
    if code != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise SystemExit(f"{tail}\n{' '.join(command)}: exit code {code}")
    return launched, seconds


def run_astrosweep(
    name: str, overrides: Sequence[str], folder: Path
) -> tuple[Outcome, list[dict[str, object]]]:
    """Run astrosweep's search in an empty folder.

    Returns:
        What it did, and the parameter sets of its completed trials.
    """
    command = [sys.executable, str(ROOT / "train.py"), "-m", *overrides]
    launched, seconds = run(command, folder, {})
    storage = f"sqlite:///{folder / 'mlruns' / 'studies.db'}"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    (study_name,) = optuna.get_all_study_names(storage)
    ended = optuna.load_study(study_name=study_name, storage=storage).get_trials(deepcopy=False)
    complete = [trial for trial in ended if trial.state == optuna.trial.TrialState.COMPLETE]
    n_pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in ended)
    trials = {}
    for index, trial in enumerate(complete):
        assert trial.datetime_start is not None
        assert trial.datetime_complete is not None
        trials[index] = Trial(
            value=trial.values[0],
            started=trial.datetime_start.timestamp() - launched,
            finished=trial.datetime_complete.timestamp() - launched,
        )
    outcome = Outcome(name, seconds, trials, len(complete) + n_pruned)
    return outcome, [trial.params for trial in complete]


def run_peer(
    name: str, task: Path, parameters: Sequence[object], epochs: int, folder: Path, python: Path
) -> Outcome:
    """Run a peer on the folds of ``task`` in an empty folder."""
    (folder / FOLDS).symlink_to(task / FOLDS)
    (folder / PARAMETERS).write_text(json.dumps(parameters))
    if name == "hydra":
        arguments = [
            *("-m", "hydra/launcher=joblib", f"hydra.launcher.n_jobs={WORKERS}"),
            *(f"trial=range({len(parameters)})", f"folder={folder}", f"epochs={epochs}"),
        ]
    else:
        arguments = [f"--folder={folder}", f"--epochs={epochs}", f"--workers={WORKERS}"]
    module = {"optuna": "optuna_threads", "ray": "ray_tune", "hydra": "hydra_joblib"}.get(name, name)
    launched, seconds = run(
        [str(python), "-m", f"peers.{module}", *arguments], folder, {"PYTHONPATH": str(HERE)}
    )
    lines = [json.loads(line) for line in (folder / RESULTS).read_text().splitlines()]
    trials = {
        line["trial"]: Trial(line["value"], line["started"] - launched, line["finished"] - launched)
        for line in lines
    }
    if sorted(trials) != list(range(len(parameters))):
        raise SystemExit(f"{name}: {len(trials)} of {len(parameters)} trials have a result")
    return Outcome(name, seconds, trials, len(trials))


def peers_python(folder: Path) -> Path:
    """The interpreter of the peers' virtual environment; it is made or renewed where needed."""
    requirements, constraints = HERE / "peers" / "requirements.txt", ROOT / "constraints.txt"
    stamp = folder / "requirements.sha256"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    digest = hashlib.sha256(requirements.read_bytes() + constraints.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        print(f"Installing the peers into {folder}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        (folder / ".gitignore").write_text("*\n")
        install = [str(python), "-m", "pip", "install", "-qq"]
        subprocess.run([*install, "-r", str(requirements), "-c", str(constraints)], check=True)
        stamp.write_text(digest)
    return python


def warm_up(python: Path | str, modules: str) -> None:
    """Import once, so that nobody's time has the reading of libraries from a cold disk in it."""
    command = [python, "-c", f"import {modules}"]
    subprocess.run(command, env={**os.environ, **ENVIRONMENT, "PYTHONPATH": str(HERE)}, check=True)


def export_folds(overrides: Sequence[str], path: Path) -> None:
    """Write the folds that astrosweep prepares from this configuration."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = parse(compose("config", judged_by_pydantic(list(overrides))))
    data = load_data(config)
    folds = []
    for fold in (prepared.fold for prepared in data.folds):
        train, val, transform = fold.train, fold.val, fold.transform
        assert transform.name == "none", "the peers know z * width + loc only"
        folds.append(
            Fold(
                x_train=train.features,
                z_train=transform.forward(train.target).astype("float32"),
                x_val=val.features,
                z_val=transform.forward(val.target).astype("float32"),
                y_val=val.target,
                loc=float(transform.loc),
                width=float(transform.width),
            )
        )
    save_folds(path, folds)
    shape = folds[0].x_train.shape
    print(f"{data.report.origin}: {len(folds)} folds of {shape[0]} rows, {shape[1]} inputs", flush=True)


def draw(n_trials: int, seed: int) -> list[dict[str, object]]:
    """Parameter sets for a run without astrosweep."""
    generator = random.Random(seed)
    return [
        {
            "optimizer.lr": 10 ** generator.uniform(-4, -2),
            "data.batch_size": generator.choice([32, 64, 128]),
            "model.dropout": generator.uniform(0.0, 0.3),
            "model.hidden": generator.choice(HIDDEN),
            "model.l2": 10 ** generator.uniform(-6, -3),
        }
        for _ in range(n_trials)
    ]


def differences(one: Outcome, other: Outcome) -> list[float]:
    """Relative differences between the values of the same parameter sets."""
    return [abs(one.trials[i].value / other.trials[i].value - 1) for i in one.trials if i in other.trials]


def show(outcomes: Mapping[str, Outcome]) -> None:
    """Print the table of all contenders."""
    floor = outcomes.get("floor")
    table = Table("", "time s", "trials", "per min", "/ floor", "steady", "best mas", "after s")
    table.add_column("off the floor's values\n(median, largest)")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, outcome in outcomes.items():
        of_floor, apart = "", ""
        if floor:
            of_floor = f"{outcome.per_minute / floor.per_minute:.3f}"
            if name not in ("floor", "pruned"):
                values = differences(outcome, floor)
                apart = f"{statistics.median(values):.1e}, {max(values):.1e}"
        table.add_row(
            name,
            f"{outcome.seconds:.1f}",
            f"{outcome.n_trials}"
            if name != "pruned"
            else f"{outcome.n_trials} ({len(outcome.trials)} whole)",
            f"{outcome.per_minute:.2f}",
            of_floor,
            f"{60 * outcome.n_trials / outcome.span:.2f}",
            f"{outcome.best:.5f}",
            f"{outcome.time_to(outcome.best):.1f}",
            apart,
        )
    Console(width=120).print(table)


def ratios(outcomes: Mapping[str, Outcome]) -> dict[str, object]:
    """The figures of the last line; null where a contender was left out."""

    def ratio(top: float | None, bottom: float | None) -> float | None:
        if top is None or bottom is None or not math.isfinite(bottom):
            return None
        return round(top / bottom, 3)

    def per_minute(outcome: Outcome | None) -> float | None:
        return outcome.per_minute if outcome else None

    ours, pruned = outcomes.get("astrosweep"), outcomes.get("pruned")
    peers = [outcomes[name] for name in PEERS if name in outcomes]
    peer = max(peers, key=lambda outcome: outcome.per_minute, default=None)
    as_good = pruned.time_to(peer.best) if pruned and peer else None
    return {
        "floor_ratio": ratio(per_minute(ours), per_minute(outcomes.get("floor"))),
        "best_peer_ratio": ratio(per_minute(ours), per_minute(peer)),
        "time_to_best_ratio": ratio(peer.time_to(peer.best) if peer else None, as_good),
        "time_to_best_ratio_any_order": ratio(peer.expected_time_to_best if peer else None, as_good),
        "best_peer": peer.name if peer else None,
        "trials_per_minute": {name: round(outcome.per_minute, 2) for name, outcome in outcomes.items()},
    }


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--pruned-trials", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0, help="of the parameter sets and of the searches")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--data", type=Path, help="table of Cepheids; default: the real one, else simulated")
    parser.add_argument("--only", default=",".join(CONTENDERS), help=f"of {', '.join(CONTENDERS)}")
    parser.add_argument("--skip", default="", help="as --only, to leave out")
    parser.add_argument("--peers-venv", type=Path, default=HERE / ".peers-venv")
    arguments = parser.parse_args()
    only, skip = (set(filter(None, text.split(","))) for text in (arguments.only, arguments.skip))
    if unknown := (only | skip) - set(CONTENDERS):
        parser.error(f"unknown contender {', '.join(sorted(unknown))}; known: {', '.join(CONTENDERS)}")
    arguments.contenders = [name for name in CONTENDERS if name in only - skip]
    return arguments


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Outcome]:
    """Run the contenders one after the other."""
    real = sorted(glob.glob(REAL_TABLES))
    path = arguments.data or (Path(real[0]) if real else None)
    base = data_overrides(path.resolve() if path else None, arguments.epochs)
    python = Path(sys.executable)
    export_folds(base, folder / FOLDS)
    warm_up(python, "astrosweep.job, mlflow, optuna, peers.network")
    if set(PEERS) & set(arguments.contenders):
        python = peers_python(arguments.peers_venv.resolve())
        warm_up(python, "peers.lightning_fit, optuna, hydra, ray.tune")
    parameters: list[dict[str, Any]] = draw(arguments.trials, arguments.seed)
    outcomes = {}
    for name in arguments.contenders:
        print(f"{name} ...", flush=True)
        (own := folder / name).mkdir()
        if name == "astrosweep":
            words = base + search_overrides("random", "none", arguments.trials, arguments.seed)
            outcomes[name], parameters = run_astrosweep(name, words, own)
        elif name == "pruned":
            words = base + search_overrides("tpe", "asha", arguments.pruned_trials, arguments.seed)
            outcomes[name], _ = run_astrosweep(name, words, own)
        else:
            interpreter = Path(sys.executable) if name == "floor" else python
            outcomes[name] = run_peer(name, folder, parameters, arguments.epochs, own, interpreter)
        print(f"{name}: {outcomes[name].seconds:.1f} s", flush=True)
    return outcomes


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as folder:
        outcomes = measure(arguments, Path(folder))
    show(outcomes)
    print(json.dumps(ratios(outcomes)))


if __name__ == "__main__":
    main()
