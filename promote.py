"""Make a version of a registered ensemble the champion: python promote.py model=<name>. See --help."""

import hydra
from omegaconf import DictConfig

from astrosweep.job import read_command_line, run_promotion


@hydra.main(version_base="1.3", config_path="conf", config_name="promote")
def main(composed: DictConfig) -> None:
    """Promote one version."""
    run_promotion(composed)


if __name__ == "__main__":
    read_command_line(section="promote", keys=("model", "version", "force"))
    main()
