"""One run from its configuration to its record: what it leaves as files, values and tags."""

from astrosweep.recording.artifacts import CONFIG, METRICS, write_artifacts, write_config
from astrosweep.recording.provenance import tags_of
from astrosweep.recording.run import explain, record_run
from astrosweep.recording.values import curves_of, finite, flatten, metrics_of, tags_of_data

__all__ = [
    "CONFIG",
    "METRICS",
    "curves_of",
    "explain",
    "finite",
    "flatten",
    "metrics_of",
    "record_run",
    "tags_of",
    "tags_of_data",
    "write_artifacts",
    "write_config",
]
