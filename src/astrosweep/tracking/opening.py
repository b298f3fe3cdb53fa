"""From the configuration to a tracker."""

from astrosweep.config import TrackingConfig
from astrosweep.tracking.memory import MemoryTracker
from astrosweep.tracking.mlflow_tracker import MlflowTracker
from astrosweep.tracking.process import end_dead_runs
from astrosweep.tracking.protocol import Tracker


def open_tracker(config: TrackingConfig) -> Tracker:
    """Open the record of runs, making its database and folders if they are missing.

    Runs in progress whose process was one of this machine and is gone are recorded as killed.

    Args:
        config: Where runs are recorded. ``none`` gives a tracker that keeps them in memory, so nothing
            above this layer needs to know whether runs are recorded.

    Raises:
        TrackingError: The store cannot be reached or made.
    """
    if config.name == "none":
        return MemoryTracker()
    tracker = MlflowTracker(config)
    end_dead_runs(tracker)
    return tracker
