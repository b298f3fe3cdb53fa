"""Which columns of a file are the profile: names before places, and what was taken is told."""

import bz2
import gzip
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from astrosweep.config.kinds.clusters import OBSERVABLES, TARGETS, TablesConfig
from astrosweep.core.errors import DataError
from tests.kinds.clusters.table_files import RADIUS, VALUE, put, read, table

ERROR = VALUE / 20
WIDTH = RADIUS / 20
COLUMNS = {"R": RADIUS, "V": VALUE, "E": ERROR, "W": WIDTH, "S": RADIUS / 1000}


def text(header: str, order: str, mark: str = " ") -> str:
    """Return a table whose columns are radius, value, error, width or scaled radius, by their letters."""
    lines = zip(*(COLUMNS[letter].tolist() for letter in order), strict=True)
    return f"{header}\n" + "".join(mark.join(map(repr, line)) + "\n" for line in lines)


def check(folder: Path, kind: str, content: str, errors: bool = True, **settings: object) -> str:
    """Read one profile, compare its numbers, and return what the facts say of its columns."""
    put(folder, {f"A1/{kind}.txt": content, "A1/y857GHz.txt": text("", "RWWVE")})
    observed, targets = ((kind,), ()) if kind in OBSERVABLES else (("y857GHz",), (kind,))
    sample = read(folder, observed, targets, **settings)
    profiles = (sample.objects.observed | dict(sample.truth.profiles))[kind]
    assert profiles.radius[0] == pytest.approx(RADIUS)
    assert profiles.value[0] == pytest.approx(VALUE)
    assert profiles.error[0] == pytest.approx(ERROR if errors else np.full(5, np.nan), nan_ok=True)
    return str(sample.objects.facts[f"columns of {kind}"])


@pytest.mark.parametrize(
    ("kind", "header", "order"),
    [
        ("Txray", "# radius radius_r500 half_width value error", "RSWVE"),
        ("Txray", "# radius half_width value error", "RWVE"),
        ("Txray", "# radius error value", "REV"),
        ("Txray", "# value radius e_value", "VRE"),
        ("Txray", "# r_kpc dr Txray Txray_err", "RWVE"),
        ("Txray", "# R width T sigma_T", "RWVE"),
        ("Txray", "# r_r500 R(kpc) kT[keV] err_kT[keV]", "SRVE"),
        ("sb", "# rad e_sb sb", "REV"),
        ("sb", "# r counts_err SB SB_sigma", "RWVE"),
        ("ne3d", "# radius ne_err r_in ne_cm3", "REWV"),
        ("ne3d", "# radius n_e neerr", "RVE"),
        ("szp3d", "# error P radius", "EVR"),
        ("t3d", "# radius T ne3d dT", "RVWE"),
        ("y100GHz", "# r width y100 std", "RWVE"),
        ("sb", "# r_mid emissivity err", "RVE"),
    ],
)
@pytest.mark.parametrize("mark", [" ", ","])
def test_names_come_before_places(kind: str, header: str, order: str, mark: str, tmp_path: Path) -> None:
    told = check(tmp_path, kind, text("# " + header[2:].replace(" ", mark), order, mark))
    for part, letter in (("radius", "R"), ("value", "V"), ("error", "E")):
        assert f"{part} {header[2:].split()[order.index(letter)]!r}" in told


@pytest.mark.parametrize(
    "header", ["", "# made on a day", "# nothing that would be as many words as columns"]
)
def test_places_hold_for_tables_without_names(header: str, tmp_path: Path) -> None:
    told = check(tmp_path, "sb", text(header, "RWWVE"), errors=False)
    assert told == "radius column 0, value column 3, error unknown, of 1 files such as sb.txt"
    check(tmp_path, "sb", text(header, "RWWVE"), error_column=4)


def test_settings_come_before_names(tmp_path: Path) -> None:
    content = text("# radius half_width value error", "RVWE")
    check(tmp_path, "sb", content, value_column=1)
    check(tmp_path, "sb", content, value_column="HALF_WIDTH")
    check(tmp_path, "sb", content, value_column="half_width", error_column=None, errors=False)
    check(
        tmp_path, "sb", text("# value e radius", "RVE"), radius_column="value", value_column=1, error_column=2
    )


def test_settings_for_each_profile(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"A1/sb.txt": text("# radius a b value", "RWVW"), "A1/Txray.txt": text("# radius a value e", "RWVE")},
    )
    sample = read(tmp_path, ("sb", "Txray"), value_column={"sb": 2}, error_column={"Txray": None})
    for kind in ("sb", "Txray"):
        assert sample.objects.observed[kind].value[0] == pytest.approx(VALUE)
        assert np.isnan(sample.objects.observed[kind].error).all()
    with pytest.raises(
        DataError, match=r"sb\.txt: .*no column 'flux', which data\.tables\.value_column\.sb asks for"
    ):
        read(tmp_path, ("sb", "Txray"), value_column={"sb": "flux"})


