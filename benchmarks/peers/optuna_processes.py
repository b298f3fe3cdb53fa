"""Optuna in a process per worker, as its tutorial on parallelisation does: a journal file shared by all."""

import multiprocessing

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from peers.lightning_fit import fit, quieten
from peers.optuna_space import queue, suggest
from peers.problem import Task, run_trial


def _study(task: Task) -> optuna.Study:
    storage = JournalStorage(JournalFileBackend(str(task.folder / "journal.log")))
    return optuna.create_study(study_name="peer", storage=storage, load_if_exists=True)


def _work(task: Task) -> None:
    quieten()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folds, n_trials = task.folds(), len(task.parameters())

    def objective(trial: optuna.Trial) -> float:
        if trial.number >= n_trials:  # the queue is empty
            trial.study.stop()
            raise optuna.TrialPruned
        return run_trial(task, trial.number, suggest(trial), folds, fit)

    _study(task).optimize(objective)


def main() -> None:
    """Queue the trials and let the processes take them."""
    task = Task.from_command_line()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    queue(_study(task), task.parameters())
    with multiprocessing.Pool(task.workers) as pool:
        pool.map(_work, [task] * task.workers, chunksize=1)


if __name__ == "__main__":
    main()
