"""Figures of predictions show the stars, lines and notes that they claim."""

import itertools
import math
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from scipy import stats

from astrosweep.core.errors import DataError
from astrosweep.kinds.tables.figures.calibration import calibration
from astrosweep.kinds.tables.figures.predicted import predicted_against_observed
from astrosweep.kinds.tables.figures.residuals import residuals_against_target
from tests.kinds.tables.predictions import (
    OF_PREDICTIONS,
    STARS,
    drawn,
    labels,
    line,
    make_predictions,
    note_of,
    val,
)


class TestAllOfPredictions:
    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_sealed_stars_are_never_drawn(self, draw):
        predictions = make_predictions(300)
        # Even if their targets were there, by a fault elsewhere.
        is_test = predictions["part"] == "test"
        leaked = predictions.assign(parallax=predictions["parallax"].mask(is_test, 77.7))
        assert is_test.any()
        assert drawn(draw(leaked, STARS, "run")) == drawn(draw(predictions[~is_test], STARS, "run"))

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    @pytest.mark.parametrize(
        "column", ["part", "parallax", "parallax_error", "parallax_predicted", "parallax_uncertainty"]
    )
    def test_missing_column(self, draw, column):
        with pytest.raises(DataError, match=f"no column {column}$"):
            draw(make_predictions(20).drop(columns=column), STARS, "run")

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_no_validation_stars(self, draw):
        predictions = make_predictions(20)
        with pytest.raises(DataError, match="no validation objects"):
            draw(predictions[predictions["part"] != "val"], STARS, "run")

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_missing_prediction(self, draw):
        predictions = make_predictions(20)
        predictions.loc[predictions["part"] == "val", "parallax_predicted"] = np.nan
        with pytest.raises(DataError, match="val objects have no parallax_predicted"):
            draw(predictions, STARS, "run")

    @pytest.mark.parametrize("draw", OF_PREDICTIONS)
    def test_unknown_errors_may_be_zero_or_missing(self, draw):
        predictions = make_predictions(100)
        zero, missing = (predictions.assign(parallax_error=value) for value in (0.0, np.nan))
        assert drawn(draw(zero, STARS, "run")) == drawn(draw(missing, STARS, "run"))

    def test_one_validation_star(self):
        predictions = make_predictions(20)
        star = val(predictions)[:1]
        one = pd.concat([predictions[predictions["part"] == "train"], star])
        predicted, residuals, calibrated = (draw(one, STARS, "run").axes[0] for draw in OF_PREDICTIONS)
        observed_and_predicted = star[["parallax", "parallax_predicted"]]
        np.testing.assert_array_equal(line(predicted, "validation").get_xydata(), observed_and_predicted)
        residual = star["parallax_predicted"] - star["parallax"]
        points = np.transpose([star["parallax"], residual])
        np.testing.assert_array_equal(residuals.lines[0].get_xydata(), points)
        assert set(line(calibrated, "validation").get_ydata()) == {0.0, 1.0}


