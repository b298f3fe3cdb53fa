"""The mean of several networks."""

import importlib
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from astrosweep.core.types import Predictions, Unlabelled

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def combine(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("clusters").combine


def predicted(mean, std):
    return Predictions(np.array(["a", "b"]), np.array(mean), np.array(std))


def test_the_mean_has_the_variance_of_the_networks_and_the_one_between_them(combine):
    one = predicted([[1.0], [5.0]], [[0.6], [0.2]])
    other = predicted([[3.0], [5.0]], [[0.4], [0.1]])
    mean = combine([one, other], [0.5, 1.0])
    assert mean.mean.tolist() == [[2.0], [5.0]]
    normal = np.random.default_rng(0).standard_normal((2, 200_000))
    draws = np.concatenate([1.0 + 0.3 * normal[0], 3.0 + 0.4 * normal[1]])
    assert mean.std[0, 0] == pytest.approx(draws.std(), rel=0.01)
    assert mean.std[1, 0] == pytest.approx(0.1)


def test_one_network_is_its_own_mean(combine):
    one = predicted([[1.0], [5.0]], [[0.3], [0.1]])
    mean = combine([one], [1.0])
    assert mean.mean.tolist() == one.mean.tolist()
    assert mean.std == pytest.approx(one.std)


def test_the_mean_is_calibrated_on_clusters_that_did_not_set_the_weights(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    clusters = importlib.import_module("clusters")
    cut = ("data.simulation.n_clusters=300", "trainer.max_epochs=2", "model.width=16", "replicates=2")
    networks = clusters.Networks([("experiment=deprojection", *cut)])
    (mean,) = networks._trained
    sample = clusters.calibration_sample(mean._config)
    assert len(sample) == 300
    found = mean.predict(Unlabelled(sample.ids, mean.prepared.preparation.features(sample)))
    profiles = mean.profiles(found)
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
