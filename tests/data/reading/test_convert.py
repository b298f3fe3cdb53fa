"""Identifiers, some of them missing, and numbers that stand for a missing value."""

from pathlib import Path

import pandas as pd
import pytest

from astrosweep.core.errors import DataError
from astrosweep.data.reading.convert import NO_IDENTIFIER, to_identifiers, to_numbers

FILE = Path("table.csv")
ID = 6899899256340129664


@pytest.mark.parametrize(
    "values",
    [
        pd.array([ID, None, ID + 1], dtype="Int64"),
        pd.array([ID, None, ID + 1], dtype="UInt64"),
        [str(ID), None, str(ID + 1)],
    ],
)
def test_missing_identifiers_are_told_and_numbered(values: object, caplog: pytest.LogCaptureFixture) -> None:
    series = pd.Series(values, index=pd.RangeIndex(2, 5, name="line"))
    ids, missing = to_identifiers(series, "star", FILE)
    assert ids.tolist() == [ID, NO_IDENTIFIER - 2, ID + 1]
    assert missing.tolist() == [False, True, False]
    assert "1 of 3 identifiers are missing in column star, the first in line 3" in caplog.text


@pytest.mark.parametrize("value", [NO_IDENTIFIER, str(-(2**63)), "9" * 19, 1e16, "OGLE-1", f"Gaia DR3 {ID}"])
def test_no_identifiers(value: object) -> None:
    series = pd.Series([value], index=pd.RangeIndex(2, 3, name="line"))
    with pytest.raises(DataError, match=r"1 values of column 'star' are no exact identifiers, .* in line 2"):
        to_identifiers(series, "star", FILE)


def test_text_with_commas_names_the_setting() -> None:
    series = pd.Series(["1,5", "2"], index=pd.RangeIndex(2, 4, name="line"))
    with pytest.raises(
        DataError, match=r"'1,5' in line 2; if its comma is a .*, say so with data\.decimal=comma"
    ):
        to_numbers(series, "pf", FILE)
