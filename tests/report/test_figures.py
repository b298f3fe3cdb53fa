import math
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.image import imread
from scipy import stats

from astrosweep.core.errors import DataError
from astrosweep.report import (
    calibration,
    correlation_heatmap,
    learning_curves,
    predicted_against_observed,
    residuals_against_parallax,
    write_figures,
)

OF_PREDICTIONS = [predicted_against_observed, residuals_against_parallax, calibration]
LONG_NAME = (
    "cepheid_rrlyrae-simulated-mlp model.hidden=[128,64,32] optimizer.lr=0.001 "
    "data.preparation.imputation=median loss=gaussian $seed=3"
)


def make_predictions(n, seed=0, median_mas=0.3, **columns):
    """Stars with honest errors and uncertainties in the parts train, val and the sealed test."""
    rng = np.random.default_rng(seed)
    true = median_mas * rng.lognormal(0.0, 0.8, n)
    error, std = rng.uniform(0.03, 0.1, n), 0.1 * true + 0.02
    part = rng.choice(["train", "val", "test"], n, p=[0.4, 0.5, 0.1])
    observed = np.where(part == "test", np.nan, rng.normal(true, error))
    return pd.DataFrame(
        {
            "source_id": np.arange(n),
            "part": part,
            "fold": 0,
            "parallax": observed,
            "parallax_error": np.where(part == "test", np.nan, error),
            "parallax_predicted": rng.normal(true, std),
            "parallax_uncertainty": std,
        }
    ).assign(**columns)


def make_correlation(names):
    values = np.random.default_rng(0).normal(size=(50, len(names)))
    return pd.DataFrame(values, columns=names).corr()


def val(predictions):
    return predictions[predictions["part"] == "val"]


def line(axes, label):
    (found,) = [line for line in axes.lines if str(line.get_label()).startswith(label)]
    return found


def note_of(axes):
    return "\n".join(text.get_text() for text in axes.texts)


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def drawn(figure):
    """Return the data of all artists and all words of a figure."""
    content = [figure.get_suptitle()]
    for axes in figure.axes:
        content += [line.get_xydata().tolist() for line in axes.lines]
        content += [[path.vertices.tolist() for path in item.get_paths()] for item in axes.collections]
        content += [note_of(axes), axes.get_xlim(), axes.get_ylim()]
    return content


class TestAllOfPredictions:
    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_sealed_stars_are_never_drawn(self, draw):
        predictions = make_predictions(300)
        # Even if their targets were there, by a fault elsewhere.
        is_test = predictions["part"] == "test"
        leaked = predictions.assign(parallax=predictions["parallax"].mask(is_test, 77.7))
        assert is_test.any()
        assert drawn(draw(leaked, "run")) == drawn(draw(predictions[~is_test], "run"))

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    @pytest.mark.parametrize(
        "column", ["part", "parallax", "parallax_error", "parallax_predicted", "parallax_uncertainty"]
    )
    def test_missing_column(self, draw, column):
        with pytest.raises(DataError, match=f"no column {column}$"):
            draw(make_predictions(20).drop(columns=column), "run")

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_no_validation_stars(self, draw):
        predictions = make_predictions(20)
        with pytest.raises(DataError, match="no validation stars"):
            draw(predictions[predictions["part"] != "val"], "run")

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_missing_prediction(self, draw):
        predictions = make_predictions(20)
        predictions.loc[predictions["part"] == "val", "parallax_predicted"] = np.nan
        with pytest.raises(DataError, match="val stars have no parallax_predicted"):
            draw(predictions, "run")

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_unknown_errors_may_be_zero_or_missing(self, draw):
        predictions = make_predictions(100)
        zero, missing = (predictions.assign(parallax_error=value) for value in (0.0, np.nan))
        assert drawn(draw(zero, "run")) == drawn(draw(missing, "run"))

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_one_validation_star(self, draw):
        predictions = make_predictions(20)
        one = pd.concat([predictions[predictions["part"] == "train"], val(predictions)[:1]])
        assert draw(one, "run").axes[0].lines


