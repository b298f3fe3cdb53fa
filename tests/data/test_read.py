"""Every file format gives the same stars; every unusable file is refused with its name and the reason."""

import gzip
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from astrosweep.config.kinds.stars import ArchiveConfig, FeaturesConfig, StarDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.reading.read import read_table
from astrosweep.kinds.stars.files import load_file

IDS = [6899899256340129664, 4111834567779557377, 2015099871749761]
STARS = pd.DataFrame(
    {
        "source_id": IDS,
        "parallax": [0.10598578377810668, np.nan, -0.05775248579221046],
        "pf": [2.8447913303536874, 8.592702804366464, np.nan],
        "type_best_classification": ["DCEP", np.nan, "T2CEP"],
        "cluster": ["NGC 7006", "M 30", np.nan],
        "solution_id": ["375316653866487564", "375316653866487565", np.nan],
        "magellanic": [1.0, 0.0, 1.0],
    }
).astype({"type_best_classification": "str", "cluster": "str", "solution_id": "str"})


def config(path: Path | list[Path], **changes: object) -> StarDataConfig:
    return StarDataConfig(
        name="cepheid",
        source="table",
        path=str(path) if isinstance(path, Path) else [str(one) for one in path],
        features=FeaturesConfig(name="test", required=["pf"]),
        archive=ArchiveConfig(url="unused"),
        **changes,
    )


def as_text(missing: str, delimiter: str = ",") -> str:
    def cell(value: object) -> str:
        if pd.isna(value):
            return missing
        text = repr(float(value)) if isinstance(value, float) else str(value)
        return f'"{text}"' if " " in text else text

    rows = STARS.assign(magellanic=["True", "False", "True"]).itertuples(index=False)
    return "\n".join([delimiter.join(STARS.columns), *(delimiter.join(map(cell, row)) for row in rows), ""])


def as_astropy() -> Table:
    table = Table()
    table["source_id"] = np.array(IDS)
    table["parallax"] = STARS["parallax"].to_numpy()
    table["pf"] = STARS["pf"].to_numpy()
    for name in ("type_best_classification", "cluster"):
        missing = STARS[name].isna().to_numpy()
        table[name] = MaskedColumn(STARS[name].fillna("").to_numpy().astype("U8"), mask=missing)
    solutions = np.array([375316653866487564, 375316653866487565, 0])
    table["solution_id"] = MaskedColumn(solutions, mask=[False, False, True])
    table["magellanic"] = STARS["magellanic"].to_numpy() > 0
    return table


def write(path: Path) -> None:
    """Write the stars in the format that the name tells."""
    name = path.name.removesuffix(".gz")
    if name.endswith((".csv", ".tsv", ".txt", ".dat")):
        delimiter = {"tab.tsv": "\t", "semicolon.csv": ";", "blank.dat": " "}.get(name, ",")
        data = as_text("--", delimiter).encode()
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    elif name == "pandas.parquet":
        frame = STARS.assign(magellanic=STARS["magellanic"] > 0)
        frame["solution_id"] = frame["solution_id"].astype("Int64")
        frame["cluster"] = frame["cluster"].astype("category")
        frame.set_index("source_id").to_parquet(path)
    elif name == "astropy.parquet":
        as_astropy().write(path, format="parquet")
    else:
        kind = {".ecsv": "ascii.ecsv", ".vot": "votable", ".xml": "votable", ".fits": "fits", ".fit": "fits"}
        plain = path.with_name(name)
        as_astropy().write(plain, format=kind[plain.suffix])
        if plain != path:
            path.write_bytes(gzip.compress(plain.read_bytes()))