@pytest.mark.parametrize("column", [-1, "", True, 1.5, [1], {"Tx": 2}, {"sb": -1}])
def test_settings_that_are_no_columns(column: object) -> None:
    with pytest.raises(
        ValidationError, match=r"no profile is called Tx; allowed: sb, |is no column; allowed: a name"
    ):
        TablesConfig(value_column=column)
    with pytest.raises(ValidationError):
        TablesConfig(radius_column=None)


@pytest.mark.parametrize(
    ("header", "order", "said", "remedy"),
    [
        (
            "# radius half_width error",
            "RVE",
            "is the value of sb: radius, half_width, error",
            {"value_column": 1},
        ),
        (
            "# radius log_sb error",
            "RVE",
            "is the value of sb: radius, log_sb, error",
            {"value_column": "log_sb"},
        ),
        ("# radius one two", "RVE", "is the value of sb: radius, one, two", {"value_column": "one"}),
        ("# rin sb error", "RVE", "is the radius of sb: rin, sb, error", {"radius_column": "rin"}),
        ("# R r sb", "WRV", "several columns may be the radius of sb: R, r", {"radius_column": 1}),
    ],
)
def test_names_that_do_not_tell(
    header: str, order: str, said: str, remedy: dict[str, object], tmp_path: Path
) -> None:
    with pytest.raises(
        DataError, match=rf"sb\.txt: .*{said}; say which one it is with data\.tables\."
    ) as caught:
        check(tmp_path, "sb", text(header, order))
    assert f"data.tables.{next(iter(remedy))}=" in str(caught.value)
    check(tmp_path, "sb", text(header, order), errors="error" in header, **remedy)


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("r_Mpc", 1e-3),
        ("radius [Mpc]", 1e-3),
        ("R/R500", 1 / 500),
        ("r_over_r500", 1 / 500),
        ("r (arcmin)", 1 / 366.2526),
    ],
)
def test_the_unit_of_the_radius_in_its_name(name: str, factor: float, tmp_path: Path) -> None:
    lines = "".join(
        f"{radius * factor!r},{value!r}\n"
        for radius, value in zip(RADIUS.tolist(), VALUE.tolist(), strict=True)
    )
    put(
        tmp_path,
        {"A1/sb.csv": f"{name},sb\n" + lines, "clusters.csv": "name,r500_kpc,redshift\nA1,500,0.5\n"},
    )
    assert read(tmp_path).objects.observed["sb"].radius[0] == pytest.approx(RADIUS, rel=1e-4)


def test_errors_are_in_the_unit_of_their_values(tmp_path: Path) -> None:
    electronvolts = table(1.0, value="keV")
    electronvolts["value"] *= 1000.0
    electronvolts["value"].unit = "eV"
    both = electronvolts.copy()
    both["error"].unit = "keV"
    electronvolts["error"] *= 1000.0
    files = {
        "A1/Txray.ecsv": electronvolts,
        "A2/Txray.fits": both,
        "A3/Txray.txt": text("# r[kpc] T[keV] e", "RVE"),
    }
    sample = read(put(tmp_path, files), ("Txray",))
    assert sample.objects.observed["Txray"].value == pytest.approx(np.tile(VALUE, (3, 1)))
    assert sample.objects.observed["Txray"].error == pytest.approx(np.stack([VALUE / 10, VALUE / 10, ERROR]))


def test_one_unit_in_several_spellings(tmp_path: Path) -> None:
    columns = "r,sb [{}]\n" + "".join(f"{r},{v}\n" for r, v in zip(RADIUS, VALUE, strict=True))
    units = ("cts/s/arcmin2", "ct s-1 arcmin-2", "counts/(s arcmin^2)")
    put(tmp_path, {f"A{n}/sb.csv": columns.format(unit) for n, unit in enumerate(units)})
    assert read(tmp_path).objects.facts["units"] == {"sb": "ct / (s arcmin2)"}


@pytest.mark.parametrize(
    ("kind", "wrong", "told"),
    [
        ("Txray", "-9999", "-9999"),
        ("Txray", "0", "0 or less, or above 200 (such as 0)"),
        ("ne3d", "-99.0", "-99"),
    ],
)
def test_numbers_that_stand_for_gaps(kind: str, wrong: str, told: str, tmp_path: Path) -> None:
    content = text("# radius value error", "RVE").replace(" 3.125 ", f" {wrong} ")
    put(tmp_path, {f"A1/{kind}.txt": content, "A1/sb.txt": content.replace(f" {wrong} ", " 3.125 ")})
    observed, targets = (("sb", kind), ()) if kind in OBSERVABLES else (("sb",), (kind,))
    sample = read(tmp_path, observed, targets)
    profiles = (sample.objects.observed | dict(sample.truth.profiles))[kind]
    assert np.isnan(profiles.value[0]).tolist() == [False, False, True, False, False]
    assert np.isnan(profiles.error[0]).tolist() == [False, False, True, False, False]
    ((value, count),) = sample.objects.facts["impossible"][kind].items()
    assert (value, count) == (told, 1)
    with pytest.raises(
        DataError, match=rf"{kind}\.txt: line 4 has the {kind} value {float(wrong):g}; .*gaps=refuse"
    ):
        read(tmp_path, observed, targets, gaps="refuse")