class TestPredictedAgainstObserved:
    def test_axes_stars_and_diagonal(self):
        predictions = make_predictions(60, median_mas=3.0)
        axes = predicted_against_observed(predictions, STARS, "run").axes[0]
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert (axes.get_xlabel(), axes.get_ylabel()) == (
            "observed parallax (mas)",
            "predicted parallax (mas)",
        )
        n_val = len(val(predictions))
        assert f"validation ({n_val} objects)" in labels(axes)
        np.testing.assert_array_equal(
            line(axes, "validation").get_xydata(), val(predictions)[["parallax", "parallax_predicted"]]
        )
        diagonal = line(axes, "y = x")
        np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
        assert tuple(diagonal.get_xdata()) == axes.get_xlim() == axes.get_ylim()
        assert not note_of(axes)

    def test_error_bars_are_catalogue_error_and_uncertainty(self):
        predictions = make_predictions(60, median_mas=3.0)
        axes = predicted_against_observed(predictions, STARS, "run").axes[0]
        horizontal, vertical = (np.array(bars.get_segments()) for bars in axes.collections)
        stars = val(predictions)
        np.testing.assert_allclose(np.ptp(horizontal[:, :, 0], axis=1), 2 * stars["parallax_error"])
        np.testing.assert_allclose(np.ptp(vertical[:, :, 1], axis=1), 2 * stars["parallax_uncertainty"])

    def test_line_is_least_squares_of_the_logarithms(self):
        predictions = make_predictions(2000)
        positive = val(predictions).query("parallax > 0 and parallax_predicted > 0")
        expected = stats.linregress(np.log10(positive["parallax"]), np.log10(positive["parallax_predicted"]))
        axes = predicted_against_observed(predictions, STARS, "run").axes[0]
        fit = line(axes, "least squares")
        x, y = np.log10(fit.get_xdata()), np.log10(fit.get_ydata())
        assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(expected.slope)
        assert y[0] == pytest.approx(expected.intercept + expected.slope * x[0])
        assert fit.get_label() == f"least squares in log–log, slope {expected.slope:.2f}"

    def test_power_law_is_recovered(self):
        predictions = make_predictions(100, median_mas=3.0)
        predictions["parallax_predicted"] = 0.5 * predictions["parallax"].fillna(1.0) ** 0.8
        axes = predicted_against_observed(predictions, STARS, "run").axes[0]
        assert line(axes, "least squares").get_label().endswith("slope 0.80")

    def test_stars_that_are_not_shown_are_counted(self):
        predictions = make_predictions(2000, median_mas=0.05)
        axes = predicted_against_observed(predictions, STARS, "run").axes[0]
        stars = val(predictions)
        n_hidden = int(((stars["parallax"] <= 0) | (stars["parallax_predicted"] <= 0)).sum())
        assert n_hidden > 100
        n_shown = len(line(axes, "validation").get_xdata())
        n_outside = len(stars) - n_hidden - n_shown
        assert 0 < n_outside < 0.03 * len(stars)
        assert f"of {len(stars):,} validation objects not shown" in note_of(axes)
        assert f"{n_hidden:,} with a parallax ≤ 0 and {n_outside} outside the axes" in note_of(axes)

    def test_no_positive_parallax(self):
        predictions = make_predictions(40, parallax_predicted=-0.1)
        axes = predicted_against_observed(predictions, STARS, "run").axes[0]
        assert not axes.lines
        assert f"{len(val(predictions))} with a parallax ≤ 0" in note_of(axes)

    def test_many_stars_are_counted_in_hexagons(self):
        predictions = make_predictions(20_000)
        axes, bar = predicted_against_observed(predictions, STARS, "run").axes
        (hexagons,) = [item for item in axes.collections if isinstance(item, PolyCollection)]
        numbers = re.search(r"of ([\d,]+) .*\n([\d,]+) with .* and ([\d,]+) outside", note_of(axes))
        n_all, n_hidden, n_outside = (int(number.replace(",", "")) for number in numbers.groups())
        assert n_all == len(val(predictions))
        assert hexagons.get_array().sum() == n_all - n_hidden - n_outside
        assert bar.get_ylabel() == "validation objects per hexagon"
        assert labels(axes)[1:] == ["y = x", line(axes, "least squares").get_label()]

    def test_frequent_types_have_their_own_colour(self):
        names = ["DCEP"] * 8 + ["RRab"] * 5 + ["T2CEP"] * 3 + ["ACEP"] * 2 + [None]
        types = np.resize(np.array(names, dtype=object), 1900)
        predictions = make_predictions(1900, median_mas=5.0, type_best_classification=types)
        axes = predicted_against_observed(predictions, STARS, "run").axes[0]
        shown = [line for line in axes.lines if "validation" in str(line.get_label())]
        kinds = [line.get_label().split(" (")[0].removeprefix("validation, ") for line in shown]
        assert kinds == ["DCEP", "RRab", "T2CEP", "other types"]
        assert len({line.get_color() for line in shown}) == len({line.get_marker() for line in shown}) == 4
        n_shown = sum(len(line.get_xdata()) for line in shown)
        assert n_shown == len(val(predictions)) - int(note_of(axes).split("\n")[1].split()[0])


