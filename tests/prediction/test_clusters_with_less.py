"""Clusters that lack an observable, a single run as the model, one long table as the input."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table

from astrosweep.core.types import Unlabelled
from astrosweep.kinds.clusters.frame import frame_of
from astrosweep.kinds.clusters.profiles.write import write_sample
from astrosweep.kinds.clusters.sample import TrueProfiles
from astrosweep.training import predict as predict_arrays
from tests.conftest import prepared_data
from tests.kinds.clusters.simulated import blanked, developed, simulated, trained, with_profiles
from tests.prediction.models import opened, predict

pytestmark = pytest.mark.process  # heavy: it trains


def test_a_single_run_predicts_a_directory_and_one_long_table_alike(cluster_model, tmp_path):
    run = cluster_model.parents[1] / "run-0"
    if not run.exists():
        run = next(p for p in cluster_model.parents if (p / "run-0").exists()) / "run-0"
    sample = simulated(4, 5)
    bare = replace(sample, truth=TrueProfiles({}))
    write_sample(bare, tmp_path / "survey")
    preparation = opened(run).preparation
    frame_of(preparation, sample.objects).to_csv(tmp_path / "long.csv", index=False)
    for source in ("survey", "long.csv"):
        predict(run, tmp_path / source, tmp_path / f"{source[:4]}_out.ecsv", output={"figures": 1})
    one, other = (Table.read(tmp_path / f"{n}_out.ecsv", format="ascii.ecsv") for n in ("surv", "long"))
    assert one["cluster"].tolist() == other["cluster"].tolist()
    np.testing.assert_allclose(one["pressure"], other["pressure"], rtol=1e-4)
    assert len(Table.read(tmp_path / "long_out_objects.ecsv", format="ascii.ecsv")) == 4


def test_an_objects_table_that_was_removed_is_made_again(cluster_model, tmp_path):
    write_sample(replace(simulated(4, 5), truth=TrueProfiles({})), tmp_path / "survey")
    predict(cluster_model, tmp_path / "survey", tmp_path / "out.vot", output={"figures": 0})
    (tmp_path / "out_objects.vot").unlink()
    predict(cluster_model, tmp_path / "survey", tmp_path / "out.vot", output={"figures": 0})
    assert (tmp_path / "out_objects.vot").exists()


def test_bands_widen_without_an_observable_and_still_cover(make_config):
    config = make_config(
        "data=cluster", "model=deprojector", "model.width=32", "model.n_blocks=1", "loss=gaussian_nll",
        "target=temperature", "data.observables=[sb,Txray,y143GHz]", "data.simulation.cache_dir=null",
        "data.preparation.augmentation.drop_observables=0.6", "data.batch_size=64",
        "trainer.max_epochs=30", "trainer.accelerator=cpu", "trainer.progress=false",
    )  # fmt: skip
    sample = simulated(800, 3)
    result = trained(config, sample)
    preparation = prepared_data(config, developed(config, sample)).folds[0].preparation
    fresh = simulated(300, 9)
    less = with_profiles(fresh, "Txray", blanked(radius=True))
    at = (preparation.output_radii >= 0.03) & (preparation.output_radii <= 1.0)
    found = {}
    for name, own in (("all", fresh), ("less", less)):
        features = Unlabelled(own.objects.ids, preparation.features(own.objects))
        got = predict_arrays(
            config, preparation.layout, preparation.transform, result.fits[0].state, features
        )
        got = got.scaled(result.factor)
        target, _ = preparation.targets(fresh)
        inside = np.abs(got.mean - target)[:, at] <= got.std[:, at]
        found[name] = float(got.std[:, at].mean()), float(inside.mean())
    assert found["less"][0] > 1.2 * found["all"][0]
    assert 0.6 <= found["all"][1] <= 0.78
    assert 0.6 <= found["less"][1] <= 0.78
