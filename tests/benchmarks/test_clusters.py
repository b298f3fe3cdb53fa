"""Networks and classical methods on the same clusters."""

import importlib
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from astrosweep.ensemble.bundle import load_bundle

pytestmark = pytest.mark.process  # heavy: it trains

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_replicates_are_an_ensemble_of_the_product(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    clusters = importlib.import_module("clusters")
    cut = ("data.simulation.n_clusters=300", "trainer.max_epochs=2", "model.width=16", "replicates=2")
    networks = clusters.Networks.train([("experiment=deprojection", *cut)], tmp_path)
    (predictor,) = networks._predictors
    (folder,) = tmp_path.glob("0/ensembles/cluster-*")
    bundle = load_bundle(folder)
    assert [member.networks for member in bundle.entry.members] == [1, 1]
    assert networks.n_clusters == bundle.provenance["data"]["parts"]["train"] > 200
    _, sample = next(clusters.test_samples(Namespace(clusters=40, rexcess=None)))
    answers = networks.answer(sample)
    assert answers.keys() == {"szp3d", "ne3d", "t3d"}
    judged = bundle.judge(sample.objects).predicted
    columns = predictor.preparation.columns_of("density")
    at = np.log(predictor.preparation.output_radii)
    expected = np.exp([np.interp(np.log(clusters.RADII), at, row) for row in judged.mean[:, columns]])
    np.testing.assert_allclose(answers["ne3d"].value, expected, rtol=1e-6)
    alone = clusters.Networks.load(folder).answer(sample)
    np.testing.assert_array_equal(alone["t3d"].sigma_ln, answers["t3d"].sigma_ln)


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