class TestResiduals:
    def test_panels_units_and_points(self):
        predictions = make_predictions(400)
        panels = residuals_against_target(predictions, STARS, "run").axes
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
        axes = residuals_against_target(predictions, STARS, "run").axes[1]
        median = line(axes, "median").get_ydata()
        assert len(median) == 12
        # Not those at the ends: the prediction is noisy as well.
        np.testing.assert_allclose(median[3:9], 0.05, atol=0.02)

    def test_few_stars_have_no_bins(self):
        axes = residuals_against_target(make_predictions(20), STARS, "run").axes[0]
        assert len(axes.lines) == 2
        assert axes.get_legend() is None

    def test_stars_without_a_catalogue_error_are_counted(self):
        predictions = make_predictions(400)
        predictions.loc[predictions.index % 4 == 0, "parallax_error"] = 0.0
        panels = residuals_against_target(predictions, STARS, "run").axes
        n_all, n_unknown = len(val(predictions)), int((val(predictions)["parallax_error"] == 0.0).sum())
        assert note_of(panels[3]) == f"{n_unknown} of {n_all} objects without a catalogue error not shown"
        assert len(panels[0].lines[0].get_xdata()) == n_all
        assert len(panels[2].lines[0].get_xdata()) == n_all - n_unknown

    def test_no_catalogue_errors_leave_the_predicted_uncertainty(self):
        predictions = make_predictions(100, parallax_error=0.0)
        panels = residuals_against_target(predictions, STARS, "run").axes
        assert panels[2].get_ylabel() == "residual / predicted uncertainty"
        stars = val(predictions)
        z = (stars["parallax_predicted"] - stars["parallax"]) / stars["parallax_uncertainty"]
        np.testing.assert_allclose(panels[2].lines[0].get_ydata(), z)
        assert not note_of(panels[3])

    def test_no_errors_at_all_leave_one_row(self):
        predictions = make_predictions(100, parallax_error=0.0, parallax_uncertainty=0.0)
        assert len(residuals_against_target(predictions, STARS, "run").axes) == 2

    @pytest.mark.parametrize("median_mas", [0.02, 0.3, 5.0])
    def test_ticks_are_round_and_do_not_crowd(self, median_mas):
        figure = residuals_against_target(make_predictions(400, median_mas=median_mas), STARS, "run")
        figure.draw_without_rendering()
        for axes in figure.axes[2:]:
            low, high = axes.get_xlim()
            ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
            assert len(ticks) >= 4
            assert all(f"{tick:e}"[:2].lstrip("-")[0] in "0125" for tick in ticks)
            boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
            assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


class TestCalibration:
    def test_honest_uncertainties_follow_the_diagonal(self):
        axes = calibration(make_predictions(20_000), STARS, "run").axes[0]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("expected coverage", "observed coverage")
        expected, observed = line(axes, "validation").get_data()
        np.testing.assert_allclose(observed, expected, atol=0.02)

    def test_half_of_the_honest_uncertainty(self):
        predictions = make_predictions(20_000)
        halved = predictions.assign(
            parallax_error=predictions["parallax_error"] / 2,
            parallax_uncertainty=predictions["parallax_uncertainty"] / 2,
        )
        axes = calibration(halved, STARS, "run").axes[0]
        expected, observed = line(axes, "validation").get_data()
        np.testing.assert_allclose(
            observed, 2 * stats.norm.cdf(0.5 * stats.norm.ppf(0.5 + expected / 2)) - 1, atol=0.02
        )
        stars = val(halved)
        total = np.hypot(stars["parallax_error"], stars["parallax_uncertainty"])
        z = (stars["parallax_predicted"] - stars["parallax"]) / total
        assert f"validation ({len(z):,} objects)\nreduced χ² = {np.mean(z**2):.2f}" in labels(axes)
        assert f"within 1 σ: {np.mean(np.abs(z) <= 1):.1%} (expected 68.3%)" in note_of(axes)
        assert f"within 2 σ: {np.mean(np.abs(z) <= 2):.1%} (expected 95.4%)" in note_of(axes)

    def test_noise_of_few_stars(self):
        axes = calibration(make_predictions(60), STARS, "run").axes[0]
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
        axes = calibration(predictions, STARS, "run").axes[0]
        n = len(stars)
        assert f"7 of {n} objects without any uncertainty not counted" in note_of(axes)
        assert f"10 of {n} objects without a catalogue error" in note_of(axes)
        assert f"validation ({n - 7} objects)" in "\n".join(labels(axes))
