"""Every unusable table is refused with its file, its line, what stands there and what is allowed."""

import re
from pathlib import Path

import pytest
from astropy.io import fits
from astropy.table import Table

from astrosweep.core.errors import DataError
from tests.kinds.clusters.table_files import RADIUS, put, read, rows, table

GOOD = rows()
THIRD = GOOD.splitlines()[2]


def third(line: str) -> str:
    return GOOD.replace(THIRD, line)


BAD_TEXT = {
    "ragged": (third("110 1 x 3.1"), ["line 3 has 4 values where line 1 has 5", "'110 1 x 3.1'"]),
    "text for a value": (third("110 1 x abc 0.5"), ["line 3 has 'abc' in column 3", "allowed: a number"]),
    "text for a radius": (third("far 1 x 3.1 0.5"), ["line 3 has 'far' in column 0"]),
    "digits with underscore": (third("110 1 x 3_1 0.5"), ["line 3 has '3_1' in column 3"]),
    "text for an error": (third("110 1 x 3.1 err"), ["line 3 has 'err' in column 4"]),
    "negative radius": (third("-110 1 x 3.1 0.5"), ["line 3 has the radius -110", "radii above 0"]),
    "zero radius": (GOOD.replace("20.0", "0", 1), ["line 1 has the radius 0"]),
    "radius missing": (third("nan 1 x 3.1 0.5"), ["line 3 has the radius nan", "without gaps"]),
    "infinite radius": (third("inf 1 x 3.1 0.5"), ["line 3 has the radius inf"]),
    "radius again": (third("50 1 x 3.1 0.5"), ["line 3 has the radius 50 after 50", "radii that increase"]),
    "radius back": (third("30 1 x 3.1 0.5"), ["line 3 has the radius 30 after 50"]),
    "infinite value": (third("110 1 x inf 0.5"), ["line 3 has the sb value inf", "finite"]),
    "overflow": (third("110 1 x 1e999 0.5"), ["line 3 has the sb value inf"]),
    "negative error": (third("110 1 x 3.1 -2"), ["line 3 has the sb error -2", "at least 0"]),
    "one point": (GOOD.splitlines()[0] + "\n", ["1 point(s) with a value", "line 1", "at least 3"]),
    "gaps only": (re.sub(r"text \S+", "text --", GOOD), ["0 point(s) with a value", "line 5"]),
    "two columns": ("1 2\n2 3\n3 4\n", ["line 1 has 2 columns", "value_column=3", "0 to 1"]),
    "empty": ("", ["the file is empty"]),
    "comments only": ("# r v\n\n", ["no line besides blanks and comments"]),
    "header only": ("r a b v e\n", ["a header (r, a, b, v, e) but no rows"]),
    "header too short": ("r v\n" + GOOD, ["line 2 has 5 values but the header names 2 columns: r, v"]),
    "binary": (b"1 2 3 4 5\n\0\0", ["line 2 holds a zero byte"]),
    "damaged ECSV": ("# %ECSV 1.0\n# ---\n# {a: [\n" + GOOD, ["line 1 says ECSV", "damaged"]),
}


@pytest.mark.parametrize("fault", BAD_TEXT)
def test_bad_text(fault: str, tmp_path: Path) -> None:
    content, said = BAD_TEXT[fault]
    put(tmp_path, {"A1/sb.txt": content, "A1/Txray.txt": GOOD})
    with pytest.raises(DataError) as caught:
        read(tmp_path, ("sb", "Txray"), error_column=4)
    message = str(caught.value)
    assert "sb.txt" in message
    assert "Txray.txt" not in message
    for part in said:
        assert part in message


