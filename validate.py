"""Report what a model is worth: python validate.py model=models:/cepheid@champion input=fresh.csv."""

import hydra
from omegaconf import DictConfig

from astrosweep.job import read_command_line, run_validation


@hydra.main(version_base="1.3", config_path="conf", config_name="validate")
def main(composed: DictConfig) -> None:
    """Validate one model."""
    run_validation(composed)


if __name__ == "__main__":
    keys = ("model", "input", "output", "overwrite", "keep_seen", "draws", "repeats", "most_objects", "seed")
    read_command_line(section="validation", keys=keys)
    main()
