"""Directories of profiles in, tables of points and of clusters and a figure of each out."""

import io
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from astropy.io import votable
from astropy.table import Table

from astrosweep.config.kinds.clusters import ClusterSimulationConfig
from astrosweep.core.errors import AstrosweepError, ConfigError, DataError
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.profiles.write import write_sample
from astrosweep.prediction import beside
from astrosweep.prediction.flags import MISSING, RANGE, UNPREDICTED, WHOLE
from tests.prediction.models import predict, stars

N, POINTS = 6, 10


@pytest.fixture(scope="module")
def sample():
    return simulate_clusters(ClusterSimulationConfig(n_clusters=N, seed=5, cache_dir=None))


@pytest.fixture
def profiles(sample, tmp_path):
    """Observed profiles without any truth."""
    folder = tmp_path / "survey"
    write_sample(replace(sample, truth=replace(sample.truth, profiles={})), folder)
    return folder


def test_a_directory_gives_points_clusters_and_a_figure_of_each(cluster_model, sample, profiles, tmp_path):
    summary = predict(cluster_model, profiles, tmp_path / "out.vot", output={"figures": 2})
    points, clusters = (Table.read(tmp_path / name) for name in ("out.vot", "out_objects.vot"))
    assert points["cluster"].tolist() == np.repeat(sample.objects.names, POINTS).tolist()
    assert clusters["cluster"].tolist() == sample.objects.names.tolist()
    np.testing.assert_allclose(clusters["r500_kpc"], sample.objects.r500_kpc, rtol=1e-6)
    assert (points["temperature_lower_95"] < points["temperature_lower_68"]).all()
    for name in ("gas_mass_r2500", "gas_mass_r500", "y500", "hydrostatic_mass_r500"):
        assert (clusters[f"{name}_lower_68"] <= clusters[name]).all()
        assert (clusters[name] <= clusters[f"{name}_upper_68"]).all()
    for name in ("out.vot", "out_objects.vot"):
        report = io.StringIO()
        assert votable.validate(tmp_path / name, output=report), report.getvalue()
    assert summary.objects == tmp_path / "out_objects.vot"
    names = [f"{name}.png" for name in sample.objects.names[:2]]
    assert sorted(path.name for path in (tmp_path / "out_figures").iterdir()) == names
    assert (summary.figures.drawn, summary.figures.left_out) == (2, N - 2)
    assert (tmp_path / "out_figures" / names[0]).read_bytes()[:4] == b"\x89PNG"


def test_what_was_not_measured_is_refused_by_name_and_every_cluster_comes_back(
    cluster_model, sample, profiles, tmp_path
):
    names = sample.objects.names
    (profiles / names[1] / "y143GHz.txt").unlink()
    whole = (profiles / names[2] / "sb.txt").read_text().splitlines()
    (profiles / names[2] / "sb.txt").write_text("\n".join([*whole[:4], "0.1 nonsense"]))
    predict(cluster_model, profiles, tmp_path / "out.fits", output={"figures": 0})
    clusters = Table.read(tmp_path / "out_objects.fits")
    assert clusters["cluster"].tolist() == names.tolist()
    refused = clusters["flag"] & UNPREDICTED > 0
    assert np.flatnonzero(refused).tolist() == [1, 2]
    assert "y143GHz was not measured" in clusters["flag_reason"][1]
    assert "sb.txt" in clusters["flag_reason"][2]
    np.testing.assert_array_equal(np.ma.getmaskarray(np.ma.masked_invalid(clusters["y500"])), refused)
    points = Table.read(tmp_path / "out.fits")
    assert len(points) == N * POINTS
    unknown = np.ma.getmaskarray(np.ma.masked_invalid(points["density"])).reshape(N, POINTS)
    np.testing.assert_array_equal(unknown, np.repeat(refused[:, None], POINTS, axis=1))
    assert not (tmp_path / "out_figures").exists()


