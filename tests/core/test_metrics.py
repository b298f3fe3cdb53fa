"""Metrics of a scalar target against closed forms, scikit-learn and scipy."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import integrate, stats
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from astrosweep.core.metrics import (
    REGRESSION,
    UNCERTAINTY,
    normalised_residuals,
    regression_metrics,
    score,
    score_by_bin,
    uncertainty_metrics,
)

PARALLAX = st.floats(-5.0, 20.0, width=32)


@st.composite
def stars(draw, min_size=2):
    n = draw(st.integers(min_size, 30))
    observed, predicted = (draw(arrays(np.float64, n, elements=PARALLAX)) for _ in range(2))
    std, error = (draw(arrays(np.float64, n, elements=st.floats(0.0078125, 2.0, width=32))) for _ in range(2))
    return observed, error, predicted, std


@pytest.fixture(scope="module")
def gaussian_stars():
    """Stars whose stated uncertainties are true: (observed, target_error, predicted, std)."""
    rng = np.random.default_rng(1)
    n = 100_000
    true = rng.lognormal(-0.7, 0.8, n)
    error, std = rng.uniform(0.02, 0.2, n), rng.uniform(0.01, 0.3, n)
    return rng.normal(true, error), error, rng.normal(true, std), std


class TestRegression:
    @settings(deadline=None)
    @given(stars())
    def test_agrees_with_scikit_learn(self, drawn):
        observed, _, predicted, _ = drawn
        assume(np.ptp(observed) > 1e-3)
        metrics = regression_metrics(observed, predicted)
        assert metrics["mse"] == pytest.approx(mean_squared_error(observed, predicted), rel=1e-9)
        assert metrics["mae"] == pytest.approx(mean_absolute_error(observed, predicted), rel=1e-9)
        assert metrics["r2"] == pytest.approx(r2_score(observed, predicted), rel=1e-6, abs=1e-9)
        assert metrics["rmse"] == pytest.approx(math.sqrt(metrics["mse"]))

    def test_bias_is_positive_where_predictions_are_too_large(self):
        metrics = regression_metrics([1.0, 2.0, 3.0], [1.5, 2.5, 3.5])
        assert metrics["bias"] == pytest.approx(0.5)
        assert metrics["n"] == 3

    def test_r2_reference_points(self):
        observed = np.array([0.2, 0.5, 1.1, 3.0])
        assert regression_metrics(observed, observed)["r2"] == 1.0
        assert regression_metrics(observed, np.full(4, observed.mean()))["r2"] == pytest.approx(0.0)

    @pytest.mark.parametrize("predicted", [[0.1, 0.1, 0.1], [0.1, 0.2, 0.3]])
    def test_constant_target_leaves_nothing_to_explain(self, predicted):
        assert math.isnan(regression_metrics([0.1, 0.1, 0.1], predicted)["r2"])

    def test_one_star_and_a_variance_below_the_smallest_float_have_no_r2(self):
        assert math.isnan(regression_metrics([0.4], [0.5])["r2"])
        assert math.isnan(regression_metrics([0.0, 1e-200], [0.0, 1.0])["r2"])

    @settings(deadline=None)
    @given(stars(), st.floats(-10.0, 10.0), st.floats(0.125, 8.0))
    def test_shift_leaves_it_and_scale_scales_it(self, drawn, shift, scale):
        observed, _, predicted, _ = drawn
        before = regression_metrics(observed, predicted)
        shifted = regression_metrics(observed + shift, predicted + shift)
        scaled = regression_metrics(observed * scale, predicted * scale)
        for name in ("mae", "rmse", "bias"):
            assert shifted[name] == pytest.approx(before[name], abs=1e-6)
            assert scaled[name] == pytest.approx(scale * before[name], rel=1e-6, abs=1e-9)


class TestUncertainty:
    def test_true_uncertainties_have_nominal_values(self, gaussian_stars):
        metrics = uncertainty_metrics(*gaussian_stars)
        n = len(gaussian_stars[0])
        assert metrics["coverage_68"] == pytest.approx(0.6827, abs=4 * math.sqrt(0.6827 * 0.3173 / n))
        assert metrics["coverage_95"] == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / n))
        assert metrics["reduced_chi2"] == pytest.approx(1.0, abs=4 * math.sqrt(2.0 / n))

    def test_uncertainties_half_as_large_as_the_scatter(self, gaussian_stars):
        observed, error, predicted, std = gaussian_stars
        metrics = uncertainty_metrics(observed, error / 2, predicted, std / 2)
        assert metrics["reduced_chi2"] == pytest.approx(4.0, rel=0.03)
        assert metrics["coverage_68"] == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=0.01)

    @pytest.mark.parametrize("score_name", ["nll", "crps"])
    @pytest.mark.parametrize("factor", [0.7, 1.4])
    def test_proper_scores_prefer_the_true_uncertainty(self, gaussian_stars, score_name, factor):
        observed, error, predicted, std = gaussian_stars
        true = uncertainty_metrics(observed, error, predicted, std)[score_name]
        assert uncertainty_metrics(observed, error * factor, predicted, std * factor)[score_name] > true

    def test_nll_is_that_of_scipy(self, gaussian_stars):
        observed, error, predicted, std = gaussian_stars
        expected = -stats.norm.logpdf(observed, predicted, np.hypot(std, error)).mean()
        assert uncertainty_metrics(observed, error, predicted, std)["nll"] == pytest.approx(expected)

    @pytest.mark.parametrize("observed", [-0.3, 0.5, 1.9])
    def test_crps_is_the_integral_that_defines_it(self, observed):
        mean, sigma = 0.6, 0.5
        below, _ = integrate.quad(lambda x: stats.norm.cdf(x, mean, sigma) ** 2, -10.0, observed)
        above, _ = integrate.quad(lambda x: stats.norm.sf(x, mean, sigma) ** 2, observed, 10.0)
        metrics = uncertainty_metrics([observed], [0.3], [mean], [0.4])
        assert metrics["crps"] == pytest.approx(below + above, rel=1e-6)

    @settings(deadline=None)
    @given(stars(min_size=1), st.floats(0.125, 8.0))
    def test_unit_of_the_target_does_not_matter(self, drawn, scale):
        before = uncertainty_metrics(*drawn)
        after = uncertainty_metrics(*(values * scale for values in drawn))
        assert after["reduced_chi2"] == pytest.approx(before["reduced_chi2"], rel=1e-9)
        assert after["nll"] == pytest.approx(before["nll"] + math.log(scale), rel=1e-6, abs=1e-6)
        assert after["crps"] == pytest.approx(scale * before["crps"], rel=1e-6, abs=1e-9)

    @settings(deadline=None)
    @given(stars(min_size=1))
    def test_error_and_uncertainty_are_interchangeable(self, drawn):
        observed, error, predicted, std = drawn
        assert uncertainty_metrics(observed, error, predicted, std) == uncertainty_metrics(
            observed, std, predicted, error
        )

    def test_one_star_without_any_uncertainty_makes_all_undefined(self):
        metrics = uncertainty_metrics([1.0, 2.0], [0.1, 0.0], [1.0, 2.0], [0.1, 0.0])
        assert set(metrics) == {"reduced_chi2", "coverage_68", "coverage_95", "nll", "crps"}
        assert all(math.isnan(value) for value in metrics.values())

    def test_unknown_target_errors_leave_the_predicted_uncertainty(self):
        metrics = uncertainty_metrics([1.0, 2.0], [0.0, 0.0], [1.2, 2.0], [0.1, 0.1])
        assert metrics["reduced_chi2"] == pytest.approx(2.0)
        assert metrics["coverage_68"] == 0.5

    def test_normalised_residuals(self):
        z = normalised_residuals([1.0, 1.0, 1.0], [0.3, 0.0, 0.0], [1.5, 0.9, 1.0], [0.4, 0.1, 0.0])
        np.testing.assert_allclose(z, [1.0, -1.0, np.nan])


class TestBins:
    def test_every_bin_has_its_count_and_full_bins_their_metrics(self):
        observed = np.linspace(0.0, 1.0, 17)
        inside = {"few": observed < 0.2, "many": observed >= 0.2, "none": observed > 2.0}
        assert inside["few"].sum() == 4
        metrics = score_by_bin(score, inside, observed, np.full(17, 0.1), observed + 0.05, np.full(17, 0.1))
        assert {name: value for name, value in metrics.items() if name.startswith("n_")} == {
            "n_few": 4,
            "n_many": 13,
            "n_none": 0,
        }
        measured = {name for name in metrics if not name.startswith("n_")}
        assert measured == {f"{name}_many" for name in (*REGRESSION, *UNCERTAINTY) if name != "n"}
        assert metrics["bias_many"] == pytest.approx(0.05)

    def test_a_bin_is_scored_like_its_objects_alone(self, gaussian_stars):
        inside = (gaussian_stars[0] >= 0.5) & (gaussian_stars[0] < 1.0)
        alone = score(*(values[inside] for values in gaussian_stars))
        binned = score_by_bin(score, {"here": inside}, *gaussian_stars)
        assert binned == {f"{name}_here": value for name, value in alone.items()}


class TestScore:
    def test_it_has_every_name_and_values_are_floats(self, gaussian_stars):
        metrics = score(*gaussian_stars)
        assert set(metrics) == {*REGRESSION, *UNCERTAINTY}
        assert {type(value) for value in metrics.values()} == {float}

    @settings(deadline=None)
    @given(stars(), st.randoms(use_true_random=False))
    def test_order_of_the_stars_does_not_matter(self, drawn, random):
        order = list(range(len(drawn[0])))
        random.shuffle(order)
        shuffled = score(*(values[order] for values in drawn))
        for name, value in score(*drawn).items():
            # r2 divides by a variance that may be as small as rounding.
            if name != "r2":
                assert shuffled[name] == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True)

    def test_single_precision_is_measured_in_double(self):
        observed = np.full(1000, 0.1, dtype=np.float32)
        metrics = score(observed, observed, observed * np.float32(2), observed)
        assert metrics["bias"] == pytest.approx(float(np.float32(0.1)), rel=1e-12)

    def test_input_is_left_as_it_was(self, gaussian_stars):
        copies = [values.copy() for values in gaussian_stars]
        score(*gaussian_stars)
        for copy, values in zip(copies, gaussian_stars, strict=True):
            np.testing.assert_array_equal(copy, values)


class TestRefusals:
    def test_no_objects(self):
        with pytest.raises(ValueError, match="no objects to measure"):
            score([], [], [], [])

    def test_shapes(self):
        with pytest.raises(ValueError, match=r"observed \(3,\), predicted \(2,\)"):
            regression_metrics([1.0, 2.0, 3.0], [1.0, 2.0])
        with pytest.raises(ValueError, match=r"observed \(2, 1\)"):
            regression_metrics(np.ones((2, 1)), np.ones((2, 1)))

    def test_values_that_are_not_finite_are_named_and_counted(self):
        with pytest.raises(ValueError, match="predicted has 2 of 3 values that are NaN or infinite"):
            score([1.0, 2.0, 3.0], [0.1] * 3, [np.nan, 1.0, np.inf], [0.1] * 3)

    @pytest.mark.parametrize(("position", "name"), [(1, "target_error"), (3, "std")])
    def test_negative_errors(self, position, name):
        values = [[1.0, 2.0]] * 4
        values[position] = [0.1, -0.1]
        with pytest.raises(ValueError, match=f"{name} has 1 of 2 values below zero"):
            score(*values)