@pytest.mark.parametrize("target", ["szp3d", "ne3d", "t3d"])
@pytest.mark.parametrize("value", ["-3.1", "0"])
def test_truth_must_be_positive(target: str, value: str, tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": GOOD, f"A1/{target}.txt": third(f"110 1 x {value} 0.5")})
    said = rf"{target}\.txt: line 3 has the {target} value {value}; allowed: values above 0"
    with pytest.raises(DataError, match=said):
        read(tmp_path, targets=(target,))


def test_noise_may_make_an_observable_negative(tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": third("110 1 x -3.1 0.5")})
    assert read(tmp_path).objects.observed["sb"].value[0, 2] == -3.1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"value_column": "flux"},
            "no column 'flux', which data.tables.value_column asks for; allowed: r, a, b, v",
        ),
        ({"radius_column": 9}, "data.tables.radius_column=9, counted from 0; allowed: 0 to 4"),
        ({"error_column": 5}, "data.tables.error_column=5"),
        ({"error_column": "a"}, "several columns are called a; rename them in the file"),
    ],
)
def test_columns_that_are_not_there(settings: dict[str, object], said: str, tmp_path: Path) -> None:
    header = "r a a v e\n" if settings.get("error_column") == "a" else "r a b v e\n"
    put(tmp_path, {"A1/sb.txt": header + GOOD})
    with pytest.raises(DataError, match=rf"sb\.txt.*{re.escape(said)}"):
        read(tmp_path, **settings)


def test_columns_by_name_need_names(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"sb\.txt: .*'v'.* it names no columns; allowed: a number"):
        read(put(tmp_path, {"A1/sb.txt": GOOD}), value_column="v")


BAD_UNITS = [
    (
        "Txray",
        {"value": "kpc"},
        "gives Txray in 'kpc', which is of the type length; allowed: what converts to 'keV'",
    ),
    ("sb", {"value": "keV"}, "gives sb in 'keV'"),
    ("y100GHz", {"value": "keV"}, "gives y100GHz in 'keV'"),
    ("Txray", {"r": "s"}, "gives the radii in 's', which is of the type time; allowed: a length, an angle"),
    ("Txray", {"value": "keV", "error": "s"}, "the error in 's' and the value in 'keV'; allowed: units that"),
    ("Txray", {"error": "eV"}, "gives the error of Txray in 'eV' and no unit of the value; allowed: a unit"),
    ("Txray", {"r": "arcmin"}, "the radii are in arcmin, which needs the redshift of A1"),
]


@pytest.mark.parametrize("ending", ["ecsv", "fits"])
@pytest.mark.parametrize(("kind", "units", "said"), BAD_UNITS)
def test_units_of_the_wrong_type(
    kind: str, units: dict[str, str], said: str, ending: str, tmp_path: Path
) -> None:
    put(tmp_path, {f"A1/{kind}.{ending}": table(**units)})
    with pytest.raises(DataError, match=rf"{kind}\.{ending}: .*{re.escape(said)}"):
        read(tmp_path, (kind,), error_column=4)


def test_units_that_nobody_knows_and_units_that_differ(tmp_path: Path) -> None:
    odd = table(value="ct / (s arcmin2)")
    put(tmp_path, {"A1/sb.ecsv": odd, "A2/sb.ecsv": table(value="erg / (s cm2 sr)")})
    with pytest.raises(
        DataError, match=r"sb is in 'ct.*A1/sb\.ecsv and 'erg.*A2/sb\.ecsv; allowed: one unit"
    ):
        read(tmp_path)
    path = tmp_path / "A1" / "sb.ecsv"
    text = path.read_text()
    for unit, what in (("quux", "not known"), ("dex(keV)", "logarithmic")):
        path.write_text(text.replace("ct / (s arcmin2)", unit).replace("ct / (arcmin2 s)", unit))
        said = rf"sb\.ecsv: the file states the unit '{re.escape(unit)}', which is {what}; correct it"
        with pytest.raises(DataError, match=said):
            read(tmp_path)


def test_ecsv_faults_have_lines_and_fits_faults_rows(tmp_path: Path) -> None:
    wrong = table()
    wrong["r"][2] = -1.0
    put(tmp_path, {"A1/sb.ecsv": wrong, "A2/sb.fits": wrong})
    line = (tmp_path / "A1" / "sb.ecsv").read_text().splitlines().index("-1.0 110.0 110.0 3.125 0.3125") + 1
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert f"sb.ecsv: line {line} has the radius -1" in str(caught.value)
    assert "sb.fits: row 3 has the radius -1" in str(caught.value)