@pytest.mark.parametrize(
    "name",
    [
        *("comma.csv", "comma.csv.gz", "tab.tsv", "semicolon.csv", "blank.dat", "blank.dat.gz", "comma.txt"),
        *("stars.ecsv", "stars.ecsv.gz", "stars.vot", "stars.vot.gz", "stars.xml", "stars.fits"),
        *("stars.fits.gz", "stars.fit", "pandas.parquet", "astropy.parquet"),
    ],
)
def test_every_format_gives_the_same_stars(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    table = load_file(config(tmp_path / name))
    expected = STARS.assign(log_pf=np.log10(STARS["pf"]), fund_freq1=1 / STARS["pf"])
    pd.testing.assert_frame_equal(table.frame, expected, check_exact=True)
    assert all(kind.isnative for kind in table.frame.dtypes if isinstance(kind, np.dtype))


def test_formats_share_one_fingerprint(tmp_path: Path) -> None:
    for name in ("comma.csv", "stars.fits", "pandas.parquet"):
        write(tmp_path / name)
    prints = {load_file(config(path)).fingerprint for path in tmp_path.iterdir()}
    assert len(prints) == 1


@pytest.mark.parametrize("missing", ["", "--", "NaN", "nan", "null", "NULL", "N/A", "None", " "])
def test_spellings_of_missing(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "stars.csv"
    path.write_text(as_text(missing))
    frame = read_table(path).frame
    assert frame.isna().sum().to_dict() == STARS.isna().sum().to_dict()


@pytest.mark.parametrize("name", ["stars.fits", "stars.vot", "stars.parquet", "stars.ecsv"])
def test_missing_text_in_binary_formats(tmp_path: Path, name: str) -> None:
    texts = ["DCEP ", "--", "N/A"]
    if name.endswith(".parquet"):
        pd.DataFrame({"name": texts}).to_parquet(tmp_path / name)
    else:
        formats = {".vot": "votable", ".fits": "fits", ".ecsv": "ascii.ecsv"}
        Table({"name": texts}).write(tmp_path / name, format=formats[(tmp_path / name).suffix])
    assert read_table(tmp_path / name).frame["name"].fillna("missing").tolist() == [
        "DCEP",
        "missing",
        "missing",
    ]


def test_comments_byte_order_mark_and_signs(tmp_path: Path) -> None:
    path = tmp_path / "stars.txt"
    path.write_bytes(
        "\ufeff# made by hand\r\n#\r\n\r\nsource_id, dec ,cluster\r\n1,+12.5, a # b\r\n".encode()
    )
    frame = read_table(path).frame
    assert frame.to_dict("list") == {"source_id": [1], "dec": [12.5], "cluster": ["a # b"]}
    assert (frame.index.name, frame.index.tolist()) == ("line", [5])


def test_header_in_the_last_comment(tmp_path: Path) -> None:
    path = tmp_path / "topcat.dat"
    path.write_text(
        f'# from TOPCAT\n# source_id  pf   cluster\n  {IDS[0]} 2.5  "NGC 7006"\n{IDS[1]} -- M30\n'
    )
    frame = read_table(path).frame
    assert frame["source_id"].tolist() == IDS[:2]
    assert frame["cluster"].tolist() == ["NGC 7006", "M30"]


def test_vizier_text_tells_units(tmp_path: Path) -> None:
    path = tmp_path / "vizier.tsv"
    path.write_text(f"#Name: I/355\n\nsource_id\tPer\tn\n \th\t \n------\t---\t-\n{IDS[0]}\t 48.0\t \n")
    raw = read_table(path)
    assert raw.units == {"Per": "h"}
    assert raw.frame["Per"].tolist() == [48.0]
    assert raw.frame["source_id"].tolist() == [IDS[0]]


def test_gaia_bulk_file_is_ecsv_by_content(tmp_path: Path) -> None:
    path = tmp_path / "GaiaSource_000000-003111.csv"
    path.write_text(
        "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n"
        "# - {name: source_id, datatype: int64}\n# - {name: pf, datatype: float64, unit: d}\n"
        "# - {name: n, datatype: int64}\nsource_id,pf,n\n"
        f'{IDS[0]},null,"null"\n{IDS[1]},2.5,{IDS[2]}\n'
    )
    raw = read_table(path)
    assert raw.units == {"pf": "d"}
    assert raw.frame["n"].isna().tolist() == [True, False]
    assert raw.frame["n"].iloc[1] == IDS[2]


def test_compressed_file_without_gz_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "stars.csv").write_bytes(gzip.compress(b"source_id,pf\n1,2.5\n"))
    assert read_table(tmp_path / "stars.csv").frame["pf"].tolist() == [2.5]


def test_index_column_of_pandas_gets_a_name(tmp_path: Path) -> None:
    STARS[["source_id", "pf"]].to_csv(tmp_path / "stars.csv")
    assert list(read_table(tmp_path / "stars.csv").frame) == ["column_1", "source_id", "pf"]


@pytest.mark.parametrize(
    "name", ["stars.fits", "stars.vot", "stars.parquet", "astropy.parquet", "stars.ecsv"]
)
def test_arrays_are_left_out_with_a_warning(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / name
    if name == "stars.parquet":
        pq.write_table(pa.table({"source_id": IDS, "epochs": [[1.0, 2.0]] * 3}), path)
    else:
        formats = {".vot": "votable", ".fits": "fits", ".ecsv": "ascii.ecsv", ".parquet": "parquet"}
        Table({"source_id": IDS, "epochs": np.ones((3, 2))}).write(path, format=formats[path.suffix])
    with caplog.at_level(logging.WARNING):
        frame = read_table(path).frame
    assert list(frame) == ["source_id"]
    assert [record.getMessage().endswith(": epochs") for record in caplog.records] == [True]


@pytest.mark.parametrize(
    "name", ["stars.fits", "stars.vot", "stars.ecsv", "astropy.parquet", "arrow.parquet"]
)
def test_units_of_the_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "arrow.parquet":
        field = pa.field("parallax", pa.float64(), metadata={"unit": "arcsec"})
        pq.write_table(pa.table([[0.001]], schema=pa.schema([field])), path)
    else:
        table = Table({"parallax": [0.001]}, units={"parallax": "arcsec"})
        formats = {".vot": "votable", ".fits": "fits", ".ecsv": "ascii.ecsv", ".parquet": "parquet"}
        table.write(path, format=formats[path.suffix])
    assert read_table(path).units == {"parallax": "arcsec"}


def test_first_of_several_fits_tables(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hdus = [fits.BinTableHDU(Table({"source_id": [number]}), name=f"T{number}") for number in (1, 2)]
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(tmp_path / "two.fits")
    assert read_table(tmp_path / "two.fits").frame["source_id"].tolist() == [1]
    assert "first of its 2 tables, 'T1'" in caplog.text


def test_absent_file_names_its_place_and_near_names(tmp_path: Path) -> None:
    write(tmp_path / "comma.csv")
    with pytest.raises(DataError, match=rf"no file {tmp_path}/coma\.csv; near names there: comma\.csv"):
        read_table(tmp_path / "coma.csv")
    with pytest.raises(DataError, match="there is no folder"):
        read_table(tmp_path / "nowhere" / "comma.csv")
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "the file is empty"),
        ("a.csv", "# only\n\n# comments\n", "the file is empty"),
        ("a.csv", "source_id,pf\n", r"has a header \(source_id, pf\) but no rows"),
        ("a.csv", "# c\nsource_id,pf\n1,2\n\n3,4,5\n", r"a\.csv: line 5 has 3 values but .* names 2 columns"),
        ("a.csv", "source_id,pf,n\n1,2,3\n4,5\n", r"line 3 has 2 values .* reads '4,5'"),
        ("a.csv", 'source_id,name\n1,"abc\n2,d\n', "a quoted value in line 2 does not end in its line"),
        (
            "a.csv",
            'source_id,name,n\n1,"abc,4\n2,d,5\n',
            "a quoted value in line 2 does not end in its line",
        ),
        ("a.dat", 'source_id name\n1 "NGC\n2 M30\n', "a quoted value in line 2 does not end in its line"),
        ("a.dat", "source_id pf\n1 2\n3\n", "line 3 has 1 values"),
        ("a.csv", "pf,source_id,pf\n1,2,3\n", "several columns are called pf"),
        ("a.csv", "source_id\0\n", "no text table"),
        ("a.xls", "x", "has a header"),
        ("a.xls", "PK\3\4", "this is a zip archive or a spreadsheet; save the table as CSV"),
        ("a.fits", "SIMPLE", "cannot be read as fits"),
        ("a.parquet", "PAR1", "cannot be read as parquet"),
        ("a.vot", "<html><body>error</body></html>", "this is a web page, perhaps the report of a failed"),
        ("a.vot", "<VOTABLE><RESOURCE/></VOTABLE>", "holds no table"),
        ("a.fits.gz", "no gzip", "cannot be read as fits"),
    ],
)
def test_unusable_files(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["comma.csv.gz", "stars.fits", "stars.vot", "pandas.parquet", "stars.fits.gz"]
)
def test_files_cut_short(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 4 // 5])
    with pytest.raises(DataError, match="damaged, cut short or of another format"):
        read_table(tmp_path / name)


@pytest.mark.parametrize("name", ["stars.fits", "stars.vot", "stars.ecsv", "stars.parquet"])
def test_binary_formats_without_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    empty = Table({"source_id": np.array([], dtype=np.int64)})
    formats = {".vot": "votable", ".fits": "fits", ".ecsv": "ascii.ecsv", ".parquet": "parquet"}
    empty.write(path, format=formats[path.suffix])
    with pytest.raises(DataError, match=r"header \(source_id\) but no rows"):
        read_table(path)


def test_duplicate_names_in_binary_formats(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["pf", "pf"]), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="several columns are called pf"):
        read_table(tmp_path / "a.parquet")
    (tmp_path / "a.vot").write_text(
        '<VOTABLE version="1.3"><RESOURCE><TABLE><FIELD name="pf" datatype="int"/>'
        '<FIELD name="pf" datatype="int"/><DATA><TABLEDATA><TR><TD>1</TD><TD>2</TD></TR></TABLEDATA></DATA>'
        "</TABLE></RESOURCE></VOTABLE>"
    )
    with pytest.raises(DataError, match="several columns are called pf"):
        read_table(tmp_path / "a.vot")


def test_unknown_format_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "comma.csv")
    with pytest.raises(DataError, match="unknown format 'hdf5'; known: auto, csv"):
        read_table(tmp_path / "comma.csv", "hdf5")


def test_format_overrides_the_name(tmp_path: Path) -> None:
    (tmp_path / "stars.catalogue").write_text("source_id,pf\n1,2.5\n")
    assert read_table(tmp_path / "stars.catalogue", "csv").frame["pf"].tolist() == [2.5]
