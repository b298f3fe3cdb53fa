"""Rows as a table for a served model: identifiers; and what they are grouped by and range over."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from astrosweep.config import RunConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import Predictions
from astrosweep.data.ranges import PERCENTILES
from astrosweep.kinds import kind_of
from astrosweep.kinds.tables.frame import frame_of, rows_from
from astrosweep.kinds.tables.groups import row_ranges
from astrosweep.kinds.tables.rows import Rows
from astrosweep.training import judge_unlabelled
from tests.conftest import prepared_stars
from tests.kinds.contract import Case, case_of, same_bits


@pytest.fixture(scope="module", params=["stars", "table"])
def rows_case(request: pytest.FixtureRequest, make_config, tmp_path_factory) -> Case:
    return case_of(request.param, make_config, tmp_path_factory.mktemp("objects"))


def test_a_table_of_rows_numbers_those_without_an_identifier(rows_case: Case) -> None:
    preparation, sealed = rows_case.prepared.preparation, rows_case.development.sealed
    identifier = preparation.roles.identifier
    frame = frame_of(preparation, sealed)
    assert same_bits(rows_from(preparation, frame).ids, sealed.ids)
    for without in (frame.drop(columns=identifier), frame.assign(**{identifier: np.nan})):
        assert rows_from(preparation, without).ids.tolist() == list(range(1, len(frame) + 1))
    some = frame.astype({identifier: "Int64"})
    some.loc[2, identifier] = pd.NA
    back = rows_from(preparation, some)
    assert back.ids[2] == -(2**62) - 3
    assert same_bits(np.delete(back.ids, 2), np.delete(sealed.ids, 2))
    assert frame_of(preparation, back)[identifier].isna().tolist() == [i == 2 for i in range(len(frame))]
    text = frame.astype({identifier: str})
    assert same_bits(rows_from(preparation, text).ids, sealed.ids)
    with pytest.raises(DataError, match=rf"column '{identifier}' are no exact identifiers"):
        rows_from(preparation, frame.astype({identifier: np.float64}))


def test_identifiers_that_are_names_come_back(tmp_path: Path, make_config: Callable[..., RunConfig]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=100), "name": [f"object {i}" for i in range(100)]})
    frame["y"] = frame["x"] + 0.1 * rng.normal(size=100)
    frame.to_csv(tmp_path / "t.csv", index=False)
    config = make_config("data=table", f"data.path={tmp_path}/t.csv", "data.target=y", "data.id=name")
    development = kind_of(config).develop(config)
    preparation = kind_of(config).prepare(config, development, 0).preparation
    table = frame_of(preparation, development.sealed)
    assert list(table) == ["name", "x"]
    assert all(name.startswith("object ") for name in table["name"])
    back = rows_from(preparation, table)
    assert same_bits(back.ids, development.sealed.ids)
    assert back.names.tolist() == development.sealed.names.tolist()
    table.loc[1, "name"] = None
    back = rows_from(preparation, table)
    assert (back.names[1], back.ids[1]) == ("", -(2**62) - 2)


def test_classes_that_are_numbers_or_missing_become_text_or_nothing(rows_case: Case) -> None:
    preparation = rows_case.prepared.preparation
    name = preparation.classes[0]
    frame = frame_of(preparation, rows_case.development.sealed)
    back = rows_from(preparation, frame.assign(**{name: [7, *[None] * (len(frame) - 1)]}))
    assert back.frame[name].iloc[0] == "7"
    assert back.frame[name].iloc[1:].isna().all()


def test_ranges_are_those_of_the_numbers() -> None:
    values = np.arange(1001.0)
    values[5] = np.nan
    kinds = np.array(["a"] * 600 + ["b"] * 400 + [np.nan], dtype=object)
    frame = pd.DataFrame({"x": values, "kind": pd.Series(kinds, dtype=object), "none": np.nan})
    told = row_ranges(Rows(np.arange(1001), frame))
    assert told["classes"] == {"kind": {"a": 600, "b": 400}}
    assert told["features"]["none"] == {**dict.fromkeys(("min", *PERCENTILES, "max")), "missing": 1.0}
    x = told["features"]["x"]
    known = np.delete(values, 5)
    assert (x["min"], x["max"], x["missing"]) == (0.0, 1000.0, pytest.approx(1 / 1001))
    levels = (0.1, 30.0, 50.0, 97.5, 99.9)
    assert [x[f"p{at:g}"] for at in levels] == [np.percentile(known, at) for at in levels]


def test_stars_are_grouped_by_magnitude_where_they_have_one(make_config: Callable[..., RunConfig]) -> None:
    with_it = make_config("data=cepheid")
    without = make_config("data=cepheid", "data.features.required=[log_pf]", "data.features.optional=[]")
    for config, has in ((with_it, True), (without, False)):
        data = prepared_stars(config)
        (prepared,) = data.folds
        n = len(prepared.test)
        predicted = Predictions(prepared.test.ids, np.ones((n, 1)), np.ones((n, 1)))
        judged = judge_unlabelled(prepared.preparation, prepared.test, predicted)
        found = data.kind.variables(prepared.preparation, judged)
        assert ("phot_g_mean_mag" in found) is has
        if has:
            expected = prepared.test.frame["phot_g_mean_mag"].to_numpy()[:, None]
            np.testing.assert_array_equal(found["phot_g_mean_mag"], expected)
            assert set(found["mode_best_classification"].ravel()) == {"FUNDAMENTAL", "FIRST_OVERTONE"}
