"""Columns, names and values that cannot be written are refused by name."""

import contextlib

import numpy as np
import pytest
from astropy import units

from astrosweep.core.errors import ConfigError, DataError
from astrosweep.prediction.output import FORMATS, Field, format_of, open_output
from tests.prediction.output.columns import FIELDS, META, rows, values, write


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ucd": ""}, "'x': ucd ''"),
        ({"ucd": "pos.parallax.nonsense"}, "Unknown word 'pos.parallax.nonsense'"),
        ({"ucd": "stat.median;pos.distance"}, "Secondary|Primary"),
        ({"ucd": "pos parallax"}, "invalid character ' '"),
        ({"unit": "furlongs"}, "'x': unit 'furlongs'"),
        ({"description": " "}, "'x': description is empty"),
        ({"dtype": "uint64"}, "'x': dtype 'uint64'; allowed: uint8, int16"),
        ({"dtype": "complex"}, "dtype 'complex'"),
        ({"dtype": "words"}, "dtype 'words'"),
        ({"name": ""}, "printable"),
        ({"name": "a\nb"}, "printable"),
        ({"name": " x"}, "printable"),
        ({"dtype": "str"}, "unit 'mas', but dtype 'str' has none"),
    ],
)
def test_a_faulty_field_is_refused_by_name(change, said):
    sound = {"name": "x", "dtype": "float64", "unit": "mas", "ucd": "pos.parallax", "description": "d"}
    Field(**sound)
    if change.get("ucd", "").startswith("stat.median"):
        Field(**sound | {"ucd": "pos.distance;stat.median"})
    with pytest.raises(ConfigError, match=said):
        Field(**sound | change)


@pytest.mark.parametrize(
    "ucd",
    [
        "pos.parallax.phot",
        "stat.error;pos.parallax.phot",
        "pos.distance;stat.median",
        "stat.error;stat.min;pos.distance",
        "meta.code.qual",
        "phys.pressure",
        "meta.id;meta.main",
        "meta.note",
    ],
)
def test_the_ucds_of_predictions_are_of_the_vocabulary(ucd):
    assert Field("x", "float64", "", ucd, "d").ucd == ucd


@pytest.mark.parametrize(
    ("spelled", "vounit", "fits"),
    [
        ("km.s**-1", "km.s**-1", "km s-1"),
        ("mas.yr**-1", "mas.yr**-1", "mas yr-1"),
        ("km/s", "km.s**-1", "km s-1"),
        ("mag", "mag", "mag"),
        ("dex", "'dex'", "dex"),
        ("electron/s", "'electron'.s**-1", "electron / s"),
        ("'electron'.s**-1", "'electron'.s**-1", "electron / s"),
        ("%", "'percent'", "10**-2"),
        ("Angstrom", "Angstrom", "Angstrom"),
        ("1e14 Msun", "1e+14solMass", "10**14 solMass"),
        ("", "", ""),
    ],
)
def test_units_are_read_in_any_spelling(spelled, vounit, fits):
    field = Field("x", "float64", spelled, "stat.value", "d")
    assert (field.unit_in("vounit"), field.unit_in("fits")) == (vounit, fits)


def test_a_name_that_was_read_in_quotes_once_keeps_them():
    for _ in range(2):
        assert Field("x", "float64", "dex", "stat.value", "d").unit_in("vounit") == "'dex'"
        units.Unit("'dex'", format="vounit")


@pytest.mark.parametrize("format", ["votable", "csv", "parquet"])
@pytest.mark.parametrize("unit", ["mag(AB)", "dex(cm/s2)"])
def test_a_unit_that_vounit_cannot_spell_is_refused_before_anything_is_written(tmp_path, unit, format):
    field = Field("x", "float64", unit, "stat.value", "d")
    output = open_output(tmp_path / "t.out", [field], META, format)
    with pytest.raises(ConfigError, match=r"column 'x': unit '.*' cannot be written in vounit"), output:
        pass
    assert list(tmp_path.iterdir()) == []


