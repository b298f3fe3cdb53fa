"""From the configuration to a tracker."""

from astrosweep.config import TrackingConfig
from astrosweep.tracking.memory import MemoryTracker
from astrosweep.tracking.mlflow_tracker import MlflowTracker
from astrosweep.tracking.protocol import Tracker


def open_tracker(config: TrackingConfig) -> Tracker:
    """Open the record of runs, making its database and folders if they are missing.

    Args:
        config: Where runs are recorded. ``none`` gives a tracker that keeps them in memory, so nothing
            above this layer needs to know whether runs are recorded.

    Raises:
        TrackingError: The store cannot be reached or made.
    """
    return MemoryTracker() if config.name == "none" else MlflowTracker(config)
