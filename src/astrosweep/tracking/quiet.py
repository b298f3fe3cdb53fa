"""The one import of MLflow: on demand, without telemetry and without log lines."""

import logging
import os
from types import ModuleType


def import_mlflow() -> ModuleType:
    """Import MLflow (3 s the first time).

    Telemetry is off for this process and those it starts, unless ``MLFLOW_DISABLE_TELEMETRY`` says otherwise.
    MLflow logs what it also raises; the errors are reported as ``TrackingError``, so its log is off.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.CRITICAL)
    return mlflow
