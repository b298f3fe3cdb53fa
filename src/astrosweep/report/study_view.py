"""A study as it is drawn: a copy in memory whose values are finite and on one readable scale.

Optuna reads the study anew for every plot, warns of every trial without a finite value, and stretches its
scales to the worst trial. A copy is read once, also from a database that others write to, and keeps the
numbers of the trials.
"""

import math
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.report.canvas import BLUE, GREEN, GREY, ORANGE, PURPLE

Values = tuple[float, ...]

END_COLOURS = {"complete": BLUE, "pruned": GREY, "running": GREEN, "fail": PURPLE, "best": ORANGE}

_N_LEVELS = 40


@dataclass(frozen=True, eq=False)
class View:
    """A study with one objective or several as it is drawn.

    Attributes:
        study: The copy. Trials without finite values of the objectives have failed in it, and values above a
            bound are at the bound.
        names: One per objective.
        labels: One per objective: its name, and where values are cut.
        params: Parameters of complete trials that have at least two values, in alphabetical order.
        categorical: Those of them that are choices.
    """

    study: Study
    names: tuple[str, ...]
    labels: tuple[str, ...]
    params: tuple[str, ...]
    categorical: frozenset[str]

    @property
    def label(self) -> str:
        """Label of the only objective."""
        return self.labels[0]

    @property
    def complete(self) -> list[FrozenTrial]:
        """Trials that have a value."""
        return complete_trials(self.study)

    @property
    def evaluator(self) -> PedAnovaImportanceEvaluator:
        """How importance is judged: for being in the best tenth of the trials, or the best five of few."""
        return PedAnovaImportanceEvaluator(target_quantile=self._best_share)

    @property
    def is_ranked(self) -> bool:
        """Whether some trials of the only objective are among the best and others are not."""
        sign = 1.0 if self.study.direction == StudyDirection.MINIMIZE else -1.0
        values = sorted(sign * _value(trial) for trial in self.complete)
        return len(values) > 1 and values[math.ceil(self._best_share * len(values)) - 1] < values[-1]

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value of the only objective."""
        values = [_value(trial) for trial in self.complete]
        return min(values), max(values)

    @property
    def _best_share(self) -> float:
        return min(max(0.1, 5.0 / max(len(self.complete), 1)), 0.5)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what Optuna says of studies in memory and what it and matplotlib say of the plots."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            for category in (optuna.exceptions.ExperimentalWarning, UserWarning):
                warnings.simplefilter("ignore", category)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)


def complete_trials(study: Study) -> list[FrozenTrial]:
    """Return the complete trials without copying them."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def view_of(study: Study, names: Sequence[str], objectives: Sequence[int], curves: bool = False) -> View:
    """Copy a study with some of its objectives.

    Args:
        study: Any study; it is only read.
        names: Names of all its objectives.
        objectives: Indices of those to keep.
        curves: Whether to keep the intermediate values, which Optuna copies over and over.
    """

    def values_of(trial: FrozenTrial) -> Values:
        return tuple(trial.values[index] for index in objectives)

    directions = [study.directions[index] for index in objectives]
    trials = study.get_trials(deepcopy=False)
    plain = copy_study(trials, study.study_name, directions, values_of)
    # A trial of the Pareto front is never cut: the front of the copy is that of the study.
    front = plain.best_trials if len(directions) > 1 else []
    bounds, labels = [], []
    for place, (index, direction) in enumerate(zip(objectives, directions, strict=True)):
        bound = math.inf
        values = [trial.values[place] for trial in complete_trials(plain)]
        if direction == StudyDirection.MINIMIZE and values:
            bound = max([upper_bound(values), *(trial.values[place] for trial in front)])
            bound = bound if bound < max(values) else math.inf
        bounds.append(bound)
        labels.append(names[index] if math.isinf(bound) else f"{names[index]} (cut at {bound:.3g})")

    def cut_values_of(trial: FrozenTrial) -> Values:
        return tuple(np.minimum(values_of(trial), bounds).tolist())

    cut = copy_study(trials, study.study_name, directions, cut_values_of, curves=curves)
    complete = complete_trials(cut)
    categorical = {
        name
        for trial in complete
        for name, distribution in trial.distributions.items()
        if isinstance(distribution, CategoricalDistribution)
    }
    kept = tuple(names[index] for index in objectives)
    return View(cut, kept, tuple(labels), _varied(complete), frozenset(categorical))


