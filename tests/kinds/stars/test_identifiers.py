"""Identifiers of Gaia, as people have them."""

import pandas as pd
import pytest

from astrosweep.kinds.stars.identifiers import are_gaia_identifiers, without_prefix

ID = 6899899256340129664


@pytest.mark.parametrize(
    "text",
    [f"Gaia DR3 {ID}", f"GaiaDR3_{ID}", f"gaia edr3 {ID}", f"DR3-{ID}", f"Gaia {ID}", f"EDR3{ID}", str(ID)],
)
def test_the_name_of_the_catalogue_is_taken_off(text: str) -> None:
    assert without_prefix(pd.Series([text, None])).tolist()[0] == str(ID)


@pytest.mark.parametrize("text", ["OGLE-1", "Gaia DR3", f"Gaia DR3 {ID} A", f"V1 Gaia DR3 {ID}", "DR3 1.5"])
def test_what_is_no_identifier_of_gaia_stays(text: str) -> None:
    found = without_prefix(pd.Series([text, None]))
    assert found[0] == text
    assert pd.isna(found[1])


def test_numbers_stay_numbers() -> None:
    values = pd.Series(pd.array([ID, None], dtype="Int64"))
    assert without_prefix(values) is values


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
