"""The LightningModule, the losses and the training loop."""

from astrosweep.training.fit import EpochListener, FitResult, fit
from astrosweep.training.folds import TrainingResult, train
from astrosweep.training.module import RegressionDataModule, RegressionModule

__all__ = [
    "EpochListener",
    "FitResult",
    "RegressionDataModule",
    "RegressionModule",
    "TrainingResult",
    "fit",
    "train",
]
