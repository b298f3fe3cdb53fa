"""The LightningModule, the losses and the training loop."""

from astrosweep.training.fit import EpochListener, FitResult, fit, predict
from astrosweep.training.folds import Listener, TrainingResult, count_fits, prepare_folds, train
from astrosweep.training.module import RegressionDataModule, RegressionModule
from astrosweep.training.together import are_together

__all__ = [
    "EpochListener",
    "FitResult",
    "Listener",
    "RegressionDataModule",
    "RegressionModule",
    "TrainingResult",
    "are_together",
    "count_fits",
    "fit",
    "predict",
    "prepare_folds",
    "train",
]
