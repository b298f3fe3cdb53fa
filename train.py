"""Train one network, or with -m every combination of a grid, and record the runs. Start with --help."""

import hydra
from omegaconf import DictConfig

from astrosweep.job import read_command_line, run_job


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(composed: DictConfig) -> None:
    """Run one job."""
    run_job(composed)


if __name__ == "__main__":
    read_command_line()
    main()
