"""Train one network, or with -m every combination of a grid, and record the runs. Start with --help."""

import sys

import hydra
from omegaconf import DictConfig

from astrosweep.job import judged_by_pydantic, run_job, without_passwords


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(composed: DictConfig) -> None:
    """Run one job."""
    run_job(composed)


if __name__ == "__main__":
    sys.argv[1:] = judged_by_pydantic(without_passwords(sys.argv[1:]))
    main()
