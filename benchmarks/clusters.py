"""Networks and classical deprojection on the same clusters, with the same noise.

Usage: python benchmarks/clusters.py [--rexcess TABLE] [--realisations 8] [--clusters 1000] [--draws 20]
                                     [--bundle FOLDER] [--quick]

Trains on simulated clusters only: the experiment ``deprojection`` on a large sample, twice, for an ensemble
of two networks (or takes one that ``ensemble.py`` made: ``--bundle``); the same network, with variations of
its few clusters, and the cluster study's published networks (experiments ``astroclass_...``) on 118 clusters,
81 of them for training. Then deprojects clusters that no training saw: of each generator, and the measured
clusters of REXCESS where their table is given, by networks and by the classical methods of
``benchmarks/classical``. The last line is JSON: for each test sample, method and target the median and the
90th percentile over clusters of each cluster's median relative error over 0.03 to 1 R500, the coverage of 68
and 95 % intervals, and the time per cluster.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from classical import RADII, accuracy, deproject, true_profiles
from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table

from astrosweep.config import TrackingConfig, parse
from astrosweep.config.ensemble import EnsembleConfig, EnsembleSettings
from astrosweep.config.kinds.clusters import TARGET_KEYS, ClusterDataConfig
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.kind import Judged
from astrosweep.ensemble.build import build
from astrosweep.ensemble.bundle import Bundle, load_bundle
from astrosweep.kinds.clusters.forward.rexcess import load_rexcess
from astrosweep.kinds.clusters.forward.simulate import GENERATORS, simulate_clusters
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, TrueProfiles
from astrosweep.recording import load, train_and_record
from astrosweep.tracking import MemoryTracker

ROOT = Path(__file__).resolve().parents[1]
TEST_SEED = 1_000
"""Seed of the test samples; those of training have others."""
TIMED = 5_000
"""Clusters of one call of a network whose time is measured."""
TURNS = 21
"""Such calls, of which the median time counts; classical methods take a part of the sample after each."""
COMMON = ("tracking=none", "tracking.figures=false", "trainer.progress=false", "trainer.accelerator=cpu")
SMALL = (
    "experiment=deprojection",
    "data.simulation.n_clusters=118",
    "data.simulation.roughness=0.0",
    "data.preparation.augmentation.amplitude=0.2",
    "data.batch_size=16",
    "model.width=128",
    "model.n_blocks=1",
    "model.dropout=0.1",
    "trainer.max_epochs=300",
)
NETWORKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "deprojector": (("experiment=deprojection", "replicates=2"),),
    "deprojector, few": (SMALL,),
    "study's networks": tuple(
        (f"experiment=astroclass_{target}", "data.preparation.output=values") for target in TARGET_KEYS
    ),
}
CLASSICAL = ("onion", "multiscale")
QUICK = ("data.simulation.n_clusters=2000", "trainer.max_epochs=4")


@dataclass(frozen=True)
class Answer:
    """Profiles of one target by one method: values and ln-uncertainties at ``RADII``, (N, R), and time."""

    value: FloatArray
    sigma_ln: FloatArray | None
    time_ms: float


class Networks:
    """Trained networks that together give some targets.

    Several replicates of one network are an ensemble of the product's own: their mean, calibrated on the
    validation clusters.

    Args:
        n_clusters: Clusters that set the weights.
        predictors: Each with its preparation.
        training_s: How long the training took.
    """

    def __init__(self, n_clusters: int, predictors: Sequence["Predictor"], training_s: float) -> None:
        self.n_clusters = n_clusters
        self.training_s = training_s
        self._predictors = predictors

    @classmethod
    def train(cls, overrides: Sequence[Sequence[str]], folder: Path) -> "Networks":
        """Train one network, or several replicates, for each list of overrides."""
        start = time.perf_counter()
        predictors, n_clusters = [], 0
        for i, of_one in enumerate(overrides):
            with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
                config = parse(compose("config", [*of_one, *COMMON]))
            tracker, place = MemoryTracker(), folder / str(i)
            _, run = train_and_record(config, tracker, place)
            if run.status != "finished":
                raise SystemExit(f"{config.run_name}: {run.error}")
            artifacts = place / "artifacts"
            first = artifacts / "replicate_0" if config.replicates > 1 else artifacts
            n_clusters = n_clusters or _n_training(first)
            found = _ensemble(tracker, place) if config.replicates > 1 else _alone(artifacts)
            predictors.append(found)
        return cls(n_clusters, predictors, time.perf_counter() - start)

    @classmethod
    def load(cls, bundle: Path) -> "Networks":
        """Read an ensemble that ``ensemble.py`` left."""
        found = load_bundle(bundle)
        n_clusters = found.provenance["data"]["parts"]["train"]
        return cls(n_clusters, [_of_bundle(found)], 0.0)

    @classmethod
    def alone(cls, run: Path) -> "Networks":
        """Read what a run left."""
        return cls(_n_training(run), [_alone(run)], 0.0)

    def answer(self, sample: ClusterSample) -> dict[str, Answer]:
        """Deproject clusters; the time is that of preparation and prediction together, in a large call."""
        answers: dict[str, Answer] = {}
        # Networks take clusters by the thousand, so they are timed that way.
        many = sample.objects.take(np.resize(np.arange(len(sample)), TIMED))
        for predictor in self._predictors:
            start = time.perf_counter()
            everything = predictor.predict(many).predicted
            time_ms = 1e3 * (time.perf_counter() - start) / TIMED
            n = len(sample)
            of_sample = Predictions(sample.objects.ids, everything.mean[:n], everything.std[:n])
            for target, (value, sigma) in predictor.profiles(of_sample).items():
                answers[target] = Answer(value, sigma, time_ms)
        return answers


@dataclass(frozen=True)
class Predictor:
    """A network or an ensemble, and what it predicts at ``RADII``."""

    preparation: ProfilePreparation
    predict: Callable[[Clusters], Judged[Clusters, TrueProfiles]]

    def profiles(self, predicted: Predictions) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Values and ln-uncertainties of each target at ``RADII``, each (N, R)."""
        at = np.log(self.preparation.output_radii)
        found = {}
        for quantity in self.preparation.quantities:
            columns = self.preparation.columns_of(quantity)
            mean, std = (_at_radii(at, part[:, columns]) for part in (predicted.mean, predicted.std))
            found[TARGET_KEYS[quantity]] = np.exp(mean), std
        return found


