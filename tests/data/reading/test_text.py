"""Text in any layout gives the same table; what cannot be read is named with a remedy that works."""

import bz2
import gzip
import logging
import lzma
from pathlib import Path

import numpy as np
import pytest

from astrosweep.core.errors import DataError
from astrosweep.data.reading import FORMATS, check_named
from tests.data.reading.text_files import IDS, LAYOUTS, TABLE, UNITS, WITHOUT_UNITS, columns, read


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_table(layout: str, tmp_path: Path) -> None:
    raw = read(tmp_path, LAYOUTS[layout])
    assert columns(raw) == TABLE
    assert raw.units == ({} if layout in WITHOUT_UNITS else UNITS)
    assert raw.named
    assert str(raw.frame["source_id"].dtype) in ("Int64", "int64")
    if raw.frame.index.name == "line":
        lines = LAYOUTS[layout].splitlines()
        assert [str(number) in lines[at - 1] for number, at in zip(IDS, raw.frame.index, strict=True)] == [
            True
        ] * 2


@pytest.mark.parametrize("layout", ["commas", "VizieR", "IPAC", "CDS"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_text(layout: str, pack: object, tmp_path: Path) -> None:
    data = pack(LAYOUTS[layout].encode())  # type: ignore[operator]
    assert columns(read(tmp_path, data, "table.dat")) == TABLE
    with pytest.raises(DataError, match="cannot be uncompressed; the file is damaged, cut short"):
        read(tmp_path, data[:-9])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    raw = read(tmp_path, f"Étoile,n{end}é,1{end}".encode(encoding))
    assert columns(raw) == {"Étoile": ["é"], "n": [1]}


def test_tables_without_names(tmp_path: Path) -> None:
    raw = read(tmp_path, "# made by hand\n1 2.5\n2 3.5\n")
    assert not raw.named
    assert columns(raw) == {"column_1": [1, 2], "column_2": [2.5, 3.5]}
    with pytest.raises(
        DataError, match=r"line 2 should name the columns but holds numbers: .*data\.names=\["
    ):
        check_named(raw, tmp_path)
    named = read(tmp_path, "# made by hand\n1 2.5\n2 3.5\n", names=["n", "Plx"])
    assert columns(named) == {"n": [1, 2], "Plx": [2.5, 3.5]}
    check_named(named, tmp_path)


def test_names_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="3 names are given, a, b, c, but line 1 has 2 values; allowed: one name"
    ):
        read(tmp_path, "1,2\n", names=["a", "b", "c"])
    with pytest.raises(
        DataError, match="line 1 names the columns already: a, b; names can be given for tables wi"
    ):
        read(tmp_path, "a,b\n1,2\n", names=["x", "y"])
    with pytest.raises(DataError, match="names are given, but a table of the format cds has its own"):
        read(tmp_path, LAYOUTS["CDS"], names=["x", "y"])


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("a;b\n1,5;2\n2,25;3\n", "auto", [1.5, 2.25]),
        ("a\tb\n1,5\tx\n-2,25e3\ty\n", "auto", [1.5, -2250.0]),
        ("a b\n0,123 x\n0,456 y\n", "auto", [0.123, 0.456]),
        ("a;b\n1,234;x\n5,678;y\n", "auto", ["1,234", "5,678"]),
        ("a;b\n1,234;x\n5,678;y\n", "comma", [1.234, 5.678]),
        ("a;b\n1,5;2.5\n2,5;3.5\n", "auto", ["1,5", "2,5"]),
        ("a;b\n1,5;2\n2,5;3\n", "point", ["1,5", "2,5"]),
        ("a b\n1.5D-03 x\n2.5d+01 y\n", "auto", [1.5e-3, 25.0]),
        ("a;b\n1,5D-03;x\n2,5;y\n", "comma", [1.5e-3, 2.5]),
        ("a b\n1D3 x\n2D5 y\n", "auto", ["1D3", "2D5"]),
        ("a b\n0x1F x\n0x2A y\n", "auto", ["0x1F", "0x2A"]),
        ("a b\n+5 x\n18446744073709551615 y\n", "auto", [5, 2**64 - 1]),
    ],
)
def test_spellings_of_numbers(text: str, decimal: str, expected: list[object], tmp_path: Path) -> None:
    assert columns(read(tmp_path, text, decimal=decimal))["a"] == expected


