"""Groups of objects and their metrics."""

import numpy as np
import pytest

from astrosweep.validation.groups import group_scores, is_of_columns, labels_of
from astrosweep.validation.limits import limits_of
from astrosweep.validation.scores import Values, scores


def values(target, mean):
    t = target.shape[1]
    return Values(target, mean, np.ones(t), np.zeros(t))


def test_ranges_of_a_number_have_equally_many_objects():
    numbers = np.random.default_rng(0).normal(size=(300, 1))
    labels = labels_of({"x": numbers})["x"]
    names, counts = np.unique(labels.astype(str), return_counts=True)
    assert counts.tolist() == [60] * 5
    lowest = next(name for name in names if name.startswith("below"))
    assert float(lowest.removeprefix("below ")) == pytest.approx(np.quantile(numbers, 0.2), rel=1e-3)
    assert set(numbers[labels == lowest] < np.quantile(numbers, 0.2)) == {True}


def test_few_objects_make_few_ranges_and_missing_ones_a_group_of_their_own():
    numbers = np.append(np.arange(65.0), np.nan)[:, None]
    labels = labels_of({"x": numbers})["x"]
    assert sorted(set(labels.ravel())) == ["below 32", "from 32", "unknown"]
    assert (labels == "unknown").sum() == 1


def test_every_class_is_a_group():
    labels = labels_of({"kind": np.array(["a", "b", "a"], dtype=object)[:, None]})["kind"]
    assert labels.ravel().tolist() == ["a", "b", "a"]


def test_a_group_has_the_metrics_of_its_objects():
    rng = np.random.default_rng(1)
    target = rng.normal(size=(200, 1))
    offset = np.where(np.arange(200) < 50, 0.7, 0.0)[:, None]
    whole = values(target, target + offset + 0.1 * rng.normal(size=(200, 1)))
    labels = np.where(offset > 0.0, "off", "right").astype(object)
    found = {one.name: one for one in group_scores(whole, {"where": labels}, 200, 0)}
    assert (found["off"].n, found["right"].n) == (50, 150)
    assert found["off"].metrics["bias"].value == pytest.approx(0.7, abs=0.05)
    alone = scores(values(whole.target[:50], whole.mean[:50]), 200, 0)
    assert found["off"].metrics["rmse"] == alone["rmse"]
    overall = scores(whole, 200, 0)["rmse"].value
    said = limits_of(None, list(found.values()), overall, [], 0.2)
    assert [one.sort for one in said] == ["errors", "flags"]
    assert said[0].text.startswith(f"where off: RMSE {alone['rmse'].value:.4g} (")
    assert said[1].text.startswith("20% of the objects are flagged")


def test_groups_of_target_columns():
    target = np.zeros((40, 3))
    mean = np.broadcast_to([1.0, 2.0, 3.0], (40, 3)).copy()
    mean[0, 1] = np.nan
    names = np.array([["inner", "inner", "outer"]], dtype=object)
    assert is_of_columns(names)
    found = {one.name: one for one in group_scores(values(target, mean), {"radius": names}, 100, 0)}
    assert found["outer"].metrics["rmse"].value == pytest.approx(3.0)
    assert found["inner"].metrics["mse"].value == pytest.approx((40 * 1.0 + 39 * 4.0) / 79)
    assert found["inner"].n == 40
