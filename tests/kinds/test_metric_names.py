"""The metrics that a kind gives are those that its configuration declares, no more and no less."""

import itertools

import numpy as np
import pytest

from astrosweep.config.kinds.tables import OF_A_CLASS
from astrosweep.core.types import Predictions
from astrosweep.data.kind import Judged
from astrosweep.kinds import kind_of
from tests.kinds.subjects import QUICK, SUBJECTS

CLASSES = {
    "stars": {"mode_best_classification": ("FUNDAMENTAL", "FIRST_OVERTONE")},
    "table": {"morphology": ("spiral", "elliptical")},
    "clusters": {},
}
CASES = [
    ("stars",),
    ("table",),
    ("clusters",),
    ("clusters", "target=temperature"),
    ("clusters", "target=density", "data.preparation.output=radii_and_values"),
    ("clusters", "data.preparation.output=radii_and_values"),
    ("clusters", "data.preparation.logarithm=false", "data.observables=[sb,Txray]"),
]


def judged_by(preparation, labelled):
    """Labelled objects beside predictions near their targets; scalar targets from 0.05 to 4."""
    target, error = preparation.targets(labelled)
    if preparation.layout.n_targets == 1:
        target = np.geomspace(0.05, 4.0, len(labelled))[:, None]
    mean = target + 0.01 * np.random.default_rng(0).normal(size=target.shape)
    predicted = Predictions(labelled.objects.ids, mean, np.full(target.shape, 0.01))
    return Judged(labelled.objects, predicted, labelled.truth, target, error)


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_kind_gives_every_metric_that_it_declares_and_no_other(case, make_config):
    name, *overrides = case
    subject = SUBJECTS[name]
    config = make_config(*subject.overrides, *QUICK, *overrides)
    kind, development = kind_of(config), subject.develop(config, subject.make(config))
    preparation = kind.prepare(config, development, 0).preparation
    judged = judged_by(preparation, development.labelled)

    declared = config.data.metric_names(config.targets)
    given = kind.score(preparation, judged, by_class=False)
    assert given.keys() == declared
    assert {type(value) for value in given.values()} == {float}
    assert np.isfinite([*given.values()]).all()

    of_classes = {
        f"{column}.{label}/{metric}"
        for column, labels in CLASSES[name].items()
        for label, metric in itertools.product(labels, OF_A_CLASS)
    }
    assert kind.score(preparation, judged, by_class=True).keys() == declared | of_classes
    pattern = config.data.metric_pattern()
    assert (pattern is not None) == bool(of_classes)
    if pattern is not None:
        assert all(pattern.fullmatch(metric) for metric in of_classes)
        assert not any(pattern.fullmatch(metric) for metric in declared)


@pytest.mark.parametrize("name", ["stars", "table"])
def test_a_bin_of_few_objects_has_their_number_and_no_other_metric(name, make_config):
    subject = SUBJECTS[name]
    config = make_config(*subject.overrides, *QUICK)
    kind, development = kind_of(config), subject.develop(config, subject.make(config))
    preparation = kind.prepare(config, development, 0).preparation
    few = judged_by(preparation, development.labelled.take(np.arange(8)))
    given = kind.score(preparation, few, by_class=True).keys()
    bins = config.data.bins
    assert given < config.data.metric_names(config.targets)
    of_bins = {metric for metric in given if metric.endswith(tuple(f"_{name}" for name in bins))}
    assert of_bins == {f"n_{name}" for name in bins}
