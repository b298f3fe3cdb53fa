"""Networks and classical methods on the same clusters."""

import importlib
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.process  # heavy: it trains

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_the_mean_is_calibrated_on_clusters_that_did_not_set_the_weights(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    clusters = importlib.import_module("clusters")
    cut = ("data.simulation.n_clusters=300", "trainer.max_epochs=2", "model.width=16", "replicates=2")
    networks = clusters.Networks([("experiment=deprojection", *cut)])
    (mean,) = networks._trained
    assert len(mean.trained.members) == 2
    sample = clusters.calibration_sample(mean.trained.config)
    assert len(sample) == 300
    profiles = mean.profiles(mean.trained.predict(sample.objects).predicted)
    assert profiles.keys() == {"szp3d", "ne3d", "t3d"}
    for target, (value, sigma) in profiles.items():
        pull = abs(np.log(value / clusters.true_profiles(sample, target))) / sigma
        assert (pull <= 1.0).mean(axis=0) == pytest.approx(np.full(len(clusters.RADII), 0.6827), abs=0.005)


def test_methods_that_take_turns_answer_for_the_whole_sample(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    clusters = importlib.import_module("clusters")
    _, sample = next(clusters.test_samples(Namespace(clusters=5, rexcess=None)))
    monkeypatch.setattr(clusters, "TURNS", 2)
    calls = iter([30.0, 10.0])

    class Network:
        def answer(self, everything):
            assert len(everything) == 5
            return {"ne3d": clusters.Answer(np.ones((5, 3)), np.ones((5, 3)), next(calls))}

    found = clusters.compare({"network": Network()}, sample, 2)
    assert found["network"]["ne3d"].time_ms == 20.0
    assert found["network"]["ne3d"].value.shape == (5, 3)
    alone = clusters.classical("onion", sample, 2)
    assert found["onion"].keys() == alone.keys() == {"szp3d", "ne3d", "t3d"}
    for target, answer in found["onion"].items():
        np.testing.assert_array_equal(answer.value, alone[target].value)
        np.testing.assert_array_equal(answer.sigma_ln, alone[target].sigma_ln)
