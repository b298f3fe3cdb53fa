"""A table of every type with the values that are easily lost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.prediction.output import Field, open_output

IDS = [2**63 - 1, 4472832130942575872, -(2**63) + 1, 2**53 + 1, 0, 5853498713190525696]
TEXTS = ["plain", '<a> & "b", c', "two\nlines", "žluťoučký 𝄞", "", "it's ]]> -- \\ \t"]

FIELDS = [
    Field("source_id", "int64", "", "meta.id;meta.main", "identifier of Gaia"),
    Field("parallax", "float64", "mas", "pos.parallax.phot", 'predicted <parallax> & "more"'),
    Field("magnitude", np.dtype("float32"), "mag", "phot.mag", "magnitude"),
    Field("reason", "str", "", "meta.note", "why a row is flagged"),
    Field("flagged", "bool", "", "meta.code.qual", "whether a row is unlike the training data"),
    Field("transits", "int32", "", "meta.number", "transits"),
    Field("members", "int16", "", "meta.number", "networks"),
    Field("byte", "uint8", "", "meta.code", "a byte"),
    Field("pressure", "float64", "keV / cm3", "phys.pressure", "pressure"),
]
UNITS = {"parallax": "mas", "magnitude": "mag", "pressure": "keV / cm3"}
META = {
    "model": "models:/cepheid@champion",
    "options": 'a="1" & <b>\n' + "x" * 200,
    "for whom": "Ångström",
}


def values() -> dict[str, np.ndarray]:
    """Six rows without missing values."""
    return {
        "source_id": np.array(IDS),
        "parallax": np.array([0.1, np.nan, np.inf, -np.inf, 5e-324, -np.pi]),
        "magnitude": np.array([0.1, 1e-45, np.nan, 3.4e38, -np.inf, 16777217], dtype=np.float32),
        "reason": np.array(TEXTS, dtype=object),
        "flagged": np.array([True, False, True, True, False, False]),
        "transits": np.array([2**31 - 1, -(2**31) + 1, 0, 1, 2, 3], dtype=np.int32),
        "members": np.array([2**15 - 1, -(2**15) + 1, 0, 1, 2, 3], dtype=np.int16),
        "byte": np.array([255, 0, 1, 2, 3, 4], dtype=np.uint8),
        "pressure": np.array([1e-300, 1 / 3, 2 / 3, 1e300, 0.0, -0.0]),
    }


def rows(columns: Mapping[str, Any], wanted: slice | list[int]) -> dict[str, Any]:
    """Some rows of a table."""
    return {name: column[wanted] for name, column in columns.items()}


def write(path: Path, *chunks: Mapping[str, Any], **options: Any) -> Path:
    """Write chunks as one output."""
    with open_output(path, FIELDS, META, **options) as output:
        for chunk in chunks:
            output.write(chunk)
    return path
