"""Learning curves, heatmap and the files of a run."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from astrosweep.core.errors import DataError
from astrosweep.kinds.tables.figures.correlation import correlation_heatmap
from astrosweep.kinds.tables.figures.write import write_figures
from astrosweep.report.curves import learning_curves
from tests.kinds.tables.predictions import (
    LONG_NAME,
    OF_PREDICTIONS,
    STARS,
    labels,
    line,
    make_correlation,
    make_predictions,
)


class TestLearningCurves:
    def test_losses_and_the_lowest_of_validation(self):
        curves = {"train/loss": [1.0, 0.9, 0.8, 0.7], "val/loss": [0.9, 0.6, 0.5, 0.55], "lr": [1e-3] * 4}
        figure = learning_curves(curves, "run")
        (axes,) = figure.axes  # a constant learning rate has no panel
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
        np.testing.assert_array_equal(
            line(axes, "training").get_xydata().T, [[1, 2, 3, 4], curves["train/loss"]]
        )
        np.testing.assert_array_equal(line(axes, "validation").get_ydata(), curves["val/loss"])
        (best,) = [line for line in axes.lines if line.get_gid() == "best"]
        assert best.get_xydata().tolist() == [[3, 0.5]]
        assert labels(axes)[-1] == "lowest validation loss: epoch 3"
        assert axes.get_yscale() == "linear"

    def test_learning_rate_that_changes_has_a_panel(self):
        curves = {"lr": [1e-3, 1e-3, 1e-5], "val/loss": [3.0, 2.0, 1.0], "val/rmse": [2.0, 1.0, 0.5]}
        panels = learning_curves(curves, "run").axes
        assert [axes.get_ylabel() for axes in panels] == ["loss", "rmse", "learning rate"]
        np.testing.assert_array_equal(panels[2].lines[0].get_ydata(), curves["lr"])
        assert panels[2].get_yscale() == "log"

    def test_folds_are_labelled_once_and_each_has_its_best_epoch(self):
        curves = {}
        for fold, best in enumerate((2, 3, 5)):
            curves[f"fold_{fold}/val/loss"] = [float(abs(epoch - best) + 1) for epoch in range(1, 5 + fold)]
            curves[f"fold_{fold}/train/loss"] = [1.0] * (4 + fold)
            curves[f"fold_{fold}/lr"] = [1e-3] * (4 + fold)
        (axes,) = learning_curves(curves, "run").axes
        assert labels(axes) == ["validation", "training", "lowest validation loss: each fold, mean epoch 3.3"]
        best = [line.get_xydata().tolist()[0] for line in axes.lines if line.get_gid() == "best"]
        assert best == [[2, 1.0], [3, 1.0], [5, 1.0]]

    def test_steep_start_is_left_out_and_the_kept_epoch_is_not(self):
        loss = [1000.0, *(-1.0 - 0.01 * epoch for epoch in range(99))]
        (axes,) = learning_curves({"val/loss": loss}, "run").axes
        low, high = axes.get_ylim()
        assert low < min(loss) < high < 0.0

    def test_values_that_are_not_finite_are_gaps(self):
        (axes,) = learning_curves({"val/loss": [math.nan, 1.0, 0.5, math.inf]}, "run").axes
        np.testing.assert_array_equal(line(axes, "validation").get_ydata(), [np.nan, 1.0, 0.5, np.nan])
        assert labels(axes)[-1] == "lowest validation loss: epoch 3"

    def test_one_epoch_has_one_tick(self):
        (axes,) = learning_curves({"train/loss": [2.0], "val/loss": [1.0]}, "run").axes
        low, high = axes.get_xlim()
        assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]

    @pytest.mark.parametrize("curves", [{}, {"lr": [1e-3, 1e-3]}])
    def test_nothing_to_draw(self, curves):
        with pytest.raises(DataError, match="no learning curves"):
            learning_curves(curves, "run")

    def test_name_of_no_curve(self):
        with pytest.raises(DataError, match="a/b/c/d is not the name of a learning curve"):
            learning_curves({"a/b/c/d": [1.0]}, "run")


class TestCorrelation:
    def test_lower_triangle_with_numbers_and_bold_target(self):
        correlation = make_correlation(["log_pf", "bp_rp", "parallax"])
        correlation.index.name = "Spearman"
        correlation.loc["bp_rp", "log_pf"] = -0.001
        axes, bar = correlation_heatmap(correlation, "run").axes
        image = np.ma.filled(axes.images[0].get_array(), np.nan)
        np.testing.assert_array_equal(image, np.where(np.tri(3), correlation, np.nan))
        assert axes.images[0].get_clim() == (-1.0, 1.0)
        numbers = {text.get_position(): text.get_text() for text in axes.texts}
        assert numbers[0, 1] == "0.00"
        assert numbers[1, 2] == f"{correlation.loc['parallax', 'bp_rp']:.2f}"
        assert len(numbers) == 6
        weights = {label.get_text(): label.get_fontweight() for label in axes.get_yticklabels()}
        assert weights == {"log_pf": "normal", "bp_rp": "normal", "parallax": "bold"}
        assert bar.get_ylabel() == "Spearman correlation"

    def test_constant_column_holds_dashes(self):
        correlation = make_correlation(["log_pf", "ruwe", "parallax"])
        correlation["ruwe"] = correlation.loc["ruwe"] = np.nan
        axes = correlation_heatmap(correlation, "run").axes[0]
        dashes = {text.get_position() for text in axes.texts if text.get_text() == "–"}
        assert dashes == {(0, 1), (1, 1), (1, 2)}

    def test_many_features_have_no_numbers(self):
        names = [f"feature_{k}" for k in range(25)] + ["parallax"]
        axes = correlation_heatmap(make_correlation(names), "run").axes[0]
        assert not axes.texts
        assert [label.get_text() for label in axes.get_xticklabels()] == names

    def test_matrix_that_is_not_square(self):
        with pytest.raises(DataError, match="same features as rows and as columns"):
            correlation_heatmap(make_correlation(["a", "b"]).iloc[:1], "run")
        with pytest.raises(DataError, match="same features"):
            correlation_heatmap(pd.DataFrame(), "run")


class TestFiles:
    def test_every_figure_is_a_picture_of_its_size(self, tmp_path):
        names = [f"geom_model_cosine_half_period_{k}" for k in range(25)] + ["parallax"]
        curves = {f"fold_{k}/{split}/loss": [2.0, 1.0, 0.1] for k in range(5) for split in ("train", "val")}
        folder = tmp_path / "run" / "figures"
        predictions = make_predictions(500, median_mas=0.1)
        folder.mkdir(parents=True)
        (folder / "calibration.png").write_text("of an older run")
        paths = write_figures(folder, predictions, STARS, curves, make_correlation(names), LONG_NAME)
        assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in paths)
        assert {path.stem for path in paths} == {
            "predicted_against_observed",
            "residuals",
            "calibration",
            "correlation",
            "learning_curves",
        }
        for path in paths:
            height, width, _ = (picture := imread(path)).shape
            assert 500 < height < 2000
            assert 700 < width < 2000
            dark = picture[:, :, :3].mean(axis=2) < 0.5
            assert 0.002 < dark.mean() < 0.5
            # Nothing is cut off at the edge.
            assert not dark[[0, -1]].any()
            assert not dark[:, [0, -1]].any()

    def test_no_curves_no_file(self, tmp_path):
        correlation = make_correlation(["log_pf", "parallax"])
        paths = write_figures(tmp_path, make_predictions(60), STARS, {}, correlation, "ensemble")
        assert "learning_curves" not in {path.stem for path in paths}
        assert len(paths) == 4

    def test_a_fault_leaves_no_files(self, tmp_path):
        predictions = make_predictions(60).drop(columns="parallax_error")
        with pytest.raises(DataError, match="no column parallax_error"):
            write_figures(tmp_path / "figures", predictions, STARS, {}, make_correlation(["parallax"]), "run")
        assert not (tmp_path / "figures").exists()

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_title_and_axes_do_not_overlap(self, draw):
        figure = draw(make_predictions(200), STARS, LONG_NAME)
        figure.draw_without_rendering()
        title = figure._suptitle.get_window_extent()
        assert "".join(figure.get_suptitle().split()) == "".join(LONG_NAME.split())
        assert title.x0 >= 0
        assert title.x1 <= figure.bbox.x1
        for axes in figure.axes:
            assert axes.get_tightbbox().y1 <= title.y0
