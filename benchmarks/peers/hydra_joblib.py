"""A Hydra multirun with the joblib launcher and Lightning's Trainer: one job per trial.

Usage: python -m peers.hydra_joblib -m hydra/launcher=joblib hydra.launcher.n_jobs=2 'trial=range(24)' ...
"""

from dataclasses import dataclass
from pathlib import Path

import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from peers.lightning_fit import fit, quieten
from peers.problem import Task, run_trial


@dataclass
class Config:
    """What the command line sets."""

    trial: int = MISSING
    folder: str = MISSING
    epochs: int = MISSING


ConfigStore.instance().store("config", node=Config)


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def main(config: Config) -> float:
    """Run one job."""
    quieten()
    task = Task(Path(config.folder), config.epochs, workers=1)
    return run_trial(task, config.trial, task.parameters()[config.trial], task.folds(), fit)


if __name__ == "__main__":
    main()
