"""Identifiers of Gaia, as numbers and as the names that catalogues make of them."""

import re

import pandas as pd

_PREFIX = re.compile(r"^(?:gaia[\s_-]*(?:e?dr\d)?|e?dr\d)[\s_-]*(?=\d+$)", re.IGNORECASE)
_FEWEST_DIGITS = 10


def without_prefix(values: pd.Series) -> pd.Series:
    """Return identifiers without the name of their catalogue, "Gaia DR3 4111834567779557376" as its number.

    What is no such name stays as it is; numbers do.
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values
    return values.astype("str").str.replace(_PREFIX, "", regex=True).where(values.notna())


def are_gaia_identifiers(values: pd.Series) -> bool:
    """Say whether most present values are identifiers of Gaia.

    They are whole numbers above 2**32: the bits below are a running number, those above are a processing
    centre and a place on the sky (Gaia DR3 documentation, chapter 20, ``gaia_source.source_id``).
    """
    present = without_prefix(values.dropna())
    if pd.api.types.is_numeric_dtype(present.dtype):
        return bool(len(present)) and bool((present.astype("Float64") > 2**32).mean() > 0.5)
    return bool(len(present)) and bool(
        present.str.fullmatch(rf"\d{{{_FEWEST_DIGITS},19}}").fillna(False).mean() > 0.5
    )