def test_formats_go_by_the_ending_or_by_name(tmp_path):
    names = ["a.vot", "a.votable", "a.xml", "a.FITS", "a.ecsv", "a.csv", "a.parquet"]
    found = [format_of(tmp_path / name) for name in names]
    assert found == ["votable", "votable", "votable", "fits", "ecsv", "csv", "parquet"]
    assert write(tmp_path / "a.dat", values(), format="fits").read_bytes()[:6] == b"SIMPLE"
    with pytest.raises(
        ConfigError, match=r"a\.dat2: unknown ending '\.dat2'; known: \.vot, \.votable, \.xml"
    ):
        open_output(tmp_path / "a.dat2", FIELDS, META)
    with pytest.raises(ConfigError, match="unknown format 'hdf5'; known: votable, fits, ecsv, csv, parquet"):
        open_output(tmp_path / "a.vot", FIELDS, META, "hdf5")


def test_columns_must_be_some_and_differ(tmp_path):
    with pytest.raises(ConfigError, match="at least one column"):
        open_output(tmp_path / "a.vot", [], META)
    twice = [Field(name, "bool", "", "meta.code", "d") for name in ("Flag", "flag", "other")]
    with pytest.raises(ConfigError, match="same name: flag"):
        open_output(tmp_path / "a.vot", twice, META)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("source_id", np.array([2**63], dtype=np.uint64)),
        ("source_id", np.array([1.5])),
        ("source_id", np.array([2.0**60 + 2.0**63])),
        ("source_id", np.array([2**70], dtype=object)),
        ("source_id", np.array(["5"])),
        ("source_id", np.array([True])),
        ("members", np.array([2**15])),
        ("byte", np.array([-1])),
        ("byte", np.array([[1]])),
        ("parallax", np.array(["0.5"], dtype=object)),
        ("parallax", np.array([2**53 + 1])),
        ("magnitude", np.array([1e39])),
        ("flagged", np.array([1])),
        ("flagged", np.array([1.0])),
        ("reason", np.array([5], dtype=object)),
        ("reason", np.array([5])),
        ("reason", np.array(["a\0b"], dtype=object)),
        ("reason", np.array(["\ud800"], dtype=object)),
    ],
)
def test_values_that_do_not_fit_are_refused_by_column(tmp_path, column, cells):
    with (
        pytest.raises(DataError, match=f"column '{column}'"),
        open_output(tmp_path / "t.vot", FIELDS, META) as output,
    ):
        output.write(rows(values(), [0]) | {column: cells})
    assert list(tmp_path.iterdir()) == []


def heedless(path):
    with open_output(path, FIELDS, META) as output, contextlib.suppress(DataError):
        output.write(values() | {"byte": np.full(6, 256)})


def test_a_table_that_lacks_rows_gets_no_name_even_if_the_error_is_caught(tmp_path):
    with pytest.raises(DataError, match="not all rows could be written"):
        heedless(tmp_path / "t.vot")
    assert list(tmp_path.iterdir()) == []


def test_columns_of_a_chunk_must_be_those_of_the_output(tmp_path):
    with open_output(tmp_path / "t.vot", FIELDS, META) as output:
        with pytest.raises(DataError, match="missing or unknown: other"):
            output.write(values() | {"other": np.zeros(6)})
        with pytest.raises(DataError, match="different lengths"):
            output.write(values() | {"byte": np.zeros(5, dtype=np.uint8)})
    with pytest.raises(RuntimeError, match="not open"):
        output.write(values())


@pytest.mark.parametrize("format", FORMATS)
def test_an_existing_file_is_kept_unless_it_may_be_replaced(tmp_path, format):
    path = tmp_path / "t.out"
    path.write_text("mine")
    with pytest.raises(ConfigError, match=r"t\.out: is there already"):
        write(path, values(), format=format)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]
    write(path, values(), format=format, overwrite=True)
    assert b"mine" not in path.read_bytes()
    assert path.stat().st_size > 300
