"""Odd tables are read right or refused with a DataError; no other exception comes out of the reader."""

import itertools
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from astrosweep.config.kinds.clusters import ClusterCleaningConfig, TablesConfig
from astrosweep.core.errors import DataError
from astrosweep.data.reading import FORMATS, RawTable, read_table
from astrosweep.kinds.clusters.profiles.profile_file import read_profile
from tests.data.reading.text_files import LAYOUTS, columns
from tests.kinds.clusters.table_files import RADIUS, VALUE

bounded = settings(max_examples=150, derandomize=True, deadline=None, database=None)
Place = Callable[[], Path]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return new files of one folder."""
    folder, numbers = tmp_path_factory.mktemp("fuzz"), itertools.count()
    return lambda: folder / f"{next(numbers)}.txt"


def _in(format: str) -> bytes:
    table = Table({"n": MaskedColumn([1, 2], mask=[False, True]), "x": [0.5, 1.5], "s": ["a b", "c"]})
    with tempfile.TemporaryDirectory() as folder:
        table.write(Path(folder) / "a", format=format)
        return (Path(folder) / "a").read_bytes()


CONTENTS = [
    *(text.encode() for text in LAYOUTS.values()),
    *(_in(format) for format in ("ascii.ecsv", "fits", "votable", "parquet")),
]


LETTERS = "ab1.5,;|\t \"'#%!-=+eD\n\r\\NaN[]() é"
PUT = [b"\n", b'"', b"|", b",", b"\t", b"\0", b"\xff", b"--", b"# "]


@st.composite
def tables(draw: st.DrawFn) -> list[list[object]]:
    """Draw one to four columns, the first without gaps, each of one kind."""
    n_rows = draw(st.integers(1, 6))
    kinds = [st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)]
    words = st.from_regex(r"[G-Mg-m][O-Wo-w]{1,5}( [o-w]{1,3})?", fullmatch=True)
    drawn = []
    for position in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([*kinds, words]))
        values = kind if position == 0 else st.one_of(st.none(), kind)
        drawn.append(draw(st.lists(values, min_size=n_rows, max_size=n_rows)))
    return drawn


def _written(value: object, mark: str) -> str:
    if value is None:
        return "--"
    text = repr(value) if isinstance(value, float) else str(value)
    return f'"{text}"' if " " in text and mark == " " else text


def _same(found: object, expected: object) -> bool:
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, str):
        return found == expected
    return float(found) == float(expected) if isinstance(found, float) else found == expected  # type: ignore[arg-type]


@bounded
@given(
    table=tables(),
    mark=st.sampled_from([",", ";", "\t", "|", " ", " , ", " | "]),
    end=st.sampled_from(["\n", "\r\n"]),
    comment=st.sampled_from(["", "# made by hand on a day in May", "% another one of many words", "!"]),
    header=st.sampled_from(["plain", "commented", "none"]),
)
def test_tables_in_any_layout_are_read_right(
    table: list[list[object]], mark: str, end: str, comment: str, header: str, place: Place
) -> None:
    names = [f"col{letter}" for letter in "abcd"[: len(table)]]
    blank = mark if len(table) > 1 else " "  # nothing tells the mark of a single column
    lines = [mark.join(_written(value, blank) for value in row) for row in zip(*table, strict=True)]
    above = {"plain": mark.join(names), "commented": "# " + mark.join(names), "none": ""}[header]
    path = place()
    path.write_bytes(end.join([line for line in (comment, above, *lines) if line] + [""]).encode())
    numeric_first = not isinstance(table[0][0], str)
    if header == "plain" or numeric_first:
        raw = read_table(path)
        assert raw.named is (header != "none")
        assert list(raw.frame) == (names if raw.named else [f"column_{n + 1}" for n in range(len(names))])
        for found, expected in zip(columns(raw).values(), table, strict=True):
            assert all(map(_same, found, expected)), (found, expected)


def _read_or_refuse(path: Path, **options: object) -> RawTable | None:
    try:
        return read_table(path, log=False, **options)  # type: ignore[arg-type]
    except DataError as error:
        said = str(error)
    assert str(path) in said
    return None


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a content with bytes cut out, put in or changed."""
    content = bytearray(draw(st.sampled_from(CONTENTS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        match draw(st.sampled_from(["cut", "put", "change", "end"])):
            case "cut":
                del content[at : at + draw(st.integers(1, 40))]
            case "put":
                content[at:at] = draw(st.sampled_from(PUT))
            case "change":
                content[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "end":
                del content[at:]
    return bytes(content)


@bounded
@given(content=damaged(), format=st.sampled_from(["auto", "auto", "auto", *FORMATS]))
def test_damaged_files_are_read_or_refused(content: bytes, format: str, place: Place) -> None:
    path = place()
    path.write_bytes(content)
    raw = _read_or_refuse(path, format=format)
    if raw is not None:
        assert len(raw.frame) > 0
        assert raw.frame.index.is_unique
        assert set(raw.units) <= set(raw.frame.columns) | {"n", "x", "s", "Plx"}


@bounded
@given(
    text=st.text(st.sampled_from(LETTERS), min_size=1, max_size=120),
    decimal=st.sampled_from(["auto", "comma", "point"]),
    names=st.sampled_from([None, ["x"], ["x", "y"]]),
    format=st.sampled_from(["auto", "csv", "fixed_width"]),
)
def test_any_text_is_read_or_refused(
    text: str, decimal: str, names: list[str] | None, format: str, place: Place
) -> None:
    path = place()
    path.write_bytes(text.encode())
    raw = _read_or_refuse(path, decimal=decimal, names=names, format=format)
    if raw is not None:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if raw.frame.index.name == "line":
            assert all(lines[number - 1].strip() for number in raw.frame.index)


CELLS = ["1", "20.5", "-3", "--", "nan", "inf", "x", "1e999", "0", "-9999", "7,5", "2D+1"]


@bounded
@given(
    rows=st.lists(st.lists(st.sampled_from(CELLS), min_size=2, max_size=5), min_size=1, max_size=6),
    header=st.sampled_from(["", "# radius value error", "# r a sb e", "radius sb"]),
    settings=st.sampled_from([{}, {"value_column": 1}, {"radius_column": 1, "value_column": 0}]),
)
def test_profiles_are_read_or_refused(
    rows: list[list[str]], header: str, settings: dict[str, int], place: Place
) -> None:
    path = place()
    good = [f"{1000 * radius} {value} {value} {value}" for radius, value in zip(RADIUS, VALUE, strict=True)]
    path.write_text("\n".join([header, *(" ".join(row) for row in rows), *good]) + "\n")
    try:
        profile = read_profile(path, "sb", TablesConfig(**settings), ClusterCleaningConfig())
    except DataError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert str(path) in said
        return
    assert (np.diff(profile.radius) > 0).all()
    assert math.isfinite(profile.radius.sum())
    assert np.isfinite(profile.value).sum() >= 3
    assert not np.isinf(profile.value).any()
    assert not (profile.error < 0).any()
