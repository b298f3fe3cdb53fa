"""What is written in any format is read back by astropy, pandas and Arrow as it was."""

import csv
import json
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units
from astropy.table import MaskedColumn, Table

from astrosweep.data.reading import read_table
from tests.prediction.output.columns import FIELDS, IDS, META, TEXTS, UNITS, rows, values, write

BY_ASTROPY = ["vot", "fits", "ecsv", "parquet"]


def read(path):
    """The table as astropy reads it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No table::len")
        options = {"format": "parquet.votable"} if path.suffix == ".parquet" else {}
        table = Table.read(path, **options)
    if path.suffix == ".fits":
        table.convert_bytestring_to_unicode()
    return table


def same_bits(found, wanted):
    found = np.ma.filled(found, np.nan) if found.dtype.kind == "f" else np.asarray(found)
    native = found.astype(found.dtype.newbyteorder("="))
    assert native.dtype == wanted.dtype
    if wanted.dtype.kind == "f":  # whichever NaN
        assert np.array_equal(np.isnan(native), np.isnan(wanted))
        native, wanted = np.nan_to_num(native, nan=1.0), np.nan_to_num(wanted, nan=1.0)
    assert native.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("ending", BY_ASTROPY)
def test_astropy_reads_every_value_to_the_bit(tmp_path, ending):
    path = write(tmp_path / f"t.{ending}", rows(values(), slice(0, 2)), rows(values(), slice(2, 6)))
    table = read(path)
    for name, wanted in values().items():
        if name == "reason":
            found = ["" if text is np.ma.masked else text.rstrip() for text in table[name]]
            assert found == [text.rstrip() for text in TEXTS]  # FITS and ECSV keep no blanks at the end
        else:
            same_bits(table[name], wanted)
    assert [int(number) for number in table["source_id"]] == IDS


@pytest.mark.parametrize("ending", ["vot", "ecsv", "parquet"])
def test_astropy_finds_unit_ucd_and_description_of_each_column(tmp_path, ending):
    table = read(write(tmp_path / f"t.{ending}", values()))
    assert table.colnames == [field.name for field in FIELDS]
    for field in FIELDS:
        column = table[field.name]
        assert column.meta["ucd"] == field.ucd
        assert column.description == field.description
        assert column.unit == (units.Unit(UNITS[field.name]) if field.name in UNITS else None)


@pytest.mark.parametrize("ending", ["vot", "fits", "ecsv"])
def test_zero_rows_keep_their_columns(tmp_path, ending):
    table = read(write(tmp_path / f"none.{ending}"))
    assert len(table) == 0
    assert table.colnames == [field.name for field in FIELDS]
    assert table["parallax"].unit == units.mas
    assert (
        write(tmp_path / f"empty.{ending}", rows(values(), slice(0, 0))).read_bytes()
        == (tmp_path / f"none.{ending}").read_bytes()
    )


def test_zero_rows_of_csv_and_parquet(tmp_path):
    text = pd.read_csv(write(tmp_path / "t.csv"))
    assert list(text.columns) == [field.name for field in FIELDS]
    assert len(text) == 0
    table = pq.read_table(write(tmp_path / "t.parquet"))
    assert table.num_rows == 0
    assert table.schema.field("source_id").type == pa.int64()


def test_csv_is_plain_and_exact(tmp_path):
    path = write(tmp_path / "t.csv", rows(values(), slice(0, 3)), rows(values(), slice(3, 6)))
    with path.open(newline="") as file:
        header, *found = csv.reader(file)
    assert header == [field.name for field in FIELDS]
    columns = dict(zip(header, zip(*found, strict=True), strict=True))
    assert [int(cell) for cell in columns["source_id"]] == IDS
    assert list(columns["reason"]) == TEXTS
    assert columns["flagged"] == ("True", "False", "True", "True", "False", "False")
    assert columns["parallax"][1] == columns["magnitude"][2] == ""
    for name in ("parallax", "magnitude", "pressure"):
        wanted = values()[name]
        same_bits(np.array([cell or "nan" for cell in columns[name]]).astype(wanted.dtype), wanted)
    frame = pd.read_csv(path)
    assert frame["source_id"].tolist() == IDS
    assert frame["flagged"].dtype == bool
    assert frame["reason"].fillna("").tolist() == TEXTS


def test_the_description_beside_a_csv_file_has_units_and_metadata(tmp_path):
    write(tmp_path / "t.csv", values())
    described = json.loads((tmp_path / "t.csv-metadata.json").read_text())
    assert described["url"] == "t.csv"
    columns = {column["titles"]: column for column in described["tableSchema"]["columns"]}
    assert list(columns) == [field.name for field in FIELDS]
    assert columns["parallax"]["unit"] == "mas"
    assert columns["parallax"]["ucd"] == "pos.parallax.phot"
    assert columns["parallax"]["datatype"] == "double"
    assert {note["name"]: note["value"] for note in described["notes"]} == META


def test_parquet_for_arrow_and_pandas(tmp_path):
    path = write(tmp_path / "t.parquet", values())
    table = pq.read_table(path)
    for name, wanted in values().items():
        if name == "reason":
            assert table[name].to_pylist() == TEXTS
        else:
            same_bits(table[name].to_numpy(), wanted)
    field = table.schema.field("pressure")
    assert field.metadata == {b"unit": b"keV.cm**-3", b"ucd": b"phys.pressure", b"description": b"pressure"}
    assert {key: table.schema.metadata[key.encode()].decode() for key in META} == META
    assert pd.read_parquet(path)["source_id"].tolist() == IDS


def test_parquet_joins_small_chunks_into_one_group(tmp_path):
    path = write(tmp_path / "t.parquet", *[values()] * 50)
    metadata = pq.ParquetFile(path).metadata
    assert (metadata.num_row_groups, metadata.num_rows) == (1, 300)


@pytest.mark.parametrize("ending", ["vot", "fits", "ecsv", "csv", "parquet"])
def test_missing_values_come_back_as_missing(tmp_path, ending):
    chunk = values()
    chunk["transits"] = np.array([1.0, np.nan, 3, 4, 5, 6])
    chunk["byte"] = np.ma.array([1, 2, 3, 4, 5, 6], mask=[0, 1, 0, 0, 0, 1], dtype=np.uint8)
    chunk["flagged"] = np.array([True, None, False, True, pd.NA, True], dtype=object)
    chunk["source_id"] = np.array([IDS[0], None, *IDS[2:]], dtype=object)
    chunk["pressure"] = np.ma.array(chunk["pressure"], mask=[1, 0, 0, 0, 0, 0])
    chunk["reason"] = np.array(["a", None, np.nan, pd.NA, "b", "c"], dtype=object)
    frame = read_table(write(tmp_path / f"t.{ending}", chunk), log=False).frame
    assert frame["transits"].isna().tolist() == [False, True, False, False, False, False]
    assert frame["byte"].isna().tolist() == [False, True, False, False, False, True]
    assert frame["flagged"].isna().tolist() == [False, True, False, False, True, False]
    assert frame["pressure"].isna().tolist() == [True, False, False, False, False, False]
    assert frame["source_id"].isna().tolist() == [False, True, False, False, False, False]
    assert frame["source_id"].dropna().astype("int64").tolist() == [IDS[0], *IDS[2:]]
    assert frame["flagged"].dropna().astype(bool).tolist() == [True, False, True, True]
    assert frame["reason"].fillna("").tolist() == ["a", "", "", "", "b", "c"]


def test_a_missing_text_is_not_an_empty_one_where_the_format_can_tell(tmp_path):
    chunk = rows(values(), [0, 1])
    chunk["reason"] = np.array(["", None], dtype=object)
    assert pq.read_table(write(tmp_path / "t.parquet", chunk))["reason"].to_pylist() == ["", None]
    lines = write(tmp_path / "t.csv", chunk).read_text().splitlines()
    assert [line.split(",")[3] for line in lines[1:]] == ['""', ""]


def test_other_byte_orders_and_kinds_of_text_are_taken(tmp_path):
    chunk = {name: column.astype(column.dtype.newbyteorder(">")) for name, column in values().items()}
    chunk["reason"] = np.array(TEXTS)
    chunk["flagged"] = MaskedColumn(chunk["flagged"])
    table = pq.read_table(write(tmp_path / "t.parquet", chunk))
    assert table["source_id"].to_pylist() == IDS
    assert table["reason"].to_pylist() == TEXTS
    assert table["pressure"].to_pylist() == values()["pressure"].tolist()
