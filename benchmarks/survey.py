"""Clusters of a survey that differs from the simulator: what a few of its own clusters are worth.

Usage: python benchmarks/survey.py [--simulated 20000] [--epochs 30] [--labelled 101] [--test 500]
                                   [--draws 20] [--start FOLDER]

The survey's beams are 15 % wider than those that the simulator knows, its surface brightness is 4 % too high,
its temperatures 5 % too low, its noise is 30 % larger and its gas has 0.5 of the Sun's metals instead of 0.3.
Of its clusters 101 come with true profiles, as tables without noiseless values; a fifth of them stays sealed,
81 train and validate in five folds. Compared, on clusters of the survey that no training saw:

* a network trained on the simulator only (or that of --start);
* one trained on the 81 only;
* the first, continued on the 81 (``model.start_from``) with each rate and penalty of a small grid, the best
  by its folds;
* multiscale deprojection, which knows the simulator's instrument.

The last line is JSON: by method and target the median over clusters of each cluster's median relative error
over 0.03 to 1 R500 in per cent, the 90th percentile, and the coverage of 68 and 95 % intervals.
"""

import argparse
import itertools
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from clusters import SMALL, Networks, classical, judge, show

from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.profiles.write import write_sample
from astrosweep.kinds.clusters.sample import ClusterSample

OTHER = {
    "beam": 1.15,
    "sb_calibration": 1.04,
    "temperature_calibration": 0.95,
    "noise": 1.3,
    "metallicity": 0.5,
    "cache_dir": None,
}
RATES, PENALTIES = (0.1, 0.3, 1.0), (1e-4, 1e-2)
FOLDS = ("split=kfold", "split.n_folds=5", "split.test=0.2")


def survey(n_clusters: int, seed: int) -> ClusterSample:
    """Clusters of the survey; nothing tells what they would be without noise."""
    settings = ClusterDataConfig(name="cluster").simulation
    update = {**OTHER, "n_clusters": n_clusters, "seed": seed}
    sample = simulate_clusters(settings.model_copy(update=update))
    measured = {name: replace(own, noiseless=None) for name, own in sample.objects.observed.items()}
    return replace(sample, objects=replace(sample.objects, observed=measured))


def validation_loss(folder: Path) -> float:
    """Mean over folds of the best validation loss of a run."""
    return float(json.loads((folder / "0" / "artifacts" / "metrics.json").read_text())["val/loss"])


def main() -> None:
    """Simulate, train, continue, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--simulated", type=int, default=20_000, help="clusters of the simulator")
    parser.add_argument("--epochs", type=int, default=30, help="epochs on the simulator")
    parser.add_argument("--labelled", type=int, default=101, help="clusters of the survey with truths")
    parser.add_argument("--test", type=int, default=500, help="clusters of the survey to be deprojected")
    parser.add_argument("--draws", type=int, default=20, help="repeats behind classical uncertainties")
    parser.add_argument("--start", type=Path, help="folder of a run on the simulator, not trained anew")
    arguments = parser.parse_args()
    test = survey(arguments.test, 1_001)
    with tempfile.TemporaryDirectory(prefix="survey-") as scratch:
        folder = Path(scratch)
        write_sample(survey(arguments.labelled, 77), folder / "tables")
        own = ("data.source=tables", f"data.path={folder / 'tables'}", *FOLDS)
        simulator = (
            "experiment=deprojection",
            f"data.simulation.n_clusters={arguments.simulated}",
            f"trainer.max_epochs={arguments.epochs}",
        )
        start, networks = arguments.start, {}
        if start is None:
            networks["simulator only"] = Networks.train([simulator], folder / "simulator")
            start = folder / "simulator" / "0" / "artifacts"
        else:
            networks["simulator only"] = Networks.alone(start)
        few = [word for word in SMALL if not word.startswith("data.simulation")]
        noisy = "data.preparation.augmentation.noise=true"
        networks["the 81 only"] = Networks.train([(*few, *own, noisy)], folder / "few")
        best, chosen = float("inf"), ""
        for rate, penalty in itertools.product(RATES, PENALTIES):
            place = folder / f"on-{rate}-{penalty}"
            words = (
                "experiment=deprojection", *own, f"model.start_from={start}", f"model.start_rate={rate}",
                f"model.start_penalty={penalty}", noisy, "data.batch_size=16", "trainer.max_epochs=60",
            )  # fmt: skip
            began = time.perf_counter()
            found = Networks.train([words], place)
            loss = validation_loss(place)
            print(
                f"rate {rate}, penalty {penalty}: {loss:.4f}, {time.perf_counter() - began:.0f} s", flush=True
            )
            if loss < best:
                best, chosen = loss, f"start_rate={rate}, start_penalty={penalty}"
                networks["continued on the 81"] = found
        print(f"chosen by the folds: {chosen}")
        figures = {name: judge(network.answer(test), test) for name, network in networks.items()}
    figures["multiscale"] = judge(classical("multiscale", test, arguments.draws), test)
    show("the survey", len(test), figures)
    print(json.dumps({"chosen": chosen, **figures}))


if __name__ == "__main__":
    main()
