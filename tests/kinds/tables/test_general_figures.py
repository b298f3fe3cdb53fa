"""Figures of a table that is none of stars: their scales go by its values, their words by its columns."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from astrosweep.kinds.tables.figures import write_figures
from astrosweep.kinds.tables.figures.calibration import calibration
from astrosweep.kinds.tables.figures.correlation import correlation_heatmap
from astrosweep.kinds.tables.figures.predicted import predicted_against_observed
from astrosweep.kinds.tables.figures.residuals import residuals_against_target
from tests.kinds.tables.predictions import (
    OF_PREDICTIONS,
    general,
    labels,
    line,
    make_correlation,
    make_general,
    note_of,
    val,
    words,
)

RNG = np.random.default_rng(3)
NEGATIVE = RNG.normal(-0.3, 0.4, 400)
WIDE = 10.0 ** RNG.uniform(-3, 4, 400)
TARGETS = {
    "negative": NEGATIVE,
    "all negative and wide": -WIDE,
    "wide": WIDE,
    "narrow": RNG.uniform(5.0, 6.0, 400),
    "one far below": np.append(RNG.normal(100.0, 10.0, 399), 0.5),
}


@pytest.mark.parametrize("draw", OF_PREDICTIONS)
@pytest.mark.parametrize("observed", TARGETS.values(), ids=TARGETS)
def test_no_word_is_of_stars(draw, observed):
    figure = draw(make_general(observed), general("km / s"), "galaxies-value-mlp")
    figure.draw_without_rendering()
    shown = words(figure).lower()
    assert "value" in shown
    for word in ("parallax", "mas", "star", "catalogue", "distance"):
        assert word not in shown


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("negative", "linear"),
        ("all negative and wide", "linear"),
        ("wide", "log"),
        ("narrow", "linear"),
        ("one far below", "linear"),
    ],
)
def test_axes_are_logarithmic_where_positive_targets_span_much(name, scale):
    predictions = make_general(TARGETS[name], std=0.05 * np.abs(TARGETS[name]))
    axes = predicted_against_observed(predictions, general("km / s"), "run").axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == (scale, scale)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("observed value (km / s)", "predicted value (km / s)")
    panels = residuals_against_target(predictions, general("km / s"), "run").axes
    assert {axes.get_xscale() for axes in panels} == {"asinh" if scale == "log" else "linear"}
    assert panels[0].get_ylabel() == "predicted − observed (km / s)"


def test_every_negative_target_is_shown_with_y_equal_x_and_the_least_squares_line():
    predictions = make_general(NEGATIVE, std=np.full(400, 0.05))
    objects = val(predictions)
    axes = predicted_against_observed(predictions, general("dex"), "run").axes[0]
    shown = line(axes, "validation").get_xydata()
    low, high = axes.get_xlim()
    both = objects[["value", "value_predicted"]].to_numpy()
    np.testing.assert_array_equal(shown, both[((both >= low) & (both <= high)).all(axis=1)])
    assert low < 0 < high
    n_outside = len(objects) - len(shown)
    assert n_outside <= 4
    assert "≤ 0" not in note_of(axes)
    assert (f"{n_outside} outside the axes" in note_of(axes)) == (n_outside > 0)
    slope = np.polyfit(objects["value"], objects["value_predicted"], 1)[0]
    assert line(axes, "least squares").get_label() == f"least squares, slope {slope:.2f}"


def test_a_target_without_unit_has_none_in_its_labels():
    figure = residuals_against_target(make_general(NEGATIVE), general(), "run")
    assert figure.axes[0].get_ylabel() == "predicted − observed"
    assert figure.axes[2].get_xlabel() == "observed value"


def test_a_table_without_errors_is_not_told_that_they_are_unknown():
    axes = calibration(make_general(NEGATIVE), general(), "run").axes[0]
    assert "error" not in note_of(axes)
    assert "within 1 σ" in note_of(axes)


@pytest.mark.parametrize("draw", OF_PREDICTIONS)
def test_names_are_shown_as_they_are_written(draw):
    name = "[Fe/H]_$\\frac{$^x"
    predictions = make_general(NEGATIVE, kind=np.repeat(["$A_$", "_B"], 200))
    predictions.columns = [column.replace("value", name) for column in predictions.columns]
    roles = replace(general("$m^{$", type="kind"), target=name)
    figure = draw(predictions, roles, "run $_$")
    figure.draw_without_rendering()
    if draw is predicted_against_observed:
        assert figure.axes[0].get_xlabel() == f"observed {name} ($m^{{$)"
        shown = [label.rsplit(" (", 1)[0] for label in labels(figure.axes[0])]
        assert {"validation, $A_$", "validation, _B"} <= set(shown)


def test_of_many_features_those_closest_to_the_target_are_shown():
    rng = np.random.default_rng(0)
    target = rng.normal(size=200)
    columns = {f"x{k}": rng.normal(size=200) + (k >= 100) * target for k in range(150)}
    correlation = pd.DataFrame({**columns, "value": target}).corr()
    axes = correlation_heatmap(correlation, "run").axes[0]
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert len(shown) == 60
    assert shown[-1] == "value"
    assert {f"x{k}" for k in range(100, 150)} <= set(shown)
    assert shown[:-1] == [name for name in columns if name in shown]
    assert axes.get_title() == "the 59 of 150 features closest to value"
    image = np.ma.filled(axes.images[0].get_array(), np.nan)
    np.testing.assert_array_equal(image[-1], correlation.loc["value", shown])


@pytest.mark.parametrize("observed", TARGETS.values(), ids=TARGETS)
def test_every_figure_is_a_file_of_a_plain_name(observed, tmp_path):
    predictions = make_general(observed)
    predictions.columns = [column.replace("value", "[Fe/H]") for column in predictions.columns]
    roles = replace(general("dex"), target="[Fe/H]")
    correlation = make_correlation(["u - g", "[Fe/H]"])
    paths = write_figures(tmp_path, predictions, roles, {"val/loss": [2.0, 1.0]}, correlation, "a-[Fe/H]-mlp")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "calibration.png",
        "correlation.png",
        "learning_curves.png",
        "predicted_against_observed.png",
        "residuals.png",
    ]
    for path in paths:
        dark = imread(path)[:, :, :3].mean(axis=2) < 0.5
        assert 0.002 < dark.mean() < 0.5
        assert not dark[[0, -1]].any()
        assert not dark[:, [0, -1]].any()
