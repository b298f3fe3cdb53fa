"""Metrics of parallaxes: distances, bins of parallax, and all of them together."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from astrosweep.core.metrics import score as score_of_any
from astrosweep.core.metrics import score_by_bin
from astrosweep.kinds.stars.metrics import distance_metrics, parallax_bins, score

PARALLAX = st.floats(-5.0, 20.0, width=32)


@st.composite
def stars(draw, min_size=2):
    n = draw(st.integers(min_size, 30))
    observed, predicted = (draw(arrays(np.float64, n, elements=PARALLAX)) for _ in range(2))
    std, error = (draw(arrays(np.float64, n, elements=st.floats(0.0078125, 2.0, width=32))) for _ in range(2))
    return observed, error, predicted, std


def by_bin(*arrays):
    return score_by_bin(score, parallax_bins(arrays[0]), *arrays)


class TestDistance:
    def test_sign_follows_the_predicted_distance(self):
        # Half the parallax is twice the distance.
        metrics = distance_metrics([1.0, 2.0, 4.0], [0.5, 1.0, 2.0])
        assert metrics["log_distance_bias"] == pytest.approx(math.log10(2.0))
        assert metrics["log_distance_scatter"] == pytest.approx(0.0, abs=1e-12)
        assert metrics["log_distance_share"] == 1.0

    def test_scatter_of_gaussian_residuals_withstands_outliers(self):
        rng = np.random.default_rng(2)
        observed = rng.uniform(0.2, 3.0, 20_000)
        predicted = observed * 10 ** rng.normal(0.0, 0.05, 20_000)
        predicted[:200] *= 1e4
        assert distance_metrics(observed, predicted)["log_distance_scatter"] == pytest.approx(0.05, rel=0.05)

    def test_stars_without_a_distance_are_counted(self):
        metrics = distance_metrics([1.0, -0.1, 0.2, 0.0], [1.0, 0.1, -0.2, 0.3])
        assert metrics["log_distance_share"] == 0.25
        assert metrics["log_distance_bias"] == 0.0

    def test_no_star_has_a_distance(self):
        metrics = distance_metrics([-1.0, 0.0], [0.1, 0.1])
        assert metrics["log_distance_share"] == 0.0
        assert math.isnan(metrics["log_distance_bias"])
        assert math.isnan(metrics["log_distance_scatter"])


class TestBins:
    def test_every_bin_has_its_count_and_full_bins_their_metrics(self):
        observed = np.array([-0.3, 0.0999, *[0.1] * 5, *[0.2] * 4, *[2.0] * 6])
        metrics = by_bin(observed, np.full(17, 0.1), observed + 0.05, np.full(17, 0.1))
        counts = {name: value for name, value in metrics.items() if name.startswith("n_plx")}
        assert counts == {
            "n_plx_below_0.1": 2,
            "n_plx_0.1_0.2": 5,
            "n_plx_0.2_0.5": 4,
            "n_plx_0.5_1": 0,
            "n_plx_1_2": 0,
            "n_plx_above_2": 6,
        }
        measured = {name.removeprefix("bias_plx_") for name in metrics if name.startswith("bias_plx_")}
        assert measured == {"0.1_0.2", "above_2"}
        assert metrics["bias_plx_above_2"] == pytest.approx(0.05)

    def test_a_bin_is_scored_like_its_stars_alone(self):
        rng = np.random.default_rng(1)
        true, error = rng.lognormal(-0.7, 0.8, 1000), rng.uniform(0.02, 0.2, 1000)
        drawn = rng.normal(true, error), error, rng.normal(true, 0.1), np.full(1000, 0.1)
        in_bin = (drawn[0] >= 0.5) & (drawn[0] < 1.0)
        alone, binned = score(*(values[in_bin] for values in drawn)), by_bin(*drawn)
        for name, value in alone.items():
            assert binned[f"{name}_plx_0.5_1"] == value

    @settings(deadline=None)
    @given(stars())
    def test_counts_add_up(self, drawn):
        in_bins = [value for name, value in by_bin(*drawn).items() if name.startswith("n_plx_")]
        assert len(in_bins) == 6
        assert sum(in_bins) == len(drawn[0])


class TestScore:
    @settings(deadline=None)
    @given(stars())
    def test_it_is_that_of_any_target_and_that_of_distances(self, drawn):
        observed, _, predicted, _ = drawn
        together = {**score_of_any(*drawn), **distance_metrics(observed, predicted)}
        assert score(*drawn) == pytest.approx(together, rel=0, nan_ok=True)

    def test_names_are_valid_in_mlflow_and_values_are_floats(self):
        observed = np.linspace(-0.1, 3.0, 60)
        columns = observed, np.full(60, 0.1), observed + 0.05, np.full(60, 0.1)
        metrics = {**score(*columns), **by_bin(*columns)}
        assert {"mse", "r2", "nll", "log_distance_share", "rmse_plx_0.5_1"} <= set(metrics)
        for name, value in metrics.items():
            assert re.fullmatch(r"[/\w.\- :]+", name)  # the characters MLflow allows
            assert type(value) is float

    def test_shapes(self):
        with pytest.raises(ValueError, match=r"observed \(2, 1\)"):
            distance_metrics(np.ones((2, 1)), np.ones((2, 1)))
