"""Intervals for the true value: against crepes, against a known truth, by groups, on disk."""

import json

import numpy as np
import pytest
from crepes import ConformalRegressor

from astrosweep.core.errors import DataError, FormatError
from astrosweep.ensemble.calibration import Calibration, cross_fit, fit_calibration
from astrosweep.ensemble.correction import LEVELS, Z
from astrosweep.ensemble.coverage import measure


def labelled(n, seed=0):
    """Residuals with heteroscedastic errors, and uncertainties that are wrong by class and magnitude."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(np.array(["a", "b"], dtype=object), (n, 1), p=[0.7, 0.3])
    magnitude = rng.uniform(10, 20, (n, 1))
    std = rng.uniform(0.5, 2.0, (n, 1))
    width = std * np.where(kind == "a", 0.6, 1.8) * np.where(magnitude > 16, 1.5, 1.0)
    error = rng.uniform(0.1, 1.5, (n, 1)) * width.mean()
    of_truth = rng.normal(0.0, width)
    residual = of_truth + rng.normal(0.0, error)
    return residual, of_truth, error, std, {"class": kind, "magnitude": magnitude}


def crepes_half_widths(residual, std, new_std, bins=None, new_bins=None):
    regressor = ConformalRegressor()
    regressor.fit(residual, sigmas=std, bins=bins)
    return np.stack(
        [
            regressor.predict_int(np.zeros(len(new_std)), sigmas=new_std, bins=new_bins, confidence=level)[
                :, 1
            ]
            for level in LEVELS
        ]
    )


@pytest.mark.parametrize("n", [57, 203, 1000])
def test_without_errors_the_common_intervals_are_those_of_crepes(n):
    residual, _, error, std, _ = labelled(n)
    new = np.random.default_rng(1).uniform(0.1, 3.0, (50, 1))
    found = fit_calibration(residual, 0 * error, std).half_widths(new, {})
    np.testing.assert_allclose(
        found[..., 0], crepes_half_widths(residual[:, 0], std[:, 0], new[:, 0]), rtol=1e-12
    )


def test_without_errors_the_intervals_of_groups_are_those_of_crepes():
    residual, _, error, std, variables = labelled(1500)
    kind = variables["class"]
    assert min((kind == "a").sum(), (kind == "b").sum()) >= 200
    new, new_kind = std[:60], kind[:60]
    found = fit_calibration(residual, 0 * error, std, {"class": kind}).half_widths(new, {"class": new_kind})
    expected = crepes_half_widths(
        residual[:, 0], std[:, 0], new[:, 0], kind[:, 0].astype(str), new_kind[:, 0].astype(str)
    )
    np.testing.assert_allclose(found[..., 0], expected, rtol=1e-12)
    ratio = found[1] / new
    assert ratio[new_kind == "b"].min() > 1.5 * ratio[new_kind == "a"].max()


def test_bins_of_a_number_are_those_of_crepes_too():
    residual, _, error, std, variables = labelled(1700)
    values = variables["magnitude"]
    fitted = fit_calibration(residual, 0 * error, std, {"magnitude": values})
    place = fitted.corrections[0].grouping.place(values)
    assert np.bincount(place.ravel()).tolist() == [340] * 5
    expected = crepes_half_widths(residual[:, 0], std[:, 0], std[:, 0], place[:, 0], place[:, 0])
    np.testing.assert_allclose(fitted.half_widths(std, {"magnitude": values})[..., 0], expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_true_value_is_covered_as_often_as_asked(seed):
    """The scatter of the share from draw to draw is 0.008 for so many objects with such errors."""
    residual, of_truth, error, std, variables = labelled(10_000, seed)
    group = np.arange(10_000) % 5
    factors = cross_fit(residual, error, std, variables, group)
    covered = np.mean(np.abs(of_truth) <= factors * std, axis=(1, 2))
    assert 0.65 < covered[1] < 0.71
    np.testing.assert_allclose(covered, LEVELS, atol=0.025)
    for kind in "ab":
        inside = variables["class"] == kind
        of_kind = np.mean((np.abs(of_truth) <= factors * std)[:, inside], axis=1)
        assert of_kind[1] == pytest.approx(0.6827, abs=0.05)
    # A plain conformal interval, which holds the observed value, holds the true one too often.
    plain = cross_fit(residual, 0 * error, std, variables, group)
    assert np.mean(np.abs(of_truth) <= plain[1] * std) > 0.8


def test_what_is_reported_of_observed_values_is_what_is_true_of_true_ones():
    residual, of_truth, error, std, variables = labelled(10_000)
    factors = cross_fit(residual, error, std, variables, np.arange(10_000) % 5)
    groups = fit_calibration(residual, error, std, variables).labels((10_000, 1), variables)
    observed = measure(residual, error, std, factors, groups)
    true = measure(of_truth, 0 * error, std, factors, groups)
    for one, other in zip(observed.overall, true.overall, strict=True):
        assert one.share == pytest.approx(one.level, abs=3 * one.std_error)
        assert other.share == pytest.approx(one.share, abs=0.03)
    assert observed.sharpness == true.sharpness


def test_groups_without_which_coverage_is_wrong_in_each():
    residual, of_truth, error, std, variables = labelled(6000)
    inside = variables["class"] == "b"
    alone = fit_calibration(residual, error, std)
    grouped = fit_calibration(residual, error, std, variables)
    of_alone = np.mean((np.abs(of_truth) <= alone.half_widths(std, {})[1])[inside])
    of_grouped = np.mean((np.abs(of_truth) <= grouped.half_widths(std, variables)[1])[inside])
    assert of_alone < 0.55
    assert of_grouped == pytest.approx(0.6827, abs=0.03)


def test_a_small_group_is_shrunk_in_the_logarithm():
    residual, _, error, std, _ = labelled(2000)
    few = np.full((2000, 1), "many", dtype=object)
    few[:50] = "few"
    residual[:50] *= 5
    common = fit_calibration(residual, error, std)
    fitted = fit_calibration(residual, error, std, {"class": few})
    own = fit_calibration(residual[:50], error[:50], std[:50])
    factors = fitted.factors((2000, 1), {"class": few})[:, 0, 0]
    shrunk = np.array(common.common) ** 0.75 * np.array(own.common) ** 0.25
    np.testing.assert_allclose(factors, shrunk, rtol=1e-12)
    assert fitted.corrections[0].counts == (50, 1950)


def test_a_second_variable_corrects_what_the_first_left():
    residual, _, error, std, variables = labelled(3000)
    fitted = fit_calibration(residual, error, std, variables)
    first, second = fitted.corrections
    alone = fit_calibration(residual, error, std, {"class": variables["class"]})
    assert alone.corrections[0] == first
    before = alone.factors((3000, 1), variables)
    again = fit_calibration(residual, error, std * before[1], {"magnitude": variables["magnitude"]})
    expected = np.array(again.corrections[0].factors)[:, 1] * again.common[1]
    np.testing.assert_allclose(np.array(second.factors)[:, 1], expected, rtol=1e-9)


def test_factors_of_unknown_groups_are_the_common_ones():
    residual, _, error, std, variables = labelled(3000)
    fitted = fit_calibration(residual, error, std, variables)
    new = {"class": np.array([["c"], [None], [np.nan]], dtype=object), "magnitude": np.full((3, 1), np.nan)}
    found = fitted.factors((3, 1), new)
    np.testing.assert_array_equal(found[..., 0], np.repeat(np.array(fitted.common)[:, None], 3, axis=1))
    assert set(fitted.labels((3, 1), new)["class"].ravel()) == {"unknown"}
    missing = {"class": np.full((3, 1), None, dtype=object), "magnitude": np.full((3, 1), np.nan)}
    np.testing.assert_array_equal(fitted.factors((3, 1), missing), found)


def test_new_objects_find_their_bin_by_the_kept_edges():
    residual, _, error, std, variables = labelled(3000)
    fitted = fit_calibration(residual, error, std, {"magnitude": variables["magnitude"]})
    edges = fitted.corrections[0].grouping.edges
    assert len(edges) == 4
    labels = fitted.labels((4, 1), {"magnitude": np.array([[-1e9], [edges[0]], [15.0], [1e9]])})["magnitude"]
    assert labels[0, 0] == f"below {edges[0]:.4g}"
    assert labels[1, 0] == f"{edges[0]:.4g} to {edges[1]:.4g}"
    assert labels[3, 0] == f"from {edges[3]:.4g}"


def test_columns_of_a_profile_are_groups_like_any_other():
    rng = np.random.default_rng(0)
    n, t = 400, 6
    column = np.array(["density"] * 3 + ["temperature"] * 3, dtype=object)
    radius = np.tile([0.1, 0.5, 1.0], 2)
    width = np.where(column == "density", 0.5, 2.0) * (1 + radius)
    residual = rng.normal(0.0, width, (n, t))
    residual[rng.random((n, t)) < 0.2] = np.nan
    ones = np.ones((n, t))
    fitted = fit_calibration(residual, 0 * ones, ones, {"target": column, "radius": radius})
    found = fitted.half_widths(ones, {"target": column, "radius": radius})
    assert found.shape == (4, n, t)
    np.testing.assert_allclose(found[1, 0], width, rtol=0.12)
    assert fitted.n == np.isfinite(residual).sum()


def test_levels_never_cross():
    """Errors that explain the outer residuals leave higher levels less to explain."""
    rng = np.random.default_rng(0)
    residual = np.concatenate([rng.normal(0, 1, (900, 1)), rng.uniform(-2, 2, (100, 1))])
    error = np.concatenate([np.zeros((600, 1)), np.full((400, 1), 1.3)])
    fitted = fit_calibration(residual, error, np.ones((1000, 1)))
    assert (np.diff(fitted.factors((5, 1), {}), axis=0) >= 0).all()
    falling = Calibration(10, (2.0, 1.0, 3.0, 2.5))
    assert falling.factors((1, 1), {})[:, 0, 0].tolist() == [2.0, 2.0, 3.0, 3.0]


def test_errors_that_explain_everything_leave_small_positive_factors():
    rng = np.random.default_rng(0)
    residual, ones = rng.normal(0, 0.1, (1000, 1)), np.ones((1000, 1))
    fitted = fit_calibration(residual, ones, ones, {"class": np.full((1000, 1), "a", dtype=object)})
    factors = fitted.factors((1, 1), {"class": np.array([["a"]], dtype=object)})
    assert (factors > 0).all()
    assert factors.max() < 1e-3


def test_no_object_is_judged_by_factors_that_saw_it():
    residual, _, error, std, variables = labelled(600)
    group = np.arange(600) % 3
    before = cross_fit(residual, error, std, variables, group)
    for label in range(3):
        changed = np.where((group == label)[:, None], 100.0 * residual, residual)
        after = cross_fit(changed, error, std, variables, group)
        np.testing.assert_array_equal(after[:, group == label], before[:, group == label])
        assert (after[:, group != label] > before[:, group != label]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"residual": np.full((9, 1), np.nan)}, "no residual is known"),
        ({"std": np.zeros((9, 1))}, "9 of 9 uncertainties are not positive"),
        ({"variables": {"x": np.ones(5)}}, r"variable x has the shape \(5,\); expected \(9, 1\)"),
        ({"variables": {"x": np.array([["a"], [1]] * 4 + [["a"]], dtype=object)}}, "numbers or strings"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(arguments, message):
    ones = np.ones((9, 1))
    with pytest.raises(DataError, match=message):
        fit_calibration(**{"residual": ones, "error": ones, "std": ones, "variables": {}} | arguments)


def test_variables_of_another_kind_are_refused():
    residual, _, error, std, variables = labelled(600)
    fitted = fit_calibration(residual, error, std, variables)
    with pytest.raises(DataError, match="variable class is missing; found magnitude"):
        fitted.factors((1, 1), {"magnitude": np.ones((1, 1))})
    with pytest.raises(DataError, match="variable class: expected classes, found numbers"):
        fitted.factors((1, 1), {"class": np.ones((1, 1)), "magnitude": np.ones((1, 1))})


def test_json_gives_the_same_calibration_to_the_last_bit():
    residual, _, error, std, variables = labelled(900)
    fitted = fit_calibration(residual, error, std, variables)
    again = Calibration.from_dict(json.loads(json.dumps(fitted.as_dict(), allow_nan=False)))
    assert again == fitted
    np.testing.assert_array_equal(again.half_widths(std, variables), fitted.half_widths(std, variables))


def damaged():
    """Ways to damage the plain values of a calibration."""

    def at(*path, value):
        def change(whole):
            for key in path[:-1]:
                whole = whole[key]
            whole[path[-1]] = value

        return change

    correction = ("corrections", 0)
    return {
        "level": at("levels", 0, value=0.4),
        "negative": at("common", 0, value=-1.0),
        "infinite": at("common", 0, value=float("inf")),
        "text": at("common", 0, value="1.0"),
        "short": at("common", value=[1.0]),
        "count": at("n", value=True),
        "list": at("corrections", value={}),
        "foreign": at("code", value="import os"),
        "group": at(*correction, "factors", value=[[1.0] * 4]),
        "zero": at(*correction, "factors", 0, value=[0.0] * 4),
        "counts": at(*correction, "counts", value=[1.5, 2]),
        "no name": at(*correction, "grouping", value={"classes": ["a", "b"]}),
        "twice": at(*correction, "grouping", "classes", value=["a", "a"]),
        "class": at(*correction, "grouping", "classes", value=["a", 1]),
        "both": at(*correction, "grouping", "edges", value=[]),
        "descending": at("corrections", 1, "grouping", "edges", value=[3.0, 2.0, 1.0, 0.0]),
        "nan": at("corrections", 1, "grouping", "edges", value=[float("nan")] * 4),
        "name twice": at("corrections", 1, "grouping", "name", value="class"),
    }


@pytest.mark.parametrize("how", damaged())
def test_damage_is_refused(how):
    residual, _, error, std, variables = labelled(1200)
    whole = fit_calibration(residual, error, std, variables).as_dict()
    Calibration.from_dict(whole)
    damaged()[how](whole)
    with pytest.raises(FormatError, match="calibration"):
        Calibration.from_dict(whole)


@pytest.mark.parametrize("value", [None, [], "x", {}])
def test_what_is_no_calibration_is_refused(value):
    with pytest.raises(FormatError, match="expected the keys"):
        Calibration.from_dict(value)


def test_the_quantiles_of_the_levels():
    np.testing.assert_allclose(Z, [0.67449, 1.00002, 1.64485, 1.95996], atol=2e-5)
