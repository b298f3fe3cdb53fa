"""Identifiers, some of them missing, and numbers that stand for a missing value."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from astrosweep.core.errors import DataError
from astrosweep.data.reading.convert import (
    NO_IDENTIFIER,
    are_gaia_identifiers,
    stand_ins,
    to_identifiers,
    to_numbers,
)

FILE = Path("table.csv")
ID = 6899899256340129664


@pytest.mark.parametrize(
    "values",
    [
        pd.array([ID, None, ID + 1], dtype="Int64"),
        pd.array([ID, None, ID + 1], dtype="UInt64"),
        [str(ID), None, str(ID + 1)],
        [f"Gaia DR3 {ID}", None, f"GaiaDR3_{ID + 1}"],
        [f"gaia edr3 {ID}", None, f"DR3-{ID + 1}"],
        [f"Gaia {ID}", None, str(ID + 1)],
    ],
)
def test_missing_identifiers_are_told_and_numbered(values: object, caplog: pytest.LogCaptureFixture) -> None:
    series = pd.Series(values, index=pd.RangeIndex(2, 5, name="line"))
    ids, missing = to_identifiers(series, "star", FILE)
    assert ids.tolist() == [ID, NO_IDENTIFIER - 2, ID + 1]
    assert missing.tolist() == [False, True, False]
    assert "1 of 3 identifiers are missing in column star, the first in line 3" in caplog.text


@pytest.mark.parametrize("value", [NO_IDENTIFIER, str(-(2**63)), "9" * 19, 1e16, "OGLE-1"])
def test_no_identifiers(value: object) -> None:
    series = pd.Series([value], index=pd.RangeIndex(2, 3, name="line"))
    with pytest.raises(DataError, match=r"1 values of column 'star' are no exact identifiers, .* in line 2"):
        to_identifiers(series, "star", FILE)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([ID, ID + 1], True),
        ([f"Gaia DR3 {ID}", None, "unknown"], False),
        ([f"Gaia DR3 {ID}", None], True),
        ([1, 2, 3], False),
        (["OGLE", "ASAS"], False),
        ([None, None], False),
    ],
)
def test_identifiers_of_gaia(values: list[object], expected: bool) -> None:
    assert are_gaia_identifiers(pd.Series(values)) is expected


def test_text_with_commas_names_the_setting() -> None:
    series = pd.Series(["1,5", "2"], index=pd.RangeIndex(2, 4, name="line"))
    with pytest.raises(
        DataError, match=r"'1,5' in line 2; if its comma is a .*, say so with data\.decimal=comma"
    ):
        to_numbers(series, "pf", FILE)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([5.0, 4.5, -9999.0, np.nan], [False, False, True, False]),
        ([0.3, 99999.9999, 0.2, -99.0], [False, True, False, True]),
        ([1.2, 99.999, 99.99, 1.4], [False, True, True, False]),
        ([1.2, 1e30, 1.4, -1e99], [False, True, False, True]),
        ([1.2, 999.0, 1.4], [False, False, False]),
        ([-50.0, -99.0, -20.0], [False, False, False]),
        ([9.0, 9999.0, 1200.0], [False, False, False]),
        ([-9999.0, -9999.0], [False, False]),
        ([np.inf, 1.0, -999.0], [False, False, True]),
        ([], []),
    ],
)
def test_numbers_that_stand_for_a_missing_value(numbers: list[float], expected: list[bool]) -> None:
    assert stand_ins(np.array(numbers)).tolist() == expected
