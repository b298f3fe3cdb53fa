"""The space in Optuna's words, and the queue that fixes which point each trial is."""

import json
from collections.abc import Sequence

import optuna

from peers.problem import Parameters


def queue(study: optuna.Study, parameters: Sequence[Parameters]) -> None:
    """Let trial i be parameter set i."""
    for values in parameters:
        study.enqueue_trial({**vars(values), "hidden": json.dumps(values.hidden)})


def suggest(trial: optuna.Trial) -> Parameters:
    """Draw a point as any user does; here it is the queued one."""
    return Parameters(
        lr=trial.suggest_float("lr", 1e-4, 1e-2, log=True),
        batch_size=trial.suggest_categorical("batch_size", [32, 64, 128]),
        dropout=trial.suggest_float("dropout", 0.0, 0.3),
        hidden=tuple(
            json.loads(trial.suggest_categorical("hidden", ["[256, 128, 64]", "[128, 64]", "[64, 64]"]))
        ),
        l2=trial.suggest_float("l2", 1e-6, 1e-3, log=True),
    )
