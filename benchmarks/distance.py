"""Time to turn parallaxes into distances with a posterior, of one million stars on one core.

Usage: python benchmarks/distance.py [--stars 1000000] [--repeats 3] [--budget 15]

The parallaxes are of simulated stars with signal to noise of all kinds. Each prior is timed in processor
seconds of one thread, the fastest of the repeats. ``share_of_budget`` is that over the budget of so many
stars; ``ratio`` is it over what four exponentials of each star's 192 points cost here, so that machines of
any speed can be compared. The last line is JSON.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from astrosweep.config.distance import DistanceConfig
from astrosweep.prediction.distance import ClassPrior, Parallaxes, distances, make_prior

POINTS = 192
ROUNDS = 4
BLOCK = 1024


def simulated(n_stars: int, seed: int = 0) -> tuple[Parallaxes, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Parallaxes of errors from 0.005 to 1 mas, and identifiers all over the sky."""
    random = np.random.default_rng(seed)
    std = 10 ** random.uniform(np.log10(0.005), 0, n_stars)
    mean = 1000 / random.gamma(3, 700, n_stars) + std * random.normal(size=n_stars)
    return Parallaxes(mean, std), random.integers(0, 12 * 4**5, n_stars) * 2**49 + 2**40


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Processor time of the fastest of some repeats."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def exponentials(n_stars: int) -> None:
    """The arithmetic that stands for the speed of the machine."""
    block = np.full((BLOCK, POINTS), -0.5)
    out = np.empty_like(block)
    for _ in range(ROUNDS * n_stars // BLOCK):
        np.exp(block, out=out)


def main(n_stars: int, repeats: int, budget: float) -> None:
    """Time every prior and print a table and one line of JSON."""
    parallaxes, source_ids = simulated(n_stars)
    few = Parallaxes(parallaxes.mean[:2000], parallaxes.std[:2000])
    class_prior = ClassPrior.fit(few)
    floor = seconds(lambda: exponentials(n_stars), repeats)
    table = Table("prior", "seconds", "us per star", "share of budget", "ratio")
    results = {}
    for name in ("class", "edsd", "ggd_map", "none"):
        prior = make_prior(DistanceConfig.model_validate({"prior": name}), source_ids, class_prior)
        took = seconds(lambda prior=prior: distances(parallaxes, prior), repeats)  # type: ignore[misc]
        share = took / (budget * n_stars / 1e6)
        results[name] = {"seconds": took, "share_of_budget": share, "ratio": took / floor}
        table.add_row(
            name, f"{took:.2f}", f"{1e6 * took / n_stars:.2f}", f"{share:.2f}", f"{took / floor:.2f}"
        )
    Console().print(table)
    print(json.dumps({"stars": n_stars, "budget_s": budget, "floor_s": floor, "priors": results}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stars", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--budget", type=float, default=15.0, help="seconds for one million stars")
    arguments = parser.parse_args()
    main(arguments.stars, arguments.repeats, arguments.budget)
