"""The LightningModule, the losses and the training loop."""

from astrosweep.training.fit import EpochListener, FitResult, fit
from astrosweep.training.folds import Listener, TrainingResult, prepare_folds, train
from astrosweep.training.module import RegressionDataModule, RegressionModule

__all__ = [
    "EpochListener",
    "FitResult",
    "Listener",
    "RegressionDataModule",
    "RegressionModule",
    "TrainingResult",
    "fit",
    "prepare_folds",
    "train",
]