def _n_training(run: Path) -> int:
    """Clusters that set the weights of a run, or all that its folds have."""
    parts = json.loads((run / "data_report.json").read_text())["parts"]
    return int(parts.get("train") or sum(n for name, n in parts.items() if name != "test"))


def _ensemble(tracker: MemoryTracker, folder: Path) -> Predictor:
    """The mean of the replicates of a run, as ``ensemble.py`` makes it."""
    settings = EnsembleConfig(
        tracking=TrackingConfig(name="none"), ensemble=EnsembleSettings(strategy="top_k")
    )
    built = build(tracker, settings, folder / "ensembles", folder / "scratch", lambda *_: None)
    return _of_bundle(load_bundle(built.folder))


def _of_bundle(bundle: Bundle) -> Predictor:
    preparation = bundle.preparation
    assert isinstance(preparation, ProfilePreparation)
    return Predictor(preparation, bundle.judge)


def _alone(artifacts: Path) -> Predictor:
    trained = load(artifacts)
    preparation = trained.members[0].preparation
    assert isinstance(preparation, ProfilePreparation)
    return Predictor(preparation, trained.predict)


def _at_radii(at: FloatArray, values: FloatArray) -> FloatArray:
    return np.stack([np.interp(np.log(RADII), at, row) for row in values])


def classical(method: str, sample: ClusterSample, n_draws: int) -> dict[str, Answer]:
    """Deproject clusters classically; the time includes that of the uncertainties."""
    done = deproject(sample.objects, method, RADII, n_draws, 0)
    time_ms = 1e3 * float(np.median(done.time_s + done.draws_time_s))
    return {target: Answer(value, sigma, time_ms) for target, (value, sigma) in done.profiles.items()}


def compare(
    networks: Mapping[str, Networks], sample: ClusterSample, n_draws: int
) -> dict[str, dict[str, Answer]]:
    """Deproject a sample by all methods in turns, since the speed of a machine varies within minutes."""
    turns: list[dict[str, dict[str, Answer]]] = []
    for rows in np.array_split(np.arange(len(sample)), min(TURNS, len(sample))):
        part = sample.take(rows)
        turn = {name: network.answer(sample) for name, network in networks.items()}
        turns.append(turn | {method: classical(method, part, n_draws) for method in CLASSICAL})
    return {
        name: {
            target: _joined([turn[name][target] for turn in turns], name in networks) for target in targets
        }
        for name, targets in turns[0].items()
    }