def test_blanks_between_numbers_with_decimal_commas(tmp_path: Path) -> None:
    raw = read(tmp_path, "20,0 5,5\n50,25 4,25\n")
    assert columns(raw) == {"column_1": [20.0, 50.25], "column_2": [5.5, 4.25]}


def test_points_where_commas_are_decimal_points(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="numbers of column 'b' have points although decimal=comma; allowed: one of"
    ):
        read(tmp_path, "a;b\n1,5;2.25\n", decimal="comma")


def test_true_and_false_stay_so_where_some_are_missing(tmp_path: Path) -> None:
    frame = read(tmp_path, "a,b\nTrue,1\n,2\nfalse,3\n").frame
    assert str(frame["a"].dtype) == "boolean"
    assert frame["a"].isna().tolist() == [False, True, False]
    assert frame["a"].dropna().tolist() == [True, False]


def test_columns_that_stay_text(tmp_path: Path) -> None:
    assert columns(read(tmp_path, "Name,n\n007,1\n1e5,2\n", text=["name"])) == {
        "Name": ["007", "1e5"],
        "n": [1, 2],
    }


def test_names_with_the_commas_of_a_list(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "a.txt", [[1.0, 2.0]], header="radius, Lambda(T,Z)")
    assert columns(read(tmp_path, (tmp_path / "a.txt").read_bytes())) == {
        "radius": [1.0],
        "Lambda(T,Z)": [2.0],
    }


def test_a_list_of_names_above_blanks(tmp_path: Path) -> None:
    assert columns(read(tmp_path, "a, b, c\n1 2 3\n4 5 6\n")) == {"a": [1, 4], "b": [2, 5], "c": [3, 6]}


def test_aligned_columns_with_blanks_in_them(tmp_path: Path) -> None:
    text = "name      mag\nNGC 7006 12.5\nM 30         \n"
    with pytest.raises(
        DataError, match="line 2 has 3 values but the header names 2 columns: name, mag"
    ) as caught:
        read(tmp_path, text)
    assert "format=fixed_width" in str(caught.value)
    raw = read(tmp_path, text, format="fixed_width")
    assert columns(raw) == {"name": ["NGC 7006", "M 30"], "mag": [12.5, None]}


def test_a_rule_that_cuts_through_values_is_no_rule(tmp_path: Path) -> None:
    raw = read(tmp_path, "a b\n- -\n1234 5\n6 7\n")
    assert columns(raw) == {"a": [1234, 6], "b": [5, 7]}


DAMAGED = b"# %ECSV 1.0\n# ---\n# {a: [\na b\n1 2\n"
OTHER_NAMES = b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: x, datatype: int64}\na b\n1 2\n"
REMEDIES = [
    ("a.fits", b"a b\n1 2\n", "rename", "a text table should have a name that ends in .txt"),
    ("a.ecsv", DAMAGED, "first line", "write the file anew or take the first line out"),
    ("a.ecsv", OTHER_NAMES, "first line", "line 5 names the columns a, b, but the header above it x"),
]


@pytest.mark.parametrize(("name", "content", "remedy", "said"), REMEDIES)
def test_remedies_that_errors_name_work(
    name: str, content: bytes, remedy: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, name)
    assert said in str(caught.value)
    if remedy == "rename":
        name = "a.txt"
    else:
        content = content.split(b"\n", 1)[1]
    assert columns(read(tmp_path, content, name)) == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89HDF\r\n\x1a\n", "this is an HDF5 file; save the table as CSV"),
        (
            b"<!DOCTYPE html>\n<html><title>Busy</title></html>",
            "this is a web page, perhaps the report of a failed",
        ),
        (b"<?xml version='1.0'?><a/>", "this is XML, but no VOTable"),
        (b"a,b\n1,\x002\n", "line 2 holds a zero byte: this is no text table"),
        (b"a,b\n\n", "has a header (a, b) but no rows"),
        (b"# a\n\n", "no line besides blanks and comments"),
    ],
)
def test_other_content(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, "a.csv")
    assert said in str(caught.value)


def test_a_last_line_without_an_end_is_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        raw = read(tmp_path, "a,b\n1,2")
    assert [note.split(";")[0] for note in raw.notes] == ["the last line has no end"]
    assert "table.txt: the last line has no end" in caplog.text


def test_unknown_formats(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"unknown format 'hdf5'; known: auto, {', '.join(FORMATS)}"):
        read(tmp_path, "a\n1\n", format="hdf5")
