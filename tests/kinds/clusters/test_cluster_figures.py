"""Figures and the table of runs on clusters show what they claim."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from astrosweep.core.errors import DataError
from astrosweep.core.types import RunRecord
from astrosweep.kinds.clusters.figures import write_figures
from astrosweep.kinds.clusters.figures.errors import errors_against_radius, intervals_against_radius
from astrosweep.kinds.clusters.figures.profiles import single_clusters
from astrosweep.kinds.clusters.figures.sample import cluster_sample_figure
from astrosweep.kinds.clusters.figures.shape import shape_kept
from astrosweep.kinds.clusters.forward.cosmology import expansion
from astrosweep.kinds.clusters.sample import TrueProfiles
from tests.kinds.clusters.simulated import prepared, simulated, with_objects
from tests.kinds.tables.predictions import drawn, labels, line
from tests.report.test_table import finished, line_with, lines_of

pytestmark = pytest.mark.process  # heavy: it draws all figures

OF_PREDICTIONS = [single_clusters, errors_against_radius, intervals_against_radius]
RADII = np.geomspace(0.01, 1.5, 100)


def make_predictions(n=21, targets=("pressure", "density"), spread=0.1):
    """Cluster i is predicted (1 + 0.01 i) times too high at all radii; the last two are sealed."""
    tables = []
    for i in range(n):
        part = "test" if i >= n - 2 else "val"
        for target in targets:
            true = RADII**-2.0
            predicted = true * (1 + 0.01 * i)
            bounds = {
                f"{side}_{level}": predicted * np.exp(sign * width * spread)
                for side, sign in (("lower", -1), ("upper", 1))
                for level, width in (("68", 1.0), ("95", 1.96))
            }
            columns = {"cluster": f"c{i}", "cluster_id": i, "part": part, "fold": 0, "target": target}
            columns |= {"radius_kpc": 1000 * RADII, "radius_scaled": RADII, "predicted": predicted}
            columns["true"] = true if part == "val" else np.nan
            tables.append(pd.DataFrame({**columns, **bounds}))
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("draw", OF_PREDICTIONS)
def test_sealed_clusters_are_never_drawn(draw):
    predictions = make_predictions()
    is_test = predictions["part"] == "test"
    leaked = predictions.assign(true=predictions["true"].mask(is_test, 77.7))
    assert drawn(draw(leaked, "run", "R500")) == drawn(draw(predictions[~is_test], "run", "R500"))


@pytest.mark.parametrize("draw", OF_PREDICTIONS)
def test_no_validation_clusters(draw):
    predictions = make_predictions()
    with pytest.raises(DataError, match="no validation clusters"):
        draw(predictions[predictions["part"] == "test"], "run", "R500")


def test_single_clusters_go_from_the_best_to_the_worst():
    figure = single_clusters(make_predictions(), "my run", "R500")
    assert figure.get_suptitle() == "my run"
    assert len(figure.axes) == 8
    titles = [axes.get_title() for axes in figure.axes[:4]]
    assert titles == ["best: c0", "typical: c9", "90th percentile: c16", "worst: c18"]
    for axes, excess in zip(figure.axes[:4], (0.0, 0.09, 0.16, 0.18), strict=True):
        predicted, true = line(axes, "predicted").get_ydata(), line(axes, "true").get_ydata()
        np.testing.assert_allclose(predicted / true, 1 + excess)
        np.testing.assert_allclose(true, RADII**-2.0)
        assert len(axes.collections) == 2
        assert axes.get_xscale() == axes.get_yscale() == "log"
    assert labels(figure.axes[0]) == ["95 % interval", "68 % interval", "predicted", "true"]
    assert [axes.get_ylabel() for axes in figure.axes[::4]] == [
        "pressure (keV cm$^{-3}$)", "electron density (cm$^{-3}$)",
    ]  # fmt: skip


def test_errors_against_radius_are_percent_of_the_truth():
    figure = errors_against_radius(make_predictions(), "run", "R500")
    assert len(figure.axes) == 2
    for axes, target in zip(figure.axes, ("pressure", "density"), strict=True):
        assert axes.get_title().startswith(f"{target}: median |error| 9.0%")
        np.testing.assert_allclose(line(axes, "median").get_ydata(), 9.0)
        band = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert (band.min(), band.max()) == pytest.approx((0.9, 17.1), abs=0.2)
    assert "90 % of clusters" in labels(figure.axes[0])


def test_intervals_against_radius_are_shares_of_clusters():
    # Inside 68 %: 1 + 0.01 i <= exp(0.1), i <= 10, 11 of 19; inside 95 %: all.
    figure = intervals_against_radius(make_predictions(), "run", "R500")
    assert len(figure.axes) == 2
    for axes in figure.axes:
        np.testing.assert_allclose(line(axes, "68 % interval").get_ydata(), 100 * 11 / 19)
        np.testing.assert_allclose(line(axes, "95 % interval").get_ydata(), 100.0)
        levels = [item.get_ydata()[0] for item in axes.lines if item.get_linestyle() == "--"]
        assert levels == [68.27, 95.0]


def test_shape_kept_has_a_panel_for_each_profile_with_points_on_the_line():
    fold = prepared(simulated())
    figure = shape_kept(fold, "run")
    shown = [axes for axes in figure.axes if axes.get_title()]
    names = [*fold.train.objects.observed, "szp3d", "ne3d", "t3d"]
    assert [axes.get_title().split(":")[0] for axes in shown] == names
    assert str(fold.train.objects.names[len(fold.train) // 2]) in figure.get_suptitle()
    for axes in shown:
        as_read, back = line(axes, "as read").get_ydata(), line(axes, "prepared and back").get_ydata()
        np.testing.assert_allclose(back, as_read, rtol=1e-9)


def test_all_figures_become_files(tmp_path):
    curves = {"train/loss": [1.0, 0.5], "val/loss": [1.1, 0.6], "lr": [1e-3, 1e-3]}
    predictions = make_predictions(targets=("density",))
    few = prepared(simulated(), ("density",), ["sb", "Txray"])
    paths = write_figures(tmp_path / "new", predictions, curves, few, "run")
    names = {
        "single_clusters",
        "errors_against_radius",
        "intervals_against_radius",
        "shape_kept",
        "training_sample",
        "learning_curves",
    }
    assert {path.stem for path in paths} == names
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in paths)
    fewer = write_figures(tmp_path, predictions, {}, few, "run")
    assert {path.stem for path in fewer} == names - {"learning_curves"}


def test_a_sample_against_real_clusters_has_a_line_for_each_generator():
    figure = cluster_sample_figure(simulated())
    assert len(figure.axes) == 3
    for axes in figure.axes:
        for generator in ("lognormal (20)", "vikhlinin (20)"):
            assert len(line(axes, generator).get_xdata()) == 100
    with pytest.raises(DataError, match="no true profiles"):
        cluster_sample_figure(replace(simulated(), truth=TrueProfiles({})))


def test_no_generator_of_a_sample_is_left_out():
    sample = simulated(36)
    generator = np.array([f"kind {i % 12:02d}" for i in range(36)])
    training_only = (np.arange(36) >= 24) & (np.arange(36) % 12 < 3)
    figure = cluster_sample_figure(with_objects(sample, generator=generator, training_only=training_only))
    expected = [f"kind {k:02d} ({2 if k < 3 else 3})" for k in range(12)]
    apart = [f"kind {k:02d}, training only (1)" for k in range(3)]
    (legend,) = figure.legends
    assert {text.get_text() for text in legend.get_texts()} == {*expected, *apart, "REXCESS (31)"}
    density = sample.truth.profiles["ne3d"].value / expansion(sample.objects.redshift)[:, None] ** 2
    first = figure.axes[0]
    for k in range(12):
        rows = (np.arange(36) % 12 == k) & ~training_only
        middle = line(first, f"kind {k:02d} (")
        np.testing.assert_allclose(middle.get_ydata(), np.median(density[rows], axis=0))
        assert middle.get_linestyle() != "--"
    for k, label in enumerate(apart):
        assert line(first, label).get_linestyle() == "--"
        assert line(first, label).get_color() == line(first, f"kind {k:02d} (").get_color()
    looks = {(item.get_linestyle(), item.get_color()) for item in first.lines if item.get_label() in expected}
    assert len(looks) == 10


def test_the_table_shows_clusters_in_percent_apart_from_stars():
    metrics = {"val/rmse": 0.25, "fit/best_epoch": 7.0}
    for target, error in (("pressure", 0.0412), ("density", 0.0234)):
        metrics |= {
            f"val/{target}/median_relative_error": error,
            f"val/{target}/p90_relative_error": 2 * error,
            f"val/{target}/relative_bias": -0.5 * error,
            f"val/{target}/coverage_68": 0.678,
            f"val/{target}/rmse_values": 0.1234,
        }
    worse = {**metrics, "val/rmse": 0.5}
    tags = {"class": "cluster", "target": "pressure, density", "unit": ""}
    records = [
        RunRecord("second", "finished", metrics=worse, tags=tags, duration_s=83.4),
        RunRecord("first", "finished", metrics=metrics, tags=tags, duration_s=83.4),
        finished("stars-run", 0.1),
        RunRecord("broken", "failed", error="no such file"),
    ]
    lines = lines_of(records, 100)
    row = line_with(lines, "first ").split()
    assert row == ["first", "pressure", "4.12", "8.24", "-2.06", "0.68", "0.1234", "7", "1:23", "finished"]
    under = lines[lines.index(line_with(lines, "first ")) + 1].split()
    assert under == ["density", "2.34", "4.68", "-1.17", "0.68", "0.1234"]
    text = "\n".join(lines)
    assert text.index("first ") < text.index("second ") < text.index("stars-run") < text.index("broken")
    assert "validation clusters" in text
    assert "test clusters stay sealed" in " ".join(text.split())
