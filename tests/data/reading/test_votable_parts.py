"""VOTables of binary rows that are read in parts are what astropy reads of the whole."""

import numpy as np
import pandas as pd
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, Table

from astrosweep.core.errors import DataError
from astrosweep.data.reading import read_parts, read_table
from astrosweep.data.reading.votable_parts import find_binary2


def write(path, n=1000, **more):
    random = np.random.default_rng(1)
    gaps = random.random(n) < 0.1
    table = Table(
        {
            "id": np.arange(n, dtype=np.int64) + 2**62 + 1,
            "n": MaskedColumn(np.arange(n, dtype=np.int32), mask=gaps),
            "s": np.arange(n, dtype=np.int16) - 500,
            "x": np.where(gaps, np.nan, random.normal(size=n)) * u.mas,
            "f": random.normal(size=n).astype(np.float32),
            "y": MaskedColumn(random.normal(size=n), mask=gaps),
            "name": np.array([f"\N{GREEK SMALL LETTER ALPHA} {i}" for i in range(n)]),
            "bytes": np.array([f"b{i}".encode() for i in range(n)]),
            "text": MaskedColumn(np.array([f"t{i}" for i in range(n)]), mask=gaps),
            **more,
        }
    )
    table.write(path, format="votable", tabledata_format="binary2", overwrite=True)
    return path


def test_parts_are_the_whole(tmp_path):
    path = write(tmp_path / "t.vot")
    whole = read_table(path)
    parts = list(read_parts(path, size=300))
    assert [(len(raw.frame), n_rows) for raw, n_rows in parts] == [(250, 1000)] * 4
    assert {tuple(raw.units.items()) for raw, _ in parts} == {(("x", "mas"),)}
    together = pd.concat([raw.frame for raw, _ in parts], ignore_index=True)
    assert together.dtypes.to_dict() == whole.frame.dtypes.to_dict()
    gaps = together["y"].isna().tolist()
    assert together["text"].isna().tolist() == gaps  # astropy keeps what stands below a text that is null
    for name, values in whole.frame.drop(columns="text").items():
        known = values.notna().tolist()
        assert together[name].notna().tolist() == known
        assert together[name][known].tolist() == values[values.notna()].tolist()
    assert together["id"].iloc[0] == 2**62 + 1
    assert together["n"].isna().sum() == together["y"].isna().sum() == together["text"].isna().sum() > 50


def test_text_beyond_two_bytes_is_whole(tmp_path):
    path = write(tmp_path / "t.vot", odd=np.array(["a\N{GRINNING FACE}", "abcdef"] * 500))
    parts = [raw.frame for raw, _ in read_parts(path, size=300)]
    assert len(parts) == 4
    assert set(pd.concat(parts)["odd"]) == {"a\N{GRINNING FACE}", "abcdef"}


@pytest.mark.parametrize(
    "more",
    [{"truth": np.array([True] * 1000)}, {"vector": np.zeros((1000, 2))}],
    ids=["truth", "vector"],
)
def test_other_columns_are_left_to_astropy(tmp_path, more):
    path = write(tmp_path / "t.vot", **more)
    assert find_binary2(path) is None
    ((raw, n_rows),) = read_parts(path, size=300)
    assert len(raw.frame) == n_rows == 1000


def test_rows_that_are_damaged_or_cut_are_refused(tmp_path):
    path = write(tmp_path / "t.vot")
    content = path.read_bytes()
    at = len(content) // 2
    path.write_bytes(content[:at] + b"!" + content[at + 1 :])
    with pytest.raises(DataError, match=r"t\.vot"):
        list(read_parts(path, size=300))
    path.write_bytes(content[:at])
    with pytest.raises(DataError, match=r"t\.vot"):
        list(read_parts(path, size=300))
    path.write_bytes(content[:at] + content[at + 40 :])
    assert find_binary2(path) is None