def test_an_observable_may_be_zero_or_negative_by_noise(tmp_path: Path) -> None:
    content = text("# radius value", "RV").replace(" 3.125\n", " 0\n").replace(" 2.5\n", " -99\n")
    assert (
        read(put(tmp_path, {"A1/y100GHz.txt": content}), ("y100GHz",)).objects.observed["y100GHz"].value[0, 2]
        == 0.0
    )


def test_files_that_differ_are_told_apart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    put(tmp_path, {"A1/sb.txt": text("# radius value", "RV"), "A2/sb.txt": text("", "RWWV")})
    put(tmp_path, {"A3/sb.txt": text("# radius value", "RV")[:-1]})
    facts = read(tmp_path).objects.facts
    assert facts["columns of sb"] == (
        "radius 'radius', value 'value', error unknown, of 2 files such as sb.txt of A1; "
        "radius column 0, value column 3, error unknown, of 1 files such as sb.txt of A2"
    )
    assert f"columns of sb: {facts['columns of sb']}" in caplog.text
    noted = [said for note, said in facts.items() if note.startswith("the last line has no end")]
    assert noted == ["1 profiles: A3 sb"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sb.txt.gz", gzip.compress(text("# radius value error", "RVE").encode(), mtime=0)),
        ("A1_sb.csv.bz2", bz2.compress(text("radius,value,error", "RVE", ",").encode())),
        ("sb.tbl", text("|radius |value |error  |", "RVE", "    ").replace("\n", "\n ")),
        ("sb.tsv", text("r\tv\te", "RVE", "\t").replace(".", ",")),
        ("sb.txt", text("% r v e", "RVE").replace("5.5 ", "0.55D+01 ")),
        ("sb.dat", text("! radius value error", "RVE").encode() + b"# \xe9t\xe9\n"),
    ],
)
def test_profiles_in_the_formats_of_the_reader(name: str, content: str | bytes, tmp_path: Path) -> None:
    if name == "sb.tbl":
        lines = [line.split() for line in text("", "RVE").splitlines() if line]
        content = "|radius |value |error  |\n" + "".join(f" {r:<7} {v:<6} {e:<7}\n" for r, v, e in lines)
    sample = read(put(tmp_path, {f"A1/{name}": content}))
    assert sample.objects.observed["sb"].value[0] == pytest.approx(VALUE)
    assert sample.objects.observed["sb"].error[0] == pytest.approx(ERROR)


@pytest.mark.parametrize("ending", ["vot", "parquet"])
def test_votable_and_parquet(ending: str, tmp_path: Path) -> None:
    (tmp_path / "A1").mkdir()
    format = {"vot": "votable", "parquet": "parquet"}[ending]
    table(value="ct / (s arcmin2)").write(tmp_path / "A1" / f"sb.{ending}", format=format)
    sample = read(tmp_path, format=format)
    assert sample.objects.observed["sb"].value[0].tolist() == VALUE.tolist()
    with pytest.raises(DataError, match="no profile of a cluster found"):
        read(tmp_path, format="text")


def test_aligned_columns(tmp_path: Path) -> None:
    lines = "".join(f"{r:6} A 85  {v:6}\n" for r, v in zip(RADIUS, VALUE, strict=True))
    put(tmp_path, {"A1/sb.txt": "radius name   value\n" + lines})
    with pytest.raises(DataError, match="but the header names 3 columns"):
        read(tmp_path)
    assert read(tmp_path, format="fixed_width").objects.observed["sb"].value[0].tolist() == VALUE.tolist()


def test_properties_by_names_in_any_case(tmp_path: Path) -> None:
    put(tmp_path, {f"{name}/sb.txt": text("# radius value", "RV") for name in ("A85", "0003")})
    put(tmp_path, {"clusters.csv": "NAME;R500_kpc;Redshift\na85;1217,5;0,0557\n0003;1000,0;\n"})
    sample = read(tmp_path)
    assert sample.objects.names.tolist() == ["0003", "A85"]
    assert sample.objects.r500_kpc.tolist() == [1000.0, 1217.5]
    assert sample.objects.redshift[1] == 0.0557
    assert "clusters without properties" not in sample.objects.facts
    put(tmp_path, {"clusters.csv": "name,r500_kpc\na85,1217\nA85,1218\n"})
    with pytest.raises(DataError, match=r"clusters\.csv: line 3 has the cluster A85 again, first in line 2"):
        read(tmp_path)


def test_targets_and_observables_have_known_names() -> None:
    settings = dict.fromkeys((*OBSERVABLES, *TARGETS), "value")
    assert TablesConfig(value_column=settings).value_column == settings
