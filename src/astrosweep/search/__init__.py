"""Searches: Hydra chooses the study, Optuna fills it, workers meet in its storage.

This door opens fast: what trains (``search.worker``, ``search.conclusion``) and what draws
(``search.summary``) is imported by those who train and draw, so that the process that only launches and
watches need not wait.
"""

from astrosweep.search.storage import open_storage
from astrosweep.search.watch import watched

__all__ = ["open_storage", "watched"]