class TestPredictedAgainstObserved:
    def test_axes_stars_and_diagonal(self):
        predictions = make_predictions(60, median_mas=3.0)
        axes = predicted_against_observed(predictions, "run").axes[0]
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert (axes.get_xlabel(), axes.get_ylabel()) == (
            "observed parallax (mas)",
            "predicted parallax (mas)",
        )
        n_val = len(val(predictions))
        assert f"validation ({n_val} stars)" in labels(axes)
        np.testing.assert_array_equal(
            line(axes, "validation").get_xydata(), val(predictions)[["parallax", "parallax_predicted"]]
        )
        diagonal = line(axes, "y = x")
        np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
        assert tuple(diagonal.get_xdata()) == axes.get_xlim() == axes.get_ylim()
        assert not note_of(axes)

    def test_error_bars_are_catalogue_error_and_uncertainty(self):
        predictions = make_predictions(60, median_mas=3.0)
        axes = predicted_against_observed(predictions, "run").axes[0]
        horizontal, vertical = (np.array(bars.get_segments()) for bars in axes.collections)
        stars = val(predictions)
        np.testing.assert_allclose(np.ptp(horizontal[:, :, 0], axis=1), 2 * stars["parallax_error"])
        np.testing.assert_allclose(np.ptp(vertical[:, :, 1], axis=1), 2 * stars["parallax_uncertainty"])

    def test_line_is_least_squares_of_the_logarithms(self):
        predictions = make_predictions(2000)
        positive = val(predictions).query("parallax > 0 and parallax_predicted > 0")
        expected = stats.linregress(np.log10(positive["parallax"]), np.log10(positive["parallax_predicted"]))
        axes = predicted_against_observed(predictions, "run").axes[0]
        fit = line(axes, "least squares")
        x, y = np.log10(fit.get_xdata()), np.log10(fit.get_ydata())
        assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(expected.slope)
        assert y[0] == pytest.approx(expected.intercept + expected.slope * x[0])
        assert fit.get_label() == f"least squares in log–log, slope {expected.slope:.2f}"

    def test_power_law_is_recovered(self):
        predictions = make_predictions(100, median_mas=3.0)
        predictions["parallax_predicted"] = 0.5 * predictions["parallax"].fillna(1.0) ** 0.8
        axes = predicted_against_observed(predictions, "run").axes[0]
        assert line(axes, "least squares").get_label().endswith("slope 0.80")

    def test_stars_that_are_not_shown_are_counted(self):
        predictions = make_predictions(2000, median_mas=0.05)
        axes = predicted_against_observed(predictions, "run").axes[0]
        stars = val(predictions)
        n_hidden = int(((stars["parallax"] <= 0) | (stars["parallax_predicted"] <= 0)).sum())
        assert n_hidden > 100
        n_shown = len(line(axes, "validation").get_xdata())
        n_outside = len(stars) - n_hidden - n_shown
        assert 0 < n_outside < 0.03 * len(stars)
        assert f"of {len(stars):,} validation stars not shown" in note_of(axes)
        assert f"{n_hidden:,} with a parallax ≤ 0 and {n_outside} outside the axes" in note_of(axes)

    def test_no_positive_parallax(self):
        predictions = make_predictions(40, parallax_predicted=-0.1)
        axes = predicted_against_observed(predictions, "run").axes[0]
        assert not axes.lines
        assert f"{len(val(predictions))} with a parallax ≤ 0" in note_of(axes)

    def test_many_stars_are_counted_in_hexagons(self):
        predictions = make_predictions(20_000)
        axes, bar = predicted_against_observed(predictions, "run").axes
        (hexagons,) = [item for item in axes.collections if isinstance(item, PolyCollection)]
        numbers = re.search(r"of ([\d,]+) .*\n([\d,]+) with .* and ([\d,]+) outside", note_of(axes))
        n_all, n_hidden, n_outside = (int(number.replace(",", "")) for number in numbers.groups())
        assert n_all == len(val(predictions))
        assert hexagons.get_array().sum() == n_all - n_hidden - n_outside
        assert bar.get_ylabel() == "validation stars per hexagon"
        assert labels(axes)[1:] == ["y = x", line(axes, "least squares").get_label()]

    def test_frequent_types_have_their_own_colour(self):
        names = ["DCEP"] * 8 + ["RRab"] * 5 + ["T2CEP"] * 3 + ["ACEP"] * 2 + [None]
        types = np.resize(np.array(names, dtype=object), 1900)
        predictions = make_predictions(1900, median_mas=5.0, type_best_classification=types)
        axes = predicted_against_observed(predictions, "run").axes[0]
        shown = [line for line in axes.lines if "validation" in str(line.get_label())]
        kinds = [line.get_label().split(" (")[0].removeprefix("validation, ") for line in shown]
        assert kinds == ["DCEP", "RRab", "T2CEP", "other types"]
        assert len({line.get_color() for line in shown}) == len({line.get_marker() for line in shown}) == 4
        n_shown = sum(len(line.get_xdata()) for line in shown)
        assert n_shown == len(val(predictions)) - int(note_of(axes).split("\n")[1].split()[0])


