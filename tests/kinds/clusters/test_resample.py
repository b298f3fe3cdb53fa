"""Profiles go to common radii and back exactly where that is possible, and never pretend a measurement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrosweep.kinds.clusters import resample
from astrosweep.kinds.clusters.resample import Resampling

DENSE = np.linspace(-2.0, 16.0, 500)
N_POINTS = 12


@st.composite
def clusters(draw):
    """Clusters with their own radii, numbers of points and gaps; radii at least 0.1 apart."""
    own, values = [], []
    for _ in range(draw(st.integers(1, 4))):
        n = draw(st.integers(3, N_POINTS))
        steps = draw(st.lists(st.floats(0.1, 1.0), min_size=n, max_size=n))
        value = np.array(draw(st.lists(st.floats(-50.0, 50.0), min_size=n, max_size=n)))
        n_gaps = draw(st.integers(0, n - 2))
        value[draw(st.permutations(range(n)))[:n_gaps]] = np.nan
        own.append(np.pad(np.cumsum(steps), (0, N_POINTS - n), constant_values=np.nan))
        values.append(np.pad(value, (0, N_POINTS - n), constant_values=np.nan))
    return np.array(own), np.array(values)


def between(own, values, common):
    return Resampling.between(own, np.isfinite(values), common)


@given(clusters())
def test_dense_common_points_give_every_measured_value_back(drawn):
    own, values = drawn
    resampling = between(own, values, DENSE)
    back = resampling.back(resampling.forward(values))
    np.testing.assert_array_equal(np.isnan(back), np.isnan(values))
    np.testing.assert_allclose(back, values, rtol=1e-9, atol=1e-9)


@given(clusters())
def test_forward_is_linear_interpolation_between_measured_points(drawn):
    own, values = drawn
    resampling = between(own, values, DENSE)
    common = resampling.forward(values)
    for i in range(len(own)):
        has = np.isfinite(values[i])
        np.testing.assert_allclose(
            common[i], np.interp(DENSE, own[i, has], values[i, has]), rtol=1e-9, atol=1e-7
        )
        first, last = own[i, has][[0, -1]]
        np.testing.assert_array_equal(resampling.inside[i], (first - 1e-9 <= DENSE) & (last + 1e-9 >= DENSE))


def test_outside_the_nearest_value_stands_but_is_not_inside():
    own = np.array([[1.0, 2.0, 3.0, np.nan]])
    values = np.array([[5.0, np.nan, 9.0, np.nan]])
    resampling = between(own, values, np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
    assert resampling.forward(values).tolist() == [[5.0, 5.0, 7.0, 9.0, 9.0]]
    assert resampling.inside.tolist() == [[False, True, True, True, False]]
    assert resampling.n_measured.tolist() == [2]


def test_values_outside_the_measured_range_do_not_reach_the_way_back():
    own = np.array([[1.0, 2.0, 3.0]])
    values = np.array([[5.0, 7.0, 9.0]])
    resampling = between(own, values, np.linspace(0.0, 4.0, 21))
    common = resampling.forward(values)
    poisoned = np.where(resampling.inside, common, 1e6)
    assert not resampling.inside.all()
    np.testing.assert_allclose(resampling.back(poisoned), values, rtol=1e-12)


def test_the_same_radii_are_left_alone_to_the_last_bit():
    common = np.geomspace(0.01, 1.5, 50)
    r500 = np.array([[731.7], [1204.3], [1530.1]])
    own = np.log(common * r500 / r500)
    values = np.random.default_rng(0).normal(size=own.shape)
    resampling = between(own, values, np.log(common))
    assert resampling.same
    assert resampling.inside.all()
    np.testing.assert_array_equal(resampling.forward(values), values)
    np.testing.assert_array_equal(resampling.back(values), values)


def test_one_gap_among_the_same_radii_stays_a_gap_and_the_rest_exact():
    common = np.linspace(0.0, 1.0, 11)
    own = np.tile(common, (2, 1))
    values = np.random.default_rng(0).normal(size=own.shape)
    values[1, 4] = np.nan
    resampling = between(own, values, common)
    assert not resampling.same
    forward = resampling.forward(values)
    np.testing.assert_array_equal(forward[0], values[0])
    assert forward[1, 4] == pytest.approx((values[1, 3] + values[1, 5]) / 2)
    np.testing.assert_allclose(resampling.back(forward), values, rtol=1e-12)


def test_each_cluster_may_have_common_points_of_its_own():
    own = np.array([[1.0, 2.0, 4.0], [10.0, 20.0, 40.0]])
    values = np.array([[1.0, 3.0, 2.0], [1.0, 3.0, 2.0]])
    common = np.array([[1.0, 1.5, 3.0, 4.0], [10.0, 15.0, 30.0, 40.0]])
    resampling = between(own, values, common)
    np.testing.assert_allclose(resampling.forward(values), [[1.0, 2.0, 2.5, 2.0]] * 2)
    np.testing.assert_allclose(resampling.back(resampling.forward(values)), values)


def test_common_points_that_are_too_sparse_have_no_way_back():
    own = np.linspace(0.0, 1.0, 12)[None]
    values = np.where(np.arange(12) % 2, 1.0, -1.0)[None]
    resampling = between(own, values, np.linspace(0.0, 1.0, 6))
    assert np.abs(resampling.back(resampling.forward(values)) - values).max() > 0.3


def test_a_cluster_without_the_profile_has_nothing_inside_and_nothing_back():
    own = np.array([[1.0, 2.0, 3.0], [np.nan] * 3])
    values = np.array([[1.0, 2.0, 5.0], [np.nan] * 3])
    resampling = between(own, values, np.linspace(1.0, 3.0, 9))
    assert resampling.n_measured.tolist() == [3, 0]
    assert not resampling.inside[1].any()
    back = resampling.back(np.nan_to_num(resampling.forward(values)))
    np.testing.assert_allclose(back[0], values[0])
    assert np.isnan(back[1]).all()


def test_no_clusters_at_all():
    resampling = Resampling.between(np.zeros((0, 3)), np.zeros((0, 3), dtype=bool), np.arange(5.0))
    assert resampling.forward(np.zeros((0, 3))).shape == (0, 5)
    assert resampling.back(np.zeros((0, 5))).shape == (0, 3)


def test_large_samples_are_carried_in_parts_that_do_not_matter(monkeypatch):
    rng = np.random.default_rng(0)
    own = np.cumsum(rng.uniform(0.2, 1.0, (7, 8)), axis=1)
    values = rng.normal(size=own.shape)
    values[2, 3] = np.nan
    whole = between(own, values, DENSE)
    expected = whole.back(whole.forward(values))
    monkeypatch.setattr(resample, "_CHUNK", 3)
    np.testing.assert_array_equal(whole.back(whole.forward(values)), expected)


def test_clusters_with_the_same_radii_have_the_map_of_each(monkeypatch):
    rng = np.random.default_rng(5)
    own = np.repeat(np.sort(rng.random((1, 12))), 4, axis=0) * (1.0 + 1e-15 * rng.random((4, 1)))
    measured = np.ones(own.shape, dtype=bool)
    measured[:, [3, 11]] = False
    common = np.linspace(0.05, 0.9, 40)
    values = rng.random(own.shape)
    at_once = Resampling.between(own, measured, common)
    monkeypatch.setattr(resample, "_rows_are_the_same", lambda *_: False)
    each = Resampling.between(own, measured, common)
    assert at_once.forward(values) == pytest.approx(each.forward(values), rel=1e-12)
    back = each.back(each.forward(values))
    assert at_once.back(at_once.forward(values)) == pytest.approx(back, rel=1e-12, nan_ok=True)
    assert (at_once.inside == each.inside).all()
    assert not at_once.same
