"""The LightningModule, the losses and the training loop."""

from astrosweep.training.assessment import judge_unlabelled
from astrosweep.training.calibration import calibrate
from astrosweep.training.device import on_own_device
from astrosweep.training.fit import (
    EpochListener,
    FitResult,
    check_weights,
    fit,
    predict,
    predict_with,
    restore,
)
from astrosweep.training.folds import Groups, Listener, TrainingResult, group_folds, train
from astrosweep.training.module import RegressionDataModule, RegressionModule

__all__ = [
    "EpochListener",
    "FitResult",
    "Groups",
    "Listener",
    "RegressionDataModule",
    "RegressionModule",
    "TrainingResult",
    "calibrate",
    "check_weights",
    "fit",
    "group_folds",
    "judge_unlabelled",
    "on_own_device",
    "predict",
    "predict_with",
    "restore",
    "train",
]