@pytest.mark.parametrize("damage", ["text", "cut", "image", "no rows", "words"])
def test_bad_fits(damage: str, tmp_path: Path) -> None:
    path = put(tmp_path, {"A1/sb.fits": table()}) / "A1" / "sb.fits"
    said = {"image": "no table", "no rows": "no rows", "words": "row 1 has 'x'"}.get(damage, "cannot be read")
    if damage == "text":
        path.write_text("1 2 3 4\n")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:5800])
    elif damage == "image":
        fits.PrimaryHDU(RADIUS).writeto(path, overwrite=True)
    else:
        made = table()[:0] if damage == "no rows" else Table([RADIUS, RADIUS, RADIUS, list("xxxxx")])
        made.write(path, overwrite=True)
    with pytest.raises(DataError, match=rf"sb\.fits: .*{said}"):
        read(tmp_path)


def test_directories_without_clusters(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    with pytest.raises(DataError, match=r"no directory .*/reel; directories beside it: real"):
        read(tmp_path / "reel")
    with pytest.raises(
        DataError, match=r"real: no profile.*<cluster>/<profile>.*sb, Txray.*it holds no files"
    ):
        read(tmp_path / "real")
    put(tmp_path / "real", {"sb.txt": GOOD, "readme.md": "x"})
    with pytest.raises(DataError, match=r"files there: readme\.md, sb\.txt; .*give the directory above"):
        read(tmp_path / "real")
    with pytest.raises(DataError, match=r"sb\.txt is a file; allowed: the directory"):
        read(tmp_path / "real" / "sb.txt")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["A1/sb.txt", "A1_Txray.txt"], "cluster A1 is found twice"),
        (["A1/sb.txt", "a1/sb.txt"], "the cluster names A1, a1 differ by capitals only"),
        (["A1/sb.txt", "A1/sb.csv"], "cluster A1 has sb twice"),
        (["sb_A1.txt", "A1_sb.txt"], "cluster A1 has sb twice"),
        (["sb_Txray.txt"], "Txray of cluster sb or sb of cluster Txray; rename the file"),
    ],
)
def test_clusters_that_are_there_twice(files: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        read(put(tmp_path, dict.fromkeys(files, GOOD)))


def test_missing_profiles(tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": GOOD, "A1/t3d.txt": GOOD, "A2/sb.txt": GOOD})
    with pytest.raises(
        DataError, match=r"no cluster has a table of Txray, y100GHz; there are sb, t3d"
    ) as caught:
        read(tmp_path, ("sb", "Txray", "y100GHz"))
    assert "data.observables=[sb]" in str(caught.value)
    with pytest.raises(DataError, match=r"1 of 2 clusters have no table of the target t3d: A2; allowed"):
        read(tmp_path, targets=("t3d",))


@pytest.mark.parametrize("factor", [1e-3, 40.0])
def test_radii_of_another_unit(factor: float, tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": rows(RADIUS * factor), "A1/Txray.txt": GOOD, "A1/y100GHz.txt": GOOD})
    said = rf"sb\.txt: the radii go from .* to {900 * factor:g} kpc, where A1's other profiles end at 900 kpc"
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path, ("sb", "Txray", "y100GHz"))
    assert "Txray.txt" not in str(caught.value)


def test_radii_apart_from_the_others_or_from_r500(tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": GOOD, "A1/Txray.txt": rows(RADIUS + 1000.0), "A1/y100GHz.txt": GOOD})
    with pytest.raises(DataError, match=r"Txray\.txt: .* other profiles lie from 20 to 900 kpc"):
        read(tmp_path, ("sb", "Txray", "y100GHz"))
    put(tmp_path, {"clusters.csv": "name,r500_kpc\nA1,1000\n"})
    with pytest.raises(DataError, match=r"sb\.txt: .* to 900000 kpc, where the R500 of A1 is 1000 kpc"):
        read(tmp_path, radius_unit="Mpc")
    with pytest.raises(DataError, match=r"sb\.txt: the radii are in arcmin, which needs the redshift of A1"):
        read(tmp_path, radius_unit="arcmin")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("redshift\n0.1\n", "the columns are redshift; allowed: name, redshift"),
        ("name\nA1\n", "the columns are name; allowed"),
        ("name,redshift\nA1,abc\n", "line 2 has the redshift 'abc' of A1; allowed: a number above 0"),
        ("name,redshift\nA1,-0.1\n", "line 2 has the redshift '-0.1' of A1"),
        ("name,r500_kpc\nA1,0\n", "line 2 has the r500_kpc '0' of A1; allowed: a number above 1"),
        ("name,redshift\nA1,0.1\nA1,0.2\n", "line 3 has the cluster A1 again, first in line 2"),
        ("name,redshift\n,0.1\n", "line 2 has no name"),
        ("name,redshift\nA1,0.1,3\n", "line 2 has 3 values but the header names 2"),
    ],
)
def test_bad_properties(text: str, said: str, tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": GOOD, "clusters.csv": text})
    with pytest.raises(DataError, match=rf"clusters\.csv: {re.escape(said)}"):
        read(tmp_path)


def test_properties_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file .*p\.csv, which data\.tables\.properties names"):
        read(put(tmp_path, {"A1/sb.txt": GOOD}), properties=str(tmp_path / "p.csv"))


def test_many_faults_come_in_one_error(tmp_path: Path) -> None:
    wrong = "".join(f"{n} 1 x abc 0.5\n" for n in range(1, 9))
    put(tmp_path, {f"A{n:02d}/{kind}.txt": wrong for n in range(30) for kind in ("sb", "Txray")})
    with pytest.raises(DataError) as caught:
        read(tmp_path, ("sb", "Txray"))
    lines = str(caught.value).splitlines()
    assert len(lines) == 20
    assert "A00/sb.txt: line 1 has 'abc'" in lines[0]
    assert "line 3 has 'abc' in column 3, which is not a number; and 5 more; allowed" in lines[0]
    assert "A09/Txray.txt" in lines[19]


@pytest.mark.parametrize(
    ("scale", "settings", "properties", "wrong", "likely", "remedy"),
    [
        (1e-3, {}, "", "0.9 kpc, which are those of no cluster", "900 kpc if they are in Mpc", "Mpc"),
        (1.0, {"radius_unit": "Mpc"}, "", "900000 kpc, which are", "900 kpc if they are in kpc", "kpc"),
        (1e-3, {}, "name,r500_kpc\nA1,1000\n", "R500 of A1 is 1000", "900 kpc if they are in Mpc", "Mpc"),
        (
            1 / 1200,
            {},
            "name,r500_kpc\nA1,1200\n",
            "R500 of A1 is 1200",
            "900 kpc if they are in r500",
            "r500",
        ),
        (1 / 100, {}, "name,redshift\nA1,0.09\n", "9 kpc, which are", "kpc if they are in arcmin", "arcmin"),
    ],
)
def test_radii_of_a_wrong_unit_are_refused_with_the_likely_one_and_it_works(
    scale, settings, properties, wrong, likely, remedy, tmp_path: Path
) -> None:
    put(tmp_path, {"A1/sb.txt": rows(RADIUS * scale), "A1/Txray.txt": rows(RADIUS * scale)})
    if properties:
        put(tmp_path, {"clusters.csv": properties})
    with pytest.raises(DataError, match=rf"sb\.txt: the radii go from .*{wrong}.*{likely}") as caught:
        read(tmp_path, ("sb", "Txray"), **settings)
    assert f"data.tables.radius_unit={remedy}" in str(caught.value)
    found = read(tmp_path, ("sb", "Txray"), radius_unit=remedy).objects.observed["sb"].radius[0]
    assert found[-1] == pytest.approx(900.0, rel=0.1)


def test_radii_of_no_unit_at_all_are_refused_without_a_guess(tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": rows(RADIUS * 1e6)})
    with pytest.raises(DataError, match=r"9e\+08 kpc, which are those of no cluster.*; check the unit"):
        read(tmp_path)
