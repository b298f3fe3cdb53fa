"""How far a study is."""

from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from optuna.trial import FrozenTrial, TrialState

from astrosweep.config import StudyConfig
from astrosweep.search.samplers import grid_size

ERROR = "error"
RUN_ID = "run_id"
_HISTORY = "retry_history"


@dataclass(frozen=True)
class Counts:
    """Trials of a study by state.

    Attributes:
        target: Completed and pruned trials that the study wants.
        complete: Trials that ran to their end.
        pruned: Trials that ended early.
        running: Trials in progress, also those of workers that died without a word.
        waiting: Trials in the queue: those that a worker gave back, and settings that are tried first.
        failed: Trials that ended with an error.
        lost: Trials whose worker died; each is there again under another number.
    """

    target: int
    complete: int = 0
    pruned: int = 0
    running: int = 0
    waiting: int = 0
    failed: int = 0
    lost: int = 0

    @property
    def done(self) -> int:
        """Completed and pruned trials."""
        return self.complete + self.pruned

    @property
    def is_done(self) -> bool:
        """Whether the study has all its trials."""
        return self.done >= self.target

    @property
    def has_room(self) -> bool:
        """Whether another trial may start now."""
        return self.done + self.running < self.target


def count(study: optuna.Study, config: StudyConfig) -> Counts:
    """Count the trials of a study.

    Args:
        study: The study.
        config: Its configuration. A grid wants no more trials than it has combinations that did not fail.

    Returns:
        The counts.
    """
    search, trials = config.search, study.get_trials(deepcopy=False)
    by_state = dict.fromkeys(TrialState, 0)
    for trial in trials:
        by_state[trial.state] += 1
    failed = sum(trial.state == TrialState.FAIL and ERROR in trial.user_attrs for trial in trials)
    target = search.n_trials
    if search.sampler.name == "grid":
        target = min(target, grid_size(search.distributions) - failed)
    return Counts(
        target=target,
        complete=by_state[TrialState.COMPLETE],
        pruned=by_state[TrialState.PRUNED],
        running=by_state[TrialState.RUNNING],
        waiting=by_state[TrialState.WAITING],
        failed=failed,
        lost=by_state[TrialState.FAIL] - failed,
    )


def abandoned(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Trials that ended without a result or an error, and that nobody has put back into the queue."""
    retried = {number for trial in trials for number in trial.system_attrs.get(_HISTORY, ())}
    return [
        trial
        for trial in trials
        if trial.state == TrialState.FAIL and ERROR not in trial.user_attrs and trial.number not in retried
    ]
