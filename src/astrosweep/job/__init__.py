"""One Hydra job from the composed configuration to the record, and what surrounds the jobs of a multirun."""

import atexit
import gc

from astrosweep.job.command_line import judged_by_pydantic
from astrosweep.job.entry import run_job
from astrosweep.job.multirun import MultirunCallback
from astrosweep.job.passwords import without_passwords

# At its end the interpreter would look through a million objects of torch and MLflow: 2 s for each process.
atexit.register(gc.freeze)

__all__ = ["MultirunCallback", "judged_by_pydantic", "run_job", "without_passwords"]