class TestResiduals:
    def test_panels_units_and_points(self):
        predictions = make_predictions(400)
        panels = residuals_against_parallax(predictions, "run").axes
        assert [axes.get_ylabel() for axes in panels[::2]] == [
            "predicted − observed (mas)",
            "residual / total uncertainty",
        ]
        assert [axes.get_xlabel() for axes in panels[2:]] == [
            "observed parallax (mas)",
            "predicted parallax (mas)",
        ]
        stars = val(predictions)
        residual = stars["parallax_predicted"] - stars["parallax"]
        total = np.hypot(stars["parallax_error"], stars["parallax_uncertainty"])
        for axes, x, y in zip(
            panels,
            [stars["parallax"], stars["parallax_predicted"]] * 2,
            [residual, residual, residual / total, residual / total],
            strict=True,
        ):
            np.testing.assert_allclose(axes.lines[0].get_xydata(), np.transpose([x, y]))

    def test_median_shows_a_bias_against_the_prediction(self):
        predictions = make_predictions(20_000)
        predictions["parallax_predicted"] += 0.05
        axes = residuals_against_parallax(predictions, "run").axes[1]
        median = line(axes, "median").get_ydata()
        assert len(median) == 12
        # Not those at the ends: the prediction is noisy as well.
        np.testing.assert_allclose(median[3:9], 0.05, atol=0.02)

    def test_few_stars_have_no_bins(self):
        axes = residuals_against_parallax(make_predictions(20), "run").axes[0]
        assert len(axes.lines) == 2
        assert axes.get_legend() is None

    def test_stars_without_a_catalogue_error_are_counted(self):
        predictions = make_predictions(400)
        predictions.loc[predictions.index % 4 == 0, "parallax_error"] = 0.0
        panels = residuals_against_parallax(predictions, "run").axes
        n_all, n_unknown = len(val(predictions)), int((val(predictions)["parallax_error"] == 0.0).sum())
        assert note_of(panels[3]) == f"{n_unknown} of {n_all} stars without a catalogue error not shown"
        assert len(panels[0].lines[0].get_xdata()) == n_all
        assert len(panels[2].lines[0].get_xdata()) == n_all - n_unknown

    def test_no_catalogue_errors_leave_one_row(self):
        assert len(residuals_against_parallax(make_predictions(100, parallax_error=0.0), "run").axes) == 2


class TestCalibration:
    def test_honest_uncertainties_follow_the_diagonal(self):
        axes = calibration(make_predictions(20_000), "run").axes[0]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("expected coverage", "observed coverage")
        expected, observed = line(axes, "validation").get_data()
        np.testing.assert_allclose(observed, expected, atol=0.02)

    def test_half_of_the_honest_uncertainty(self):
        predictions = make_predictions(20_000)
        halved = predictions.assign(
            parallax_error=predictions["parallax_error"] / 2,
            parallax_uncertainty=predictions["parallax_uncertainty"] / 2,
        )
        axes = calibration(halved, "run").axes[0]
        expected, observed = line(axes, "validation").get_data()
        np.testing.assert_allclose(
            observed, 2 * stats.norm.cdf(0.5 * stats.norm.ppf(0.5 + expected / 2)) - 1, atol=0.02
        )
        stars = val(halved)
        total = np.hypot(stars["parallax_error"], stars["parallax_uncertainty"])
        z = (stars["parallax_predicted"] - stars["parallax"]) / total
        assert f"validation ({len(z):,} stars)\nreduced χ² = {np.mean(z**2):.2f}" in labels(axes)
        assert f"within 1 σ: {np.mean(np.abs(z) <= 1):.1%} (expected 68.3%)" in note_of(axes)
        assert f"within 2 σ: {np.mean(np.abs(z) <= 2):.1%} (expected 95.4%)" in note_of(axes)

    def test_noise_of_few_stars(self):
        axes = calibration(make_predictions(60), "run").axes[0]
        n = len(line(axes, "validation").get_xdata())
        corners = axes.collections[0].get_paths()[0].vertices
        middle = corners[np.isclose(corners[:, 0], 0.5, atol=0.004)]
        n_val = len(val(make_predictions(60)))
        assert n == 100
        assert np.ptp(middle[:, 1]) == pytest.approx(2 * math.sqrt(0.25 / n_val), rel=0.02, abs=0.01)

    def test_stars_without_uncertainty_are_counted(self):
        predictions = make_predictions(100)
        stars = val(predictions).index
        predictions.loc[stars[:7], ["parallax_error", "parallax_uncertainty"]] = 0.0
        predictions.loc[stars[7:10], "parallax_error"] = np.nan
        axes = calibration(predictions, "run").axes[0]
        n = len(stars)
        assert f"7 of {n} stars without any uncertainty not counted" in note_of(axes)
        assert f"10 of {n} stars without a catalogue error" in note_of(axes)
        assert f"validation ({n - 7} stars)" in "\n".join(labels(axes))


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
        paths = write_figures(folder, predictions, curves, make_correlation(names), LONG_NAME)
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
        paths = write_figures(tmp_path, make_predictions(60), {}, correlation, "ensemble")
        assert "learning_curves" not in {path.stem for path in paths}
        assert len(paths) == 4

    def test_a_fault_leaves_no_files(self, tmp_path):
        predictions = make_predictions(60).drop(columns="parallax_error")
        with pytest.raises(DataError):
            write_figures(tmp_path / "figures", predictions, {}, make_correlation(["parallax"]), "run")
        assert not (tmp_path / "figures").exists()

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_title_and_axes_do_not_overlap(self, draw):
        figure = draw(make_predictions(200), LONG_NAME)
        figure.draw_without_rendering()
        title = figure._suptitle.get_window_extent()
        assert "".join(figure.get_suptitle().split()) == "".join(LONG_NAME.split())
        assert title.x0 >= 0
        assert title.x1 <= figure.bbox.x1
        for axes in figure.axes:
            assert axes.get_tightbbox().y1 <= title.y0
