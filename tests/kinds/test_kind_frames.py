"""Every kind gives its objects as a table that a served model takes, and takes them back as they were."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from astrosweep.core.errors import DataError
from astrosweep.core.types import Predictions, Unlabelled
from astrosweep.data.ranges import PERCENTILES
from astrosweep.training import judge_unlabelled, predict_with, restore, train
from tests.conftest import prepared_data
from tests.kinds.contract import Case, same_bits


def numbers_of(case: Case) -> str:
    """A column of numbers that the table must have."""
    return "value" if case.config.data.has_profiles else case.prepared.preparation.raw[0]


def needed_of(case: Case) -> tuple[str, ...]:
    profiles = ("cluster", "profile", "radius_kpc", "value")
    return profiles if case.config.data.has_profiles else case.prepared.preparation.raw


def test_a_network_predicts_the_same_of_objects_and_of_their_table(case: Case) -> None:
    data = prepared_data(case.config, case.development)
    (result,) = train(case.config, data)
    preparation = case.prepared.preparation
    module = restore(case.config, preparation.layout, preparation.transform, result.fits[0].state)

    def predict(objects: Any) -> Predictions:
        features = Unlabelled(objects.ids, preparation.features(objects))
        return predict_with(case.config, module, features)

    for objects in (case.development.sealed, case.labelled.objects, case.labelled.objects.take(np.arange(3))):
        frame = case.kind.frame_of(preparation, objects)
        back = case.kind.objects_from(preparation, frame)
        mine, its = predict(objects), predict(back)
        assert same_bits(mine.mean, its.mean)
        assert same_bits(mine.std, its.std)
        again = case.kind.frame_of(preparation, back)
        pd.testing.assert_frame_equal(again, frame, check_exact=True)
        one, other = (preparation.table(judge_unlabelled(preparation, o, mine)) for o in (objects, back))
        identifiers = ["cluster_id"] if case.config.data.has_profiles else []
        pd.testing.assert_frame_equal(
            one.drop(columns=identifiers),
            other.drop(columns=identifiers),
            check_exact=True,
            check_dtype=False,
        )


def test_a_table_survives_json_and_another_order_of_columns(case: Case) -> None:
    preparation, objects = case.prepared.preparation, case.development.sealed
    frame = case.kind.frame_of(preparation, objects)
    text = frame[list(frame)[::-1]].assign(more="x").to_json(orient="records", double_precision=15)
    read = pd.DataFrame(json.loads(text))
    back = case.kind.objects_from(preparation, read)
    np.testing.assert_allclose(
        preparation.features(back), preparation.features(objects), rtol=1e-5, atol=1e-5
    )
    assert len(back) == len(objects)


def test_what_a_table_lacks_or_holds_that_cannot_be_is_named(case: Case) -> None:
    preparation = case.prepared.preparation
    frame = case.kind.frame_of(preparation, case.development.sealed)
    for name in needed_of(case):
        with pytest.raises(DataError, match=rf"has no column {name}; needed: "):
            case.kind.objects_from(preparation, frame.drop(columns=name))
    with pytest.raises(DataError, match="has no rows"):
        case.kind.objects_from(preparation, frame.iloc[:0])
    name = numbers_of(case)
    wrong = frame[name].astype(object)
    wrong.iloc[1] = "12 mag"
    with pytest.raises(DataError, match=rf"column '{name}' should hold numbers.*'12 mag' in row 2"):
        case.kind.objects_from(preparation, frame.assign(**{name: wrong}))


def test_variables_group_every_point_of_labelled_and_other_objects(case: Case) -> None:
    preparation, judged = case.prepared.preparation, case.judged()
    shape = judged.predicted.mean.shape
    unlabelled = judge_unlabelled(preparation, judged.objects, judged.predicted)
    found = case.kind.variables(preparation, judged)
    assert found
    for name, values in found.items():
        assert np.broadcast_to(values, shape).shape == shape
        assert values.ndim == 2
        assert values.dtype == np.float64 or all(type(one) is str for one in values.ravel()), name
        other = case.kind.variables(preparation, unlabelled)[name]
        np.testing.assert_array_equal(values, other)
    if case.config.data.has_profiles:
        (names,) = found["target and radius"].tolist()
        assert len(set(names)) == len(names) == shape[1]
    else:
        predicted = found[f"predicted {preparation.roles.target}"]
        assert same_bits(predicted, judged.predicted.mean)
        for name in preparation.classes:
            raw = judged.objects.frame[name].tolist()
            expected = [[one if isinstance(one, str) else "unknown"] for one in raw]
            assert found[name].tolist() == expected


def numbers(value: Any) -> list[dict[str, Any]]:
    """Every range in what a kind tells."""
    if not isinstance(value, dict):
        return []
    return [value] if "p50" in value else [found for one in value.values() for found in numbers(one)]


def test_ranges_are_plain_numbers_in_order(case: Case) -> None:
    told = case.kind.ranges(case.labelled.objects)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    ranges = numbers(told)
    assert len(ranges) >= 3
    for one in ranges:
        assert list(one) == ["min", *PERCENTILES, "max", "missing"]
        assert 0.0 <= one["missing"] <= 1.0
        if one["missing"] < 1.0:
            between = [one[name] for name in list(one)[:-1]]
            assert between == sorted(between)
            assert all(math.isfinite(value) for value in between)
    assert any(0.0 < one["missing"] < 1.0 for one in ranges) or case.config.data.has_profiles
