"""What VOTable, FITS, Parquet and ECSV files say that is easily lost."""

import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from astrosweep.core.errors import DataError
from astrosweep.data.reading import RawTable, read_table
from tests.data.reading.text_files import columns

FORMATS = {"ascii.ecsv": "a.ecsv", "fits": "a.fits", "votable": "a.vot", "parquet": "a.parquet"}
VOTABLE = """<?xml version="1.0"?>
<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
<INFO name="QUERY_STATUS" value="OK"/><TABLE><FIELD name="n" datatype="long" unit="mas"/>
<FIELD name="good" datatype="boolean"/><DATA><TABLEDATA><TR><TD>1</TD><TD>T</TD></TR>
<TR><TD></TD><TD></TD></TR></TABLEDATA></DATA></TABLE>{after}</RESOURCE></VOTABLE>
"""


def written(folder: Path, table: Table, format: str) -> Path:
    path = folder / FORMATS[format]
    table.write(path, format=format)
    return path


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed(format: str, pack: object, tmp_path: Path) -> None:
    path = written(tmp_path, Table({"n": [1, 2], "x": [0.5, 1.5]}), format)
    path.write_bytes(pack(path.read_bytes()))  # type: ignore[operator]
    assert columns(read_table(path)) == {"n": [1, 2], "x": [0.5, 1.5]}


@pytest.mark.parametrize("format", FORMATS)
def test_the_content_tells_the_format_whatever_the_name(format: str, tmp_path: Path) -> None:
    path = written(tmp_path, Table({"n": [1, 2]}), format)
    assert columns(read_table(path.rename(tmp_path / "a.csv"))) == {"n": [1, 2]}


@pytest.mark.parametrize("format", ["ascii.ecsv", "votable", "parquet"])
def test_masked_booleans_and_numbers_keep_their_types(format: str, tmp_path: Path) -> None:
    mask = [False, True]
    table = Table({"n": MaskedColumn([2**60, 1], mask=mask), "good": MaskedColumn([True, False], mask=mask)})
    frame = read_table(written(tmp_path, table, format)).frame
    assert frame["n"].tolist()[0] == 2**60
    assert (str(frame["n"].dtype), str(frame["good"].dtype)) == ("Int64", "boolean")
    assert frame["good"].isna().tolist() == mask


def test_booleans_that_fits_leaves_open(tmp_path: Path) -> None:
    column = fits.Column(name="good", format="L", array=np.array([True, False, True]))
    fits.BinTableHDU.from_columns([column]).writeto(tmp_path / "a.fits")
    data = (tmp_path / "a.fits").read_bytes()
    (tmp_path / "b.fits").write_bytes(data.replace(b"TFT\0\0", b"\0FT\0\0"))
    assert columns(read_table(tmp_path / "a.fits"))["good"] == [True, False, True]
    assert columns(read_table(tmp_path / "b.fits"))["good"] == [None, False, True]


@pytest.mark.parametrize("unit", ["dex", "mag", "mag(AB)", "ct / s", "mas / yr", "quux"])
@pytest.mark.parametrize("format", ["ascii.ecsv", "fits", "votable"])
def test_units_are_kept_whatever_they_are(unit: str, format: str, tmp_path: Path) -> None:
    path = tmp_path / FORMATS[format]
    if format == "fits":
        column = fits.Column(name="x", format="D", unit=unit, array=np.array([1.5]))
        fits.BinTableHDU.from_columns([column]).writeto(path)
    else:
        Table({"x": [1.5]}, units={"x": "mas"}).write(path, format=format)
        text = path.read_text()
        path.write_text(text.replace('unit="mas"', f'unit="{unit}"').replace("unit: mas", f"unit: {unit}"))
    raw = read_table(path)
    assert (raw.units, columns(raw)) == ({"x": unit}, {"x": [1.5]})


def test_text_and_masks_of_ecsv(tmp_path: Path) -> None:
    (tmp_path / "a.ecsv").write_text(
        "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n# - {name: a, datatype: int64}\n"
        "# - {name: a.mask, datatype: bool}\n# - {name: s, datatype: string}\n"
        "# - {name: v, datatype: string, subtype: 'float64[2]'}\n"
        'a,a.mask,s,v\n1,False,007,"[1.0,2.0]"\n2,True,"x ""y""",""\n'
    )
    raw = read_table(tmp_path / "a.ecsv")
    assert columns(raw) == {"a": [1, None], "s": ["007", 'x "y"']}
    assert raw.frame.index.tolist() == [10, 11]
    assert raw.notes == ("left out the columns that hold no single value a row: v",)


def test_fits_text_without_a_null_value(tmp_path: Path) -> None:
    """The CDS writes --- into columns of numbers and gives no TNULL."""
    made = [
        fits.Column(name="id", format="A20", ascii=True, array=np.array(["100000000000000001", "---"])),
        fits.Column(name="mag", format="F10.4", ascii=True, unit="mag", array=np.array([1.5, 2.5])),
        fits.Column(name="n", format="I6", ascii=True, null="-9", array=np.array([7, -9])),
    ]
    fits.TableHDU.from_columns(made).writeto(tmp_path / "a.fits")
    data = (tmp_path / "a.fits").read_bytes()
    (tmp_path / "a.fits").write_bytes(data.replace(b"2.5000", b"---   "))
    raw = read_table(tmp_path / "a.fits")
    assert columns(raw) == {"id": ["100000000000000001", None], "mag": [1.5, None], "n": [7, None]}
    assert raw.units == {"mag": "mag"}


def votable(folder: Path, content: str) -> RawTable:
    (folder / "a.vot").write_text(content)
    return read_table(folder / "a.vot")


def test_a_query_that_was_cut_off_is_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cut = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>'
    raw = votable(tmp_path, VOTABLE.format(after=cut))
    assert columns(raw) == {"n": [1, None], "good": [True, None]}
    assert [("QUERY_STATUS=OVERFLOW" in note, "rows are missing" in note) for note in raw.notes] == [
        (True, True)
    ]
    assert "QUERY_STATUS=OVERFLOW" in caplog.text
    assert votable(tmp_path, VOTABLE.format(after="")).notes == ()


def test_a_query_that_failed_is_refused_with_its_reason(tmp_path: Path) -> None:
    failed = '<INFO name="QUERY_STATUS" value="ERROR">unknown column plx</INFO>'
    with pytest.raises(DataError, match=r"a\.vot: the archive reports an error: unknown column plx"):
        votable(tmp_path, f'<VOTABLE version="1.3"><RESOURCE type="results">{failed}</RESOURCE></VOTABLE>')


def test_one_row_of_vectors_is_a_table(tmp_path: Path) -> None:
    made = [
        fits.Column(name="r", format="3D", unit="kpc", array=[np.arange(3.0)]),
        fits.Column(name="cluster", format="3A", array=["A85"]),
        fits.Column(name="v", format="3E", array=[np.array([5.0, np.nan, 1.0])]),
    ]
    fits.BinTableHDU.from_columns(made).writeto(tmp_path / "a.fits")
    raw = read_table(tmp_path / "a.fits")
    assert columns(raw) == {"r": [0.0, 1.0, 2.0], "cluster": ["A85"] * 3, "v": [5.0, None, 1.0]}
    assert raw.units == {"r": "kpc"}
    made[2] = fits.Column(name="v", format="2E", array=[np.arange(2.0)])
    fits.BinTableHDU.from_columns(made).writeto(tmp_path / "b.fits")
    with pytest.raises(DataError, match=r"b\.fits: row 1 has vectors of different lengths \[2, 3\]"):
        read_table(tmp_path / "b.fits")
