"""The record of runs: a small ``Tracker`` protocol, kept in MLflow or in memory.

Importing this package is cheap: MLflow (3 s) is imported when a tracker is opened.
"""

from astrosweep.tracking.address import Address
from astrosweep.tracking.commands import ui_command
from astrosweep.tracking.failures import known_reason
from astrosweep.tracking.lock import SQLITE, Lock, absolute, held, open_lock
from astrosweep.tracking.memory import MemoryTracker
from astrosweep.tracking.mlflow_tracker import MlflowTracker
from astrosweep.tracking.model_folder import bundle_of, requirements, write_model
from astrosweep.tracking.opening import open_tracker
from astrosweep.tracking.process import process_tags
from astrosweep.tracking.protocol import Tracker
from astrosweep.tracking.registry import CANDIDATE, CHAMPION, MODEL, Registry, Version
from astrosweep.tracking.stores import create_stores
from astrosweep.tracking.summary import RunSummary

__all__ = [
    "CANDIDATE",
    "CHAMPION",
    "MODEL",
    "SQLITE",
    "Address",
    "Lock",
    "MemoryTracker",
    "MlflowTracker",
    "Registry",
    "RunSummary",
    "Tracker",
    "Version",
    "absolute",
    "bundle_of",
    "create_stores",
    "held",
    "known_reason",
    "open_lock",
    "open_tracker",
    "process_tags",
    "requirements",
    "ui_command",
    "write_model",
]
