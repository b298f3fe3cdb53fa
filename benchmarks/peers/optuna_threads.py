"""Optuna's ``study.optimize(..., n_jobs=...)`` around Lightning's Trainer: a thread per worker."""

import optuna

from peers.lightning_fit import fit, quieten
from peers.optuna_space import queue, suggest
from peers.problem import Task, run_trial


def main() -> None:
    """Run every trial."""
    task = Task.from_command_line()
    quieten()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folds, parameters = task.folds(), task.parameters()
    study = optuna.create_study()
    queue(study, parameters)

    def objective(trial: optuna.Trial) -> float:
        return run_trial(task, trial.number, suggest(trial), folds, fit)

    study.optimize(objective, n_trials=len(parameters), n_jobs=task.workers)


if __name__ == "__main__":
    main()
