"""What every contender is given and what it gives back: folds, parameter sets, the objective, results."""

import argparse
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS, PARAMETERS, RESULTS = "folds.npz", "parameters.json", "results.jsonl"


@dataclass(frozen=True, eq=False)
class Fold:
    """Prepared training and validation rows: N and M rows, F features.

    Attributes:
        x_train: Features, (N, F).
        z_train: Targets in the network's scale, (N, 1).
        x_val: Features, (M, F).
        z_val: Targets in the network's scale, (M, 1).
        y_val: Targets in their own unit, (M, 1).
        loc: A network value z is the physical value ``z * width + loc``.
        width: See ``loc``.
    """

    x_train: NDArray[np.float32]
    z_train: NDArray[np.float32]
    x_val: NDArray[np.float32]
    z_val: NDArray[np.float32]
    y_val: NDArray[np.float64]
    loc: float
    width: float


@dataclass(frozen=True)
class Parameters:
    """One parameter set.

    Attributes:
        lr: Learning rate of Adam.
        batch_size: Rows of a training batch.
        dropout: Probability of zeroing a hidden unit.
        hidden: Units of each hidden layer.
        l2: Coefficient of the penalty ``l2 * sum(kernel ** 2)``.
    """

    lr: float
    batch_size: int
    dropout: float
    hidden: tuple[int, ...]
    l2: float

    @classmethod
    def from_keys(cls, values: Mapping[str, Any]) -> "Parameters":
        """Read a parameter set keyed by astrosweep's configuration; a list may be text."""
        hidden = values["model.hidden"]
        return cls(
            lr=float(values["optimizer.lr"]),
            batch_size=int(values["data.batch_size"]),
            dropout=float(values["model.dropout"]),
            hidden=tuple(json.loads(hidden) if isinstance(hidden, str) else hidden),
            l2=float(values["model.l2"]),
        )


@dataclass(frozen=True)
class Task:
    """The command line of a peer.

    Attributes:
        folder: Where the folds and the parameter sets are and the results go.
        epochs: Epochs of each fit.
        workers: Trials at a time.
    """

    folder: Path
    epochs: int
    workers: int

    @classmethod
    def from_command_line(cls) -> "Task":
        """Read ``--folder``, ``--epochs`` and ``--workers``."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--folder", type=Path, required=True)
        parser.add_argument("--epochs", type=int, required=True)
        parser.add_argument("--workers", type=int, required=True)
        return cls(**vars(parser.parse_args()))

    def parameters(self) -> list[Parameters]:
        """The parameter sets, in the order of the trials."""
        return [Parameters.from_keys(values) for values in json.loads((self.folder / PARAMETERS).read_text())]

    def folds(self) -> list[Fold]:
        """The prepared folds."""
        return load_folds(self.folder / FOLDS)


Fit = Callable[[Fold, Parameters, int], NDArray[np.float64]]
"""Trains on a fold; returns the validation outputs, (M, 1), of the epoch with the lowest loss of them."""


def save_folds(path: Path, folds: Sequence[Fold]) -> None:
    """Write folds to one file."""
    arrays = {f"{k}/{name}": value for k, fold in enumerate(folds) for name, value in vars(fold).items()}
    np.savez(path, **arrays)


def load_folds(path: Path) -> list[Fold]:
    """Read what ``save_folds`` wrote."""
    with np.load(path) as arrays:
        n_folds = 1 + max(int(key.split("/")[0]) for key in arrays)
        return [
            Fold(**{name: arrays[f"{k}/{name}"] for name in Fold.__dataclass_fields__})
            for k in range(n_folds)
        ]


def run_trial(task: Task, index: int, parameters: Parameters, folds: Sequence[Fold], fit: Fit) -> float:
    """Fit a parameter set on every fold and append the result as that of trial ``index``.

    Returns:
        The root mean square error of all out-of-fold predictions, in the target's unit.
    """
    started = time.time()
    outputs = [fit(fold, parameters, task.epochs) for fold in folds]
    value = pooled_rmse(folds, outputs)
    line = json.dumps({"trial": index, "value": value, "started": started, "finished": time.time()})
    with (task.folder / RESULTS).open("a") as file:
        file.write(f"{line}\n")
    return value


def pooled_rmse(folds: Sequence[Fold], outputs: Sequence[NDArray[np.float64]]) -> float:
    """Root mean square error of all out-of-fold predictions, in the target's unit."""
    residuals = [z * fold.width + fold.loc - fold.y_val for fold, z in zip(folds, outputs, strict=True)]
    return math.sqrt(float(np.mean(np.concatenate(residuals) ** 2)))
