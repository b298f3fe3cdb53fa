"""Combine the recorded runs on some data into one ensemble: python ensemble.py data=cepheid. See --help."""

import hydra
from omegaconf import DictConfig

from astrosweep.job import read_command_line, run_ensemble


@hydra.main(version_base="1.3", config_path="conf", config_name="ensemble")
def main(composed: DictConfig) -> None:
    """Build one ensemble."""
    run_ensemble(composed)


if __name__ == "__main__":
    read_command_line()
    main()
