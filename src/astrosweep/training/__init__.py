"""The LightningModule, the losses and the training loop."""

from astrosweep.training.fit import EpochListener, FitResult, fit, predict
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
    "predict",
    "prepare_folds",
    "train",
]
