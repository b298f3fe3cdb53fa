"""How accurate classical deprojection is, and what it takes.

Usage: python -m benchmarks.classical [--rexcess TABLE] [--realisations 1]
                                      [--clusters 30] [--draws 20] [--seed 0]

Deprojects simulated clusters of each generator, and the truths of REXCESS where their table is given, by
each method. Prints relative errors between 0.03 and 1 R500: the median over the clusters of each
cluster's median, in brackets the 90th percentile over the clusters; the same pooled over all radii of all
clusters; the coverage of the 68 and 95 % intervals; and the median time per cluster without uncertainties and
for them.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from astrosweep.config.kinds.clusters import ClusterSimulationConfig
from astrosweep.kinds.clusters.forward.rexcess import load_rexcess
from astrosweep.kinds.clusters.forward.simulate import GENERATORS, simulate_clusters
from astrosweep.kinds.clusters.sample import ClusterSample

from . import METHODS, RADII, accuracy, deproject, true_profiles


def samples(arguments: argparse.Namespace) -> Iterator[tuple[str, ClusterSample]]:
    """Make the samples that the arguments ask for."""
    if arguments.rexcess:
        yield (
            "rexcess",
            load_rexcess(
                arguments.rexcess, ClusterSimulationConfig(seed=arguments.seed), arguments.realisations
            ),
        )
    for generator in GENERATORS:
        config = ClusterSimulationConfig.model_validate(
            {"n_clusters": arguments.clusters, "seed": arguments.seed, "generator": generator}
        )
        yield generator, simulate_clusters(config)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rexcess", type=Path)
    parser.add_argument("--realisations", type=int, default=1)
    parser.add_argument("--clusters", type=int, default=30)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, sample in samples(arguments):
        print(f"\n{name}: {len(sample)} clusters")
        for method in METHODS:
            done = deproject(sample.objects, method, RADII, arguments.draws, arguments.seed)
            times = [1e3 * np.median(seconds) for seconds in (done.time_s, done.draws_time_s)]
            print(f"{method}: {times[0]:.0f} ms a cluster, uncertainties {times[1]:.0f} ms")
            for target, (value, sigma_ln) in done.profiles.items():
                found = accuracy(value, true_profiles(sample, target), sigma_ln)
                print(
                    f"  {target:6} {found.typical:6.1%} ({found.bad:.1%})"
                    f"   pooled {found.pooled:6.1%} ({found.pooled_bad:.1%})"
                    f"   coverage {found.coverage68:.2f} {found.coverage95:.2f}"
                )


if __name__ == "__main__":
    main()
