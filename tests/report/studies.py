"""Studies of made-up trials."""

import math

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

SPACE = {
    "optimizer.lr": FloatDistribution(1e-5, 1.0, log=True),
    "model.hidden": CategoricalDistribution(["[64]", "[256, 128, 64]"]),
    "model.dropout": FloatDistribution(0.0, 0.5),
    "model.n_blocks": IntDistribution(1, 9),
    "data.batch": IntDistribution(16, 4096, log=True),
    "loss.beta": FloatDistribution(0.0, 1.0, step=0.1),
    "any": CategoricalDistribution([None, "a", 3, True]),
    "only": CategoricalDistribution(["one"]),
}


def trial(values, state=TrialState.COMPLETE, curve=(), **params):
    params = {name.replace("__", "."): value for name, value in params.items()}
    return create_trial(
        state=state,
        values=None if values is None else np.atleast_1d(values).tolist(),
        params=params,
        distributions={name: SPACE[name] for name in params},
        intermediate_values=dict(enumerate(curve)),
    )


def study_of(*trials, n_objectives=1, name="dnn_search"):
    study = optuna.create_study(study_name=name, directions=["minimize"] * n_objectives)
    study.add_trials(trials)
    return study


def rate(index, n):
    return 10.0 ** (-5.0 + 4.0 * ((index * 7) % n) / n)


def typical(n=24):
    """The learning rate matters, the architecture little; some pruned, some failed, three diverged."""
    trials = []
    for i in range(n):
        lr, hidden = rate(i, n), SPACE["model.hidden"].choices[i % 2]
        value = 0.1 + 0.02 * (math.log10(lr) + 3.0) ** 2 + 0.001 * (i % 2)
        params = {"optimizer__lr": lr, "model__hidden": hidden}
        if i % 2:
            params["model__dropout"] = 0.5 * (i % 5) / 5
        curve = [value + 0.5, value + 0.1, value]
        state = {5: TrialState.PRUNED, 11: TrialState.FAIL}.get(i % 12, TrialState.COMPLETE)
        if state != TrialState.COMPLETE:
            trials.append(trial(None, state, curve[:1], **params))
        else:
            diverged = i in (2, 9, 14)
            trials.append(trial(1e6 * (i + 1) if diverged else value, curve=curve, **params))
    return study_of(*trials)


def complete(study):
    return study.get_trials(states=[TrialState.COMPLETE])