def test_clusters_unlike_those_of_the_training_are_flagged(cluster_model, sample, tmp_path):
    brighter = {
        name: replace(own, value=30.0 * own.value, error=30.0 * own.error) if name == "sb" else own
        for name, own in sample.objects.observed.items()
    }
    far = np.array([3.0, *sample.objects.redshift[1:]])
    for folder, objects in (
        ("bright", replace(sample.objects, observed=brighter)),
        ("far", replace(sample.objects, redshift=far)),
    ):
        unlike = replace(sample, objects=objects, truth=replace(sample.truth, profiles={}))
        write_sample(unlike, tmp_path / folder)
        predict(cluster_model, tmp_path / folder, tmp_path / f"{folder}.csv", output={"figures": 0})
    bright, far_ones = (Table.read(tmp_path / f"{name}_objects.csv") for name in ("bright", "far"))
    assert (bright["flag"] & (RANGE | WHOLE) > 0).mean() >= 0.8
    assert any("sb at 0.3 R500 above" in reason for reason in bright["flag_reason"])
    assert far_ones["flag"][0] & RANGE
    assert "redshift above" in far_ones["flag_reason"][0]


def test_fresh_clusters_of_the_same_simulation_are_hardly_flagged(cluster_model, tmp_path):
    fresh = simulate_clusters(ClusterSimulationConfig(n_clusters=60, seed=8, cache_dir=None))
    write_sample(replace(fresh, truth=replace(fresh.truth, profiles={})), tmp_path / "fresh")
    predict(cluster_model, tmp_path / "fresh", tmp_path / "fresh.parquet", output={"figures": 0})
    clusters = pd.read_parquet(tmp_path / "fresh_objects.parquet")
    assert (clusters["flag"] & MISSING == 0).all()
    assert (clusters["flag"] > 0).mean() <= 0.1  # 80 clusters were trained on, so that limits are rough


def test_another_table_of_objects_is_not_written_over(cluster_model, profiles, tmp_path):
    (tmp_path / "out_objects.vot").write_text("mine")
    with pytest.raises(ConfigError, match=r"out_objects\.vot: is there already, made by another model"):
        predict(cluster_model, profiles, tmp_path / "out.vot")
    assert not (tmp_path / "out.vot").exists()
    assert (tmp_path / "out_objects.vot").read_text() == "mine"
    predict(cluster_model, profiles, tmp_path / "out.vot", overwrite=True, output={"figures": 0})
    assert len(Table.read(tmp_path / "out_objects.vot")) == N
    again = predict(cluster_model, profiles, tmp_path / "out.vot", overwrite=True, output={"figures": 0})
    assert again.counts is None


def test_a_stop_in_the_middle_leaves_no_half_file(cluster_model, profiles, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "figure.png")

    monkeypatch.setattr(beside, "save_figures", full)
    with pytest.raises(OSError, match="No space left"):
        predict(cluster_model, profiles, tmp_path / "out.vot")
    assert [path.name for path in tmp_path.iterdir()] == ["survey"]


def test_what_cannot_be_used_at_all_is_said(cluster_model, star_model, profiles, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="empty"):
        predict(cluster_model, empty, tmp_path / "out.vot")
    stars("cepheid", 20, 3).to_csv(tmp_path / "stars.csv", index=False)
    with pytest.raises(DataError, match=r"stars\.csv.*the model predicts cluster"):
        predict(cluster_model, tmp_path / "stars.csv", tmp_path / "out.vot")
    with pytest.raises(DataError, match="the model predicts cepheid"):
        predict(star_model, profiles / "sim-000000" / "sb.txt", tmp_path / "stars.vot")
    for one in profiles.rglob("sb.txt"):
        one.write_text("")
    with pytest.raises(DataError, match=r"no row can be predicted: .*sb\.txt"):
        predict(cluster_model, profiles, tmp_path / "out.vot")
    shutil.rmtree(profiles)
    with pytest.raises(AstrosweepError, match="survey"):
        predict(cluster_model, profiles, tmp_path / "out.vot")
    assert not (tmp_path / "out.vot").exists()