def _joined(answers: Sequence[Answer], whole: bool) -> Answer:
    """One answer from those of all turns, each for the ``whole`` sample or for a part; the median time."""
    time_ms = float(np.median([answer.time_ms for answer in answers]))
    if whole:
        return Answer(answers[0].value, answers[0].sigma_ln, time_ms)
    sigmas = [answer.sigma_ln for answer in answers if answer.sigma_ln is not None]
    value = np.concatenate([answer.value for answer in answers])
    return Answer(value, np.concatenate(sigmas) if sigmas else None, time_ms)


def test_samples(arguments: argparse.Namespace) -> Iterator[tuple[str, ClusterSample]]:
    """Clusters that no training saw."""
    settings = ClusterDataConfig(name="cluster").simulation
    for generator in GENERATORS:
        update = {
            "generator": generator,
            "n_clusters": arguments.clusters,
            "seed": TEST_SEED,
            "cache_dir": None,
        }
        yield generator, simulate_clusters(settings.model_copy(update=update))
    if arguments.rexcess:
        seeded = settings.model_copy(update={"seed": TEST_SEED})
        yield "rexcess", load_rexcess(arguments.rexcess, seeded, arguments.realisations)


def judge(answers: Mapping[str, Answer], sample: ClusterSample) -> dict[str, dict[str, float]]:
    """Figures of each target, errors in per cent."""
    figures = {}
    for target, answer in answers.items():
        found = accuracy(answer.value, true_profiles(sample, target), answer.sigma_ln)
        figures[target] = {
            "median": 100.0 * found.typical,
            "p90": 100.0 * found.bad,
            "coverage_68": found.coverage68,
            "coverage_95": found.coverage95,
            "time_ms": answer.time_ms,
        }
    return figures


def show(name: str, n: int, figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Print the table of one test sample."""
    table = Table(title=f"{name}: {n} clusters; median |error| in % (90th percentile), 68 / 95 % coverage")
    table.add_column("method")
    for target in ("ne3d", "t3d", "szp3d"):
        table.add_column(target, justify="right", no_wrap=True)
    table.add_column("ms a cluster", justify="right")
    for method, of_method in figures.items():
        cells = [
            f"{f['median']:.2f} ({f['p90']:.2f})  {f['coverage_68']:.2f} / {f['coverage_95']:.2f}"
            for f in (of_method[target] for target in ("ne3d", "t3d", "szp3d"))
        ]
        table.add_row(method, *cells, f"{max(f['time_ms'] for f in of_method.values()):.3g}")
    Console(width=160).print(table)


def main() -> None:
    """Train, deproject, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rexcess", type=Path, help="table of measured REXCESS profiles")
    parser.add_argument("--realisations", type=int, default=8, help="noise draws of each REXCESS cluster")
    parser.add_argument("--clusters", type=int, default=1000, help="test clusters of each generator")
    parser.add_argument("--draws", type=int, default=20, help="repeats behind classical uncertainties")
    parser.add_argument("--bundle", type=Path, help="ensemble of experiment=deprojection, not trained anew")
    parser.add_argument("--quick", action="store_true", help="train on fewer clusters for fewer epochs")
    arguments = parser.parse_args()
    short = QUICK if arguments.quick else ()
    networks: dict[str, Networks] = {}
    for name, overrides in NETWORKS.items():
        cut = short if name == "deprojector" else short[1:]
        if name == "deprojector" and arguments.bundle:
            trained = Networks.load(arguments.bundle)
        else:
            with tempfile.TemporaryDirectory(prefix="clusters-") as folder:
                trained = Networks.train([(*of_one, *cut) for of_one in overrides], Path(folder))
        label = f"{name.removesuffix(', few')}, {trained.n_clusters:,} training clusters"
        networks[label] = trained
        print(f"{label}: trained in {trained.training_s:.0f} s", flush=True)
    result: dict[str, object] = {"training_s": {name: net.training_s for name, net in networks.items()}}
    for name, sample in test_samples(arguments):
        answers = compare(networks, sample, arguments.draws)
        figures = {method: judge(answer, sample) for method, answer in answers.items()}
        show(name, len(sample), figures)
        result[name] = figures
    print(json.dumps(result))


if __name__ == "__main__":
    main()
