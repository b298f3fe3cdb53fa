"""Identifiers, some of them missing, and numbers that stand for a missing value."""

from pathlib import Path

import pandas as pd
import pytest

from astrosweep.core.errors import DataError
from astrosweep.data.reading.convert import (
    NO_IDENTIFIER,
    are_gaia_identifiers,
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