def copy_study(
    trials: Sequence[FrozenTrial],
    name: str,
    directions: Sequence[StudyDirection],
    values_of: Callable[[FrozenTrial], Values],
    params_of: Callable[[FrozenTrial], dict[str, object]] = lambda trial: trial.params,
    curves: bool = False,
) -> Study:
    """Return trials as a study in memory, in their order; those without finite values have failed."""
    study = optuna.create_study(study_name=name, directions=list(directions))
    for trial in trials:
        state, values = trial.state, None
        if state == TrialState.COMPLETE:
            values = values_of(trial)
            if not all(map(math.isfinite, values)):
                state, values = TrialState.FAIL, None
        study.add_trial(
            create_trial(
                state=state,
                values=values,
                params=params_of(trial),
                distributions=trial.distributions,
                intermediate_values=trial.intermediate_values if curves else None,
            )
        )
    return study


def upper_bound(values: Sequence[float]) -> float:
    """Return where to cut values of which a few are so high that they hide the rest, else infinity."""
    low, quartile, high = np.quantile(values, (0.0, 0.75, 1.0)).tolist()
    bound = quartile + 3.0 * (quartile - low)
    return bound if low < bound and high - low > 2.0 * (bound - low) else math.inf


def endings(view: View) -> dict[str, str]:
    """Return how each trial ended, under the name that Optuna gives to its curve."""
    trials = view.study.get_trials(deepcopy=False)
    ends = {f"Trial{trial.number}": trial.state.name.lower() for trial in trials}
    if len(view.names) == 1 and view.complete:
        ends[f"Trial{view.study.best_trial.number}"] = "best"
    return ends


def curves_range(view: View) -> tuple[float, float]:
    """Return the range of the intermediate values, without those that are so high that they hide the rest."""
    values = _curve_values(view)
    low, high = min(values), min(max(values), upper_bound(values))
    margin = 0.05 * (high - low) or 0.05 * abs(low) or 0.5
    return low - margin, high + margin


def has_curves(view: View) -> bool:
    """Return whether there are finite intermediate values to plot; Optuna leaves out failed trials."""
    return bool(_curve_values(view))


def wrapped(name: str, width: int = 18) -> str:
    """Break a long dotted name after its dots."""
    return "\n".join(textwrap.wrap(re.sub(r"\.(?=[^\W\d])", ". ", name), width)).replace(". ", ".")


def best_last(view: View) -> Study:
    """Return the complete trials of one objective, the best last, so that they are drawn above the others."""
    falling = view.study.direction == StudyDirection.MINIMIZE
    trials = sorted(view.complete, key=_value, reverse=falling)
    return copy_study(trials, view.study.study_name, view.study.directions, lambda trial: (_value(trial),))


def coarse(view: View, params: Sequence[str]) -> Study:
    """Return complete trials with numbers of at most 40 levels, all of which occur in the study.

    Optuna's contours are drawn over a grid of all values of two parameters, which grows with the square of
    the trials.
    """
    trials = view.complete
    levels = {name: levels_of(trials, name) for name in params}

    def params_of(trial: FrozenTrial) -> dict[str, object]:
        return {name: levels.get(name, {}).get(value, value) for name, value in trial.params.items()}

    def values_of(trial: FrozenTrial) -> Values:
        return (_value(trial),)

    return copy_study(trials, view.study.study_name, view.study.directions, values_of, params_of)


def levels_of(trials: Sequence[FrozenTrial], name: str) -> dict[float, float]:
    """Return a number of a parameter to the nearest of its levels; empty if it has no numbers or few."""
    found = [trial for trial in trials if name in trial.params]
    numeric = [trial for trial in found if not isinstance(trial.distributions[name], CategoricalDistribution)]
    values = sorted({trial.params[name] for trial in numeric})
    if len(values) <= _N_LEVELS:
        return {}
    log = any(getattr(trial.distributions[name], "log", False) for trial in numeric)
    scaled = np.log(values) if log else np.asarray(values, dtype=np.float64)
    grid = np.linspace(scaled[0], scaled[-1], _N_LEVELS)
    levels = np.unique(_nearest(scaled, grid))
    return {
        value: values[levels[at]] for value, at in zip(values, _nearest(scaled[levels], scaled), strict=True)
    }


def _curve_values(view: View) -> list[float]:
    trials = view.study.get_trials(deepcopy=False)
    drawn = [trial for trial in trials if trial.state != TrialState.FAIL]
    return [value for trial in drawn for value in trial.intermediate_values.values() if math.isfinite(value)]


def _nearest(choices: FloatArray, wanted: FloatArray) -> IdArray:
    """Return the index of the nearest choice for everything wanted."""
    return np.asarray(np.abs(choices[None, :] - wanted[:, None]).argmin(axis=1), dtype=np.int64)


def _varied(trials: Sequence[FrozenTrial]) -> tuple[str, ...]:
    values: dict[str, set[object]] = {}
    for trial in trials:
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    return tuple(sorted(name for name, found in values.items() if len(found) > 1))


def _value(trial: FrozenTrial) -> float:
    assert trial.value is not None
    return trial.value
