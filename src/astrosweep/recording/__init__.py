"""One run from its configuration to its record and back: what it leaves as files, values and tags."""

from astrosweep.recording.artifacts import METRICS, write_artifacts
from astrosweep.recording.load import Member, Trained, load, load_recorded
from astrosweep.recording.provenance import tags_of
from astrosweep.recording.run import reason_of, train_and_record
from astrosweep.recording.saved import CONFIG, FORMAT, folders_of, read_validation, write_config
from astrosweep.recording.start import load_prepared, started
from astrosweep.recording.values import curves_of, finite, flatten, metrics_of, tags_of_data

__all__ = [
    "CONFIG",
    "FORMAT",
    "METRICS",
    "Member",
    "Trained",
    "curves_of",
    "finite",
    "flatten",
    "folders_of",
    "load",
    "load_prepared",
    "load_recorded",
    "metrics_of",
    "read_validation",
    "reason_of",
    "started",
    "tags_of",
    "tags_of_data",
    "train_and_record",
    "write_artifacts",
    "write_config",
]
