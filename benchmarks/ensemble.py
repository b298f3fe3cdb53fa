"""What it takes to choose an ensemble from many candidates: seconds by stage and memory.

Usage: python benchmarks/ensemble.py [--candidates 1000] [--rows 100000] [--objectives mse nll crps]

Simulates candidates of a scalar target, from good to bad, whose residuals are correlated by about 0.8; fits
all strategies in nested cross-validation for each objective; calibrates the proposal. Prints seconds by
stage, the nested table of each objective and the peak of the resident memory, the candidates' predictions
included. The last line is JSON.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from astrosweep.ensemble.calibration import cross_fit
from astrosweep.ensemble.coverage import measure
from astrosweep.ensemble.nested import nested_scores
from astrosweep.ensemble.problem import Problem
from astrosweep.ensemble.proposal import Proposal, propose


@contextmanager
def stage(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Take the time of a stage."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
    print(f"{name:<24}{seconds[name]:8.2f} s", flush=True)


def simulate(n_candidates: int, n_rows: int) -> Problem:
    """Candidates whose own scatter grows from the first to the last."""
    rng = np.random.default_rng(0)
    target, shared = rng.normal(size=n_rows), 0.9 * rng.normal(size=n_rows)
    mean = np.empty((n_candidates, n_rows, 1), dtype=np.float32)
    std = np.empty_like(mean)
    for i in range(n_candidates):
        own = 0.4 + 0.4 * i / n_candidates
        mean[i, :, 0] = target + shared + own * rng.standard_normal(n_rows, dtype=np.float32)
        std[i, :, 0] = np.hypot(0.9, own) * (0.9 + 0.2 * rng.random(n_rows, dtype=np.float32))
    return Problem(
        names=tuple(f"candidate {i}" for i in range(n_candidates)),
        mean=mean,
        std=std,
        target=(target + rng.normal(0.0, 0.1, n_rows))[:, None],
        error=np.full((n_rows, 1), 0.1),
        group=np.arange(n_rows) % 5,
        scale=np.ones(1),
        channels=("y",),
    )


def show(objective: str, proposal: Proposal) -> None:
    """Print the nested table of an objective."""
    print(f"\n{objective:<18}{'nested':>10}{'error':>10}{'to the best':>13}{'error':>10}{'members':>9}")
    for row in proposal.table:
        print(
            f"{row.name:<18}{row.value:10.5f}{row.std_error:10.5f}{row.difference:13.6f}"
            f"{row.difference_error:10.6f}{row.n_members:9d}{'  proposed' * (row.name == proposal.name)}"
        )
    print(flush=True)


def peak_gigabytes() -> float:
    """Peak of the resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--objectives", nargs="+", default=["mse", "nll", "crps"])
    arguments = parser.parse_args()
    seconds: dict[str, float] = {}
    with stage("simulation", seconds):
        problem = simulate(arguments.candidates, arguments.rows)
    print(f"{arguments.candidates} candidates, {arguments.rows} rows; all strategies, nested in 5 folds")
    proposed = {}
    for objective in arguments.objectives:
        with stage(objective, seconds):
            scored = nested_scores(problem, objective)
            proposal = propose(scored)
        proposed[objective] = proposal.name
        show(objective, proposal)
        combined = scored[proposal.name].combined
        with stage(f"calibration, {objective}", seconds):
            residual = problem.target - combined.mean
            factors = cross_fit(
                residual, problem.error, combined.std, {"predicted": combined.mean}, problem.group
            )
            found = measure(residual, problem.error, combined.std, factors)
        print(f"coverage of the {objective} proposal at 68.27 %: {found.overall[1].share:.4f}")
    peak = peak_gigabytes()
    print(f"peak memory {peak:.2f} GB")
    rounded = {name: round(value, 2) for name, value in seconds.items()}
    print(json.dumps({"seconds": rounded, "peak_gb": round(peak, 2), "proposed": proposed}))


if __name__ == "__main__":
    main()
