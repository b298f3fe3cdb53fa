"""The FITS table is one that astropy verifies, with texts as wide as they must be."""

import numpy as np
import pytest
from astropy.io import fits

from astrosweep.core.errors import ConfigError, DataError
from astrosweep.prediction.output import Field, open_output
from tests.prediction.output.columns import FIELDS, META, values, write

TEXT = [Field("n", "int32", "", "meta.number", "d"), Field("t", "str", "", "meta.note", "d")]


def written(path, fields, chunks):
    with open_output(path, fields, {}) as output:
        for chunk in chunks:
            output.write(chunk)


def test_the_header_verifies_and_describes_each_column(tmp_path):
    path = write(tmp_path / "t.fits", values())
    assert path.stat().st_size % 2880 == 0
    with fits.open(path) as hdus:
        hdus.verify("exception")
        header = hdus[1].header
        assert header["NAXIS2"] == 6
        for number, field in enumerate(FIELDS, start=1):
            assert header[f"TTYPE{number}"] == field.name
            assert header[f"TUCD{number}"] == field.ucd
            assert header[f"TCOMM{number}"] == field.description
        assert header["TUNIT9"] == "keV cm-3"
        assert not any(key.startswith("TNULL") for key in header)
        assert "" not in header
        history = "".join(header["HISTORY"])
    escaped = META["options"].replace("\n", "\\n")
    assert f"options = {escaped}" in history
    assert r"for whom = \xc5ngstr\xf6m" in history


def test_texts_grow_and_the_rows_before_keep_their_values(tmp_path):
    texts = ["", "a", "ab", "x" * 9, "é" * 50, "y" * 1000, "z"]
    with open_output(tmp_path / "t.fits", TEXT, {}) as output:
        for number, text in enumerate(texts):
            output.write({"n": np.full(30_000, number), "t": np.full(30_000, text, dtype=object)})
    with fits.open(tmp_path / "t.fits", character_as_bytes=True) as hdus:
        hdus.verify("exception")
        table = hdus[1].data
        assert np.array_equal(table["n"], np.repeat(np.arange(7), 30_000))
        for number, text in enumerate(texts):
            assert set(table["t"][number * 30_000 : (number + 1) * 30_000]) == {text.encode()}


def test_a_null_gets_its_number_and_the_number_is_refused_beside_it(tmp_path):
    with open_output(tmp_path / "t.fits", TEXT, {}) as output:
        output.write({"n": np.ma.array([5, 6], mask=[0, 1]), "t": np.array(["a", "b"])})
    with fits.open(tmp_path / "t.fits") as hdus:
        assert hdus[1].header["TNULL1"] == -(2**31)
        assert hdus[1].data["n"].tolist() == [5, -(2**31)]
    fields = [Field("n", "int32", "", "meta.number", "d")]
    chunks = [{"n": np.array([-(2**31)])}, {"n": np.ma.array([1], mask=[1])}]
    for order in (chunks, chunks[::-1]):
        with pytest.raises(DataError, match=r"'n': -2147483648 stands for a missing value"):
            written(tmp_path / "u.fits", fields, order)
    assert [path.name for path in tmp_path.iterdir()] == ["t.fits"]


def test_nulls_that_lengthen_the_header_do_not_move_the_rows(tmp_path):
    fields = [Field(f"n{number}", "int16", "", "meta.number", "d") for number in range(40)]
    for name, mask in (("none", 0), ("all", 1)):
        with open_output(tmp_path / f"{name}.fits", fields, {}) as output:
            output.write({field.name: np.ma.array([3, 4], mask=[mask, 0]) for field in fields})
        with fits.open(tmp_path / f"{name}.fits") as hdus:
            hdus.verify("exception")
            assert hdus[1].data["n39"].tolist() == [-(2**15) if mask else 3, 4]


@pytest.mark.parametrize("name", ["αβγ", "x" * 69])
def test_a_name_that_fits_cannot_hold_is_refused(tmp_path, name):
    field = Field(name, "int32", "", "meta.number", "d")
    with pytest.raises(ConfigError, match="at most 68 ASCII"), open_output(tmp_path / "t.fits", [field], {}):
        pass
    assert list(tmp_path.iterdir()) == []
    with open_output(tmp_path / "t.vot", [field], {}):
        pass


def test_a_thousand_columns_are_too_many(tmp_path):
    fields = [Field(f"n{number}", "int16", "", "meta.number", "d") for number in range(1000)]
    with pytest.raises(ConfigError, match="1000 columns"), open_output(tmp_path / "t.fits", fields, {}):
        pass
