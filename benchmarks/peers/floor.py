"""The floor: bare PyTorch in as many processes as there are workers, no library around it, no record."""

import multiprocessing

import torch
import torch._dynamo  # the first optimiser imports it; once here, not in every process

from peers.network import fit
from peers.problem import Fold, Parameters, Task, run_trial

_state: tuple[Task, list[Fold], list[Parameters]]


def _start(task: Task) -> None:
    global _state
    torch.set_num_threads(1)
    _state = task, task.folds(), task.parameters()


def _run(index: int) -> None:
    task, folds, parameters = _state
    run_trial(task, index, parameters[index], folds, fit)


def main() -> None:
    """Run every trial, each on the first process that is free."""
    task = Task.from_command_line()
    with multiprocessing.Pool(task.workers, _start, (task,)) as pool:
        for _ in pool.imap_unordered(_run, range(len(task.parameters()))):
            pass


if __name__ == "__main__":
    main()
