"""Predict a table or profiles: python predict.py model=models:/cepheid@champion input=a.vot output=b.vot."""

import hydra
from omegaconf import DictConfig

from astrosweep.job import read_command_line, run_prediction


@hydra.main(version_base="1.3", config_path="conf", config_name="predict")
def main(composed: DictConfig) -> None:
    """Predict what one job is given."""
    run_prediction(composed)


if __name__ == "__main__":
    read_command_line(section="predict", keys=("model", "input", "output", "overwrite"))
    main()
