"""One Hydra job from the composed configuration to the record, and what surrounds the jobs of a multirun."""

from astrosweep.job.command_line import judged_by_pydantic
from astrosweep.job.entry import run_job
from astrosweep.job.multirun import MultirunCallback

__all__ = ["MultirunCallback", "judged_by_pydantic", "run_job"]
