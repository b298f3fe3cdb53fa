"""The VOTable is one to the letter of the standard."""

import base64
import io
import re
import struct
import warnings
import xml.etree.ElementTree

import numpy as np
import pytest
from astropy import units
from astropy.io import votable
from astropy.table import Table

from astrosweep.prediction.output import Field, open_output
from tests.prediction.output.columns import META, TEXTS, rows, values, write

NAMESPACE = "{http://www.ivoa.net/xml/VOTable/v1.3}"


@pytest.mark.parametrize("n_rows", [0, 1, 6])
def test_astropy_finds_nothing_wrong(tmp_path, n_rows):
    path = write(tmp_path / "t.vot", rows(values(), slice(0, n_rows)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = votable.parse(path, verify="exception")
    assert found.version == "1.4"
    assert found.get_first_table().nrows in (None, n_rows) or len(found.get_first_table().array) == n_rows
    report = io.StringIO()
    assert votable.validate(path, output=report)
    assert "found no violations" in report.getvalue()


def test_odd_names_and_headers_are_no_fault(tmp_path):
    odd = ["a b", "a_b", "2mass <&>", 'é"', "model"]
    fields = [Field(name, "int32", "", "meta.id", f"<{name}> & more\x00") for name in odd]
    with open_output(tmp_path / "t.vot", fields, META | {"model": "x", "a b": "\x01"}) as output:
        output.write({name: np.array([place]) for place, name in enumerate(odd)})
    found = votable.parse(tmp_path / "t.vot", verify="exception")
    assert [field.name for field in found.get_first_table().fields] == odd
    assert [int(cell) for cell in found.get_first_table().array[0]] == [0, 1, 2, 3, 4]
    assert found.get_first_table().fields[3].description == '<é"> & more\ufffd'


def test_units_outside_the_standard_are_no_fault(tmp_path):
    spelled = ["dex", "electron / s", "Angstrom", "1e14 solMass", "keV cm2"]
    fields = [Field(f"u{n}", "float64", unit, "stat.value", "d") for n, unit in enumerate(spelled)]
    with open_output(tmp_path / "t.vot", fields, {}):
        pass
    report = io.StringIO()
    assert votable.validate(tmp_path / "t.vot", output=report)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Angstrom.*deprecated")
        table = Table.read(tmp_path / "t.vot")
    assert [str(table[field.name].unit) for field in fields] == [str(units.Unit(unit)) for unit in spelled]


def test_metadata_is_kept_to_the_letter(tmp_path):
    found = votable.parse(write(tmp_path / "t.vot", values()))
    assert {info.name: info.value for info in found.resources[0].infos} == META


def test_the_stream_is_what_the_standard_says(tmp_path):
    fields = [
        Field("i", "int64", "", "meta.id", "d"),
        Field("t", "str", "", "meta.note", "d"),
        *(Field(f"b{place}", "bool", "", "meta.code", "d") for place in range(7)),
        Field("x", "float32", "", "stat.value", "d"),
    ]
    with open_output(tmp_path / "t.vot", fields, {}) as output:
        truths = {f"b{place}": np.array([place % 2 == 0, None], dtype=object) for place in range(7)}
        output.write(
            {
                "i": np.ma.array([2**63 - 1, 7], mask=[False, True]),
                "t": np.array(["𝄞", None], dtype=object),
                "x": np.float32([1.5, np.nan]),
                **truths,
            }
        )
    document = xml.etree.ElementTree.parse(tmp_path / "t.vot")
    stream = next(document.iter(f"{NAMESPACE}STREAM"))
    first = b"\0\0" + struct.pack(">q", 2**63 - 1) + b"\0\0\0\2" + "𝄞".encode("utf-16-be") + b"TFTFTFT"
    # The ninth column opens the second byte of null bits; NaN needs no bit.
    second = b"\xff\x80" + bytes(8) + bytes(4) + b"?" * 7
    wanted = first + struct.pack(">f", 1.5) + second + np.array(np.nan, ">f4").tobytes()
    assert base64.b64decode(stream.text) == wanted


def test_lines_are_short_and_chunks_do_not_show(tmp_path):
    pieces = [rows(values(), slice(place, place + 1)) for place in range(6)]
    apart = write(tmp_path / "apart.vot", *pieces).read_text()
    assert apart == write(tmp_path / "whole.vot", values()).read_text()
    body = re.search(r"<STREAM[^>]*>\n(.*?)</STREAM>", apart, re.DOTALL)[1].splitlines()
    assert len(body) > 5
    assert {len(line) for line in body[:-1]} == {76}


def test_more_rows_than_a_block_keep_their_order(tmp_path):
    n_rows = 40_000
    fields = [Field("i", "int64", "", "meta.id", "d"), Field("t", "str", "", "meta.note", "d")]
    with open_output(tmp_path / "t.vot", fields, {}) as output:
        numbers = np.arange(n_rows)
        output.write({"i": numbers, "t": np.array(TEXTS, dtype=object)[numbers % len(TEXTS)]})
    assert output.n_rows == n_rows
    table = votable.parse_single_table(tmp_path / "t.vot").array
    assert np.array_equal(table["i"], np.arange(n_rows))
    assert list(table["t"][-3:]) == [TEXTS[number % len(TEXTS)] for number in range(n_rows - 3, n_rows)]
