"""Networks and classical deprojection on the same clusters, with the same noise.

Usage: python benchmarks/clusters.py [--rexcess TABLE] [--realisations 8] [--clusters 1000] [--draws 20]
                                     [--quick]

Trains on simulated clusters only: the experiment ``deprojection`` on a large sample, twice, for the mean of
two networks; the same network, with variations of its few clusters, and the cluster study's published
networks (experiments ``astroclass_...``) on 118 clusters, 81 of them for training. Then deprojects clusters
that no training saw: of each generator, and the measured clusters of REXCESS where their table is given, by
networks and by the classical methods of ``benchmarks/classical``. The last line is JSON: for each test
sample, method and target the median and the 90th percentile over clusters of each cluster's median relative
error over 0.03 to 1 R500, the coverage of 68 and 95 % intervals, and the time per cluster.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from classical import RADII, accuracy, deproject, true_profiles
from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table

from astrosweep.config import RunConfig, parse
from astrosweep.config.kinds.clusters import TARGET_KEYS, ClusterDataConfig
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.kinds import load_data
from astrosweep.kinds.clusters.forward.rexcess import load_rexcess
from astrosweep.kinds.clusters.forward.simulate import GENERATORS, simulate_clusters
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.sample import ClusterSample
from astrosweep.recording import Member, Trained
from astrosweep.training import TrainingResult, restore, train
from astrosweep.training.calibration import calibrate

ROOT = Path(__file__).resolve().parents[1]
TEST_SEED = 1_000
"""Seed of the test samples; those of training have others."""
CALIBRATION_SEED, CALIBRATION_CLUSTERS = 2_000, 8_000
"""Seed and size of the sample that calibrates the mean of several networks."""
TIMED = 5_000
"""Clusters of one call of a network whose time is measured."""
TURNS = 21
"""Such calls, of which the median time counts; classical methods take a part of the sample after each."""
COMMON = ("tracking=none", "trainer.progress=false", "trainer.accelerator=cpu")
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


class Mean:
    """The calibrated mean of the replicates of one network.

    Args:
        config: Their configuration.
        results: Each replicate, with the same preparation.
    """

    def __init__(self, config: RunConfig, results: Sequence[TrainingResult]) -> None:
        prepared = results[0].prepared[0]
        assert isinstance(prepared.preparation, ProfilePreparation)
        self.preparation = prepared.preparation
        self.n_clusters = len(prepared.train)
        self.trained = Trained(config, tuple(_member(config, r, result) for r, result in enumerate(results)))
        self._factor = dict.fromkeys(TARGET_KEYS.values(), np.ones(len(RADII)))
        if len(results) > 1:
            self._factor = self._fit_factor()

    def profiles(self, predicted: Predictions) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Values and ln-uncertainties of each target at ``RADII``, each (N, R)."""
        preparation = self.preparation
        at = np.log(preparation.output_radii)
        found = {}
        for quantity in preparation.quantities:
            columns, key = preparation.columns_of(quantity), TARGET_KEYS[quantity]
            sigma = _at_radii(at, predicted.std[:, columns]) * self._factor[key]
            found[key] = np.exp(_at_radii(at, predicted.mean[:, columns])), sigma
        return found

    def _fit_factor(self) -> dict[str, FloatArray]:
        """Calibrate the mean at each of ``RADII``.

        It errs less than its networks, so that their variances are too large for it.
        """
        sample = calibration_sample(self.trained.config)
        half = np.arange(len(sample)) % 2
        factors = {}
        for key, (value, sigma) in self.profiles(self.trained.predict(sample.objects).predicted).items():
            residual = np.log(true_profiles(sample, key) / value)
            _, factors[key] = calibrate(residual, np.zeros_like(residual), sigma, half, len(RADII))
        return factors


def _member(config: RunConfig, replicate: int, result: TrainingResult) -> Member:
    """The network of a replicate, which has one fold."""
    (prepared,), (fit,) = result.prepared, result.fits
    layout, transform = prepared.fold.layout, prepared.fold.transform
    module = restore(config, layout, transform, fit.state)
    return Member(f"replicate_{replicate}/fold_0", config, prepared.preparation, module, result.factor)


def calibration_sample(config: RunConfig) -> ClusterSample:
    """Clusters of both generators, as smooth as those of the tests, that neither training nor test has."""
    assert isinstance(config.data, ClusterDataConfig)
    settings = config.data.simulation
    n = min(CALIBRATION_CLUSTERS, settings.n_clusters)
    update = {"n_clusters": n, "seed": CALIBRATION_SEED, "roughness": 0.0, "cache_dir": None}
    return simulate_clusters(settings.model_copy(update=update))


class Networks:
    """Trained networks that together give some targets."""

    def __init__(self, overrides: Sequence[Sequence[str]]) -> None:
        """Train one network, or several replicates, for each list of overrides."""
        self._trained: list[Mean] = []
        start = time.perf_counter()
        for of_one in overrides:
            with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
                config = parse(compose("config", [*of_one, *COMMON]))
            self._trained.append(Mean(config, train(config, load_data(config))))
        self.training_s = time.perf_counter() - start

    @property
    def n_clusters(self) -> int:
        """Clusters that set the weights."""
        return self._trained[0].n_clusters

    def answer(self, sample: ClusterSample) -> dict[str, Answer]:
        """Deproject clusters; the time is that of preparation and prediction together, in a large call."""
        answers: dict[str, Answer] = {}
        # Networks take clusters by the thousand, so they are timed that way.
        many = sample.objects.take(np.resize(np.arange(len(sample)), TIMED))
        for network in self._trained:
            start = time.perf_counter()
            everything = network.trained.predict(many).predicted
            time_ms = 1e3 * (time.perf_counter() - start) / TIMED
            n = len(sample)
            of_sample = Predictions(sample.objects.ids, everything.mean[:n], everything.std[:n])
            for target, (value, sigma) in network.profiles(of_sample).items():
                answers[target] = Answer(value, sigma, time_ms)
        return answers


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
    parser.add_argument("--quick", action="store_true", help="train on fewer clusters for fewer epochs")
    arguments = parser.parse_args()
    short = QUICK if arguments.quick else ()
    networks: dict[str, Networks] = {}
    for name, overrides in NETWORKS.items():
        cut = short if name == "deprojector" else short[1:]
        trained = Networks([(*of_one, *cut) for of_one in overrides])
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
