"""One Hydra job from the composed configuration to the record, and what surrounds the jobs of a multirun."""

import atexit
import gc

from astrosweep.job.arguments import judged_by_pydantic
from astrosweep.job.beforehand import OneJobCallback
from astrosweep.job.command_line import read_command_line
from astrosweep.job.ensemble import run_ensemble
from astrosweep.job.entry import run_job
from astrosweep.job.multirun import MultirunCallback
from astrosweep.job.predict import run_prediction
from astrosweep.job.promote import run_promotion
from astrosweep.job.validate import run_validation

# At its end the interpreter would look through a million objects of torch and MLflow: 2 s for each process.
atexit.register(gc.freeze)

__all__ = [
    "MultirunCallback",
    "OneJobCallback",
    "judged_by_pydantic",
    "read_command_line",
    "run_ensemble",
    "run_job",
    "run_prediction",
    "run_promotion",
    "run_validation",
]
