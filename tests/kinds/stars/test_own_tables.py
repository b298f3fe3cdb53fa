"""Tables as people have them: names in any case, identifiers under many names, units stated by halves."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.io import ascii
from astropy.table import Table

from astrosweep.config.kinds.stars import ArchiveConfig, FeaturesConfig, StarDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.reading import RawTable
from astrosweep.data.reading.convert import NO_IDENTIFIER
from astrosweep.kinds.stars.files import load_file
from astrosweep.kinds.stars.mapping import map_columns
from astrosweep.kinds.tables.table import SourceTable

ID = 6899899256340129664
FILE = Path("stars.csv")
STARS = {
    "source_id": [ID, ID + 1, ID + 2],
    "parallax": [0.7564, 0.3233, 0.5398],
    "parallax_error": [0.0266, 0.0268, 0.0166],
    "phot_g_mean_mag": [5.246, 11.642, 7.585],
    "bp_rp": [1.632, 1.404, 1.635],
    "pf": [25.839, 1.07969, 8.42228],
}
CDS = {
    "GaiaDR3": STARS["source_id"],
    "plx": STARS["parallax"],
    "e_plx": STARS["parallax_error"],
    "Gmag": STARS["phot_g_mean_mag"],
    "Period": STARS["pf"],
    "plxcorr": [-0.03, -0.03, -0.03],
    "Mode": ["DCEP F", "DCEP 1O", "DCEP F"],
}


def config(path: Path | list[Path] = FILE, **changes: object) -> StarDataConfig:
    return StarDataConfig(
        name="cepheid",
        source="table",
        path=str(path) if isinstance(path, Path) else [str(one) for one in path],
        features=FeaturesConfig(name="test", required=["pf"]),
        archive=ArchiveConfig(url="unused"),
        **changes,
    )


def mapped(
    values: dict[str, object], file_units: dict[str, str] | None = None, **changes: object
) -> SourceTable:
    frame = pd.DataFrame(values)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="line")
    return map_columns(RawTable(frame, file_units or {}), config(**changes), FILE)


def check(table: SourceTable, *columns: str) -> None:
    for name in columns or STARS:
        np.testing.assert_allclose(table.frame[name], STARS[name], rtol=1e-12)


@pytest.mark.parametrize("case", [str.upper, str.title, str.lower])
def test_names_in_any_case(case: object) -> None:
    check(mapped({case(name): values for name, values in STARS.items()}))  # type: ignore[operator]


def test_settings_and_expressions_in_any_case() -> None:
    columns = {"SOURCE_ID": STARS["source_id"], "BPmag": [2.0] * 3, "rpmag": [1.0] * 3, "PERIOD": STARS["pf"]}
    table = mapped(columns, columns={"bp_rp": "BPMAG - RPMAG", "pf": "Period"})
    check(table, "source_id", "pf")
    assert table.frame["bp_rp"].tolist() == [1.0] * 3
    assert table.lineage["bp_rp"] == {"BPmag", "rpmag"}


def test_columns_that_differ_by_case_only() -> None:
    columns = {"source_id": STARS["source_id"], "PF": [1.0] * 3, "Pf": [2.0] * 3}
    with pytest.raises(
        DataError, match=r"several columns are called pf but for .*data\.columns={pf: \.\.\.}"
    ):
        mapped(columns)
    assert mapped(columns, columns={"pf": "Pf"}).frame["pf"].tolist() == [2.0] * 3
    assert mapped({**columns, "pf": [3.0] * 3}).frame["pf"].tolist() == [3.0] * 3


def test_galactic_places_in_capitals_only_together() -> None:
    both = mapped({"source_id": STARS["source_id"], "L": [10.0] * 3, "B": [5.0] * 3}).frame
    assert (both["l"].tolist(), both["b"].tolist()) == ([10.0] * 3, [5.0] * 3)
    assert "b" not in mapped({"source_id": STARS["source_id"], "B": [13.0] * 3}).frame


@pytest.mark.parametrize(
    "name",
    [
        *("source_id", "SOURCE_ID", "Source_ID", "dr3_source_id", "gaia_source_id", "GaiaDR3", "Gaia_DR3"),
        *("Gaia DR3", "DR3Name", "Gaia", "Source", "designation", "DESIGNATION", "gaia_dr3_source_id"),
    ],
)
@pytest.mark.parametrize("prefix", [None, "", "Gaia DR3 "])
def test_identifiers_under_many_names(name: str, prefix: str | None) -> None:
    values = STARS["source_id"] if prefix is None else [f"{prefix}{one}" for one in STARS["source_id"]]
    table = mapped({name: values, "pf": STARS["pf"]})
    check(table, "source_id", "pf")
    assert table.frame["source_id"].dtype == np.int64
    assert table.lineage["source_id"] == {name}


def test_names_that_may_mean_something_else() -> None:
    columns = {"Source": ["OGLE"] * 3, "Gaia": [1, 2, 3], "star": STARS["source_id"], "pf": STARS["pf"]}
    with pytest.raises(
        DataError, match=r"identifiers of Gaia are in star; .*data\.columns={source_id: \.\.\.}"
    ):
        mapped(columns)
    table = mapped(columns, columns={"source_id": "star"})
    check(table, "source_id")
    assert table.frame["Source"].tolist() == ["OGLE"] * 3


@pytest.mark.parametrize("changes", [{}, {"columns": {"source_id": "GaiaDR3"}}, {"mapping": "trentin2024"}])
def test_a_preset_takes_identifiers_under_other_names(changes: dict[str, object]) -> None:
    table = mapped(CDS, **changes)
    assert table.origin.endswith("(mapping trentin2024)")
    check(table, "source_id", "parallax", "parallax_error", "phot_g_mean_mag", "pf")
    upper = mapped({name.upper(): values for name, values in CDS.items()})
    pd.testing.assert_frame_equal(upper.frame, table.frame)


def test_a_few_missing_identifiers_keep_their_rows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(f"source_id,pf\n{ID},2.5\n,3.5\n--,4.5\n")
    one = load_file(config(tmp_path / "one.csv")).frame
    assert one["source_id"].tolist() == [ID, NO_IDENTIFIER - 2, NO_IDENTIFIER - 3]
    assert one["pf"].tolist() == [2.5, 3.5, 4.5]
    assert "2 of 3 identifiers are missing in column source_id, the first in line 3" in caplog.text
    both = load_file(config([tmp_path / "one.csv", tmp_path / "two.csv"])).frame
    without = both.loc[both["source_id"] <= NO_IDENTIFIER, "source_id"]
    assert (len(both), len(without), without.is_unique) == (6, 4, True)
    assert (both["source_id"] == ID).sum() == 2


UAS = {name: [1000.0 * one for one in STARS[name]] for name in ("parallax", "parallax_error")}


@pytest.mark.parametrize(
    ("file_units", "settings"),
    [
        ({}, {"parallax": "uas"}),
        ({"parallax": "uas"}, {}),
        ({"parallax": "10-6arcsec"}, {}),
        ({"parallax": "uas", "parallax_error": "uas"}, {}),
        ({"parallax_error": "uas"}, {"parallax": "uas"}),
        ({"parallax": "mas", "parallax_error": "mas"}, {"parallax": "uas", "parallax_error": "uas"}),
    ],
)
def test_an_error_is_in_the_unit_of_its_value(file_units: dict[str, str], settings: dict[str, str]) -> None:
    check(mapped({**STARS, **UAS}, file_units, units=settings), "parallax", "parallax_error")


def test_value_and_error_in_units_of_their_own() -> None:
    columns = {**STARS, "parallax_error": UAS["parallax_error"]}
    check(mapped(columns, {"parallax": "mas", "parallax_error": "uas"}), "parallax", "parallax_error")
    check(mapped(STARS, {"parallax_error": "mas"}), "parallax", "parallax_error")


@pytest.mark.parametrize("by", ["file", "settings"])
def test_an_error_with_a_unit_and_a_value_without(by: str) -> None:
    units = {"parallax_error": "uas"}
    file_units, settings = (units, {}) if by == "file" else ({}, units)
    with pytest.raises(
        DataError, match=r"'uas', but no unit of parallax is stated; .*data\.units={parallax: uas}"
    ):
        mapped({**STARS, **UAS}, file_units, units=settings)
    settings = {**settings, "parallax": "uas"}
    check(mapped({**STARS, **UAS}, file_units, units=settings), "parallax", "parallax_error")


def test_the_unit_of_the_value_comes_before_that_of_a_preset(caplog: pytest.LogCaptureFixture) -> None:
    scaled = {name: [1000.0 * one for one in CDS[name]] for name in ("plx", "e_plx", "plxcorr")}  # type: ignore[attr-defined]
    with caplog.at_level(logging.INFO):
        table = mapped({**CDS, **scaled}, units={"parallax": "uas"})
    check(table, "parallax", "parallax_error")
    assert table.frame["parallax_zero_point"].tolist() == pytest.approx([-0.03] * 3)
    assert "parallax_error is taken in 'uas', as parallax is" in caplog.text


def test_unknown_units_in_expressions_have_a_remedy_that_works() -> None:
    columns = {"source_id": STARS["source_id"], "nu": [0.5, 0.25, 0.125]}
    settings = {"columns": {"pf": "1 / nu"}}
    with pytest.raises(DataError, match=r"column 'nu' has the unknown unit 'epochs'; .*data\.units={pf: d}"):
        mapped(columns, {"nu": "epochs"}, **settings)
    assert mapped(columns, {"nu": "epochs"}, units={"pf": "d"}, **settings).frame["pf"].tolist() == [2, 4, 8]


def test_a_table_without_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{ID},2.5\n{ID + 1},3.5\n")
    with pytest.raises(
        DataError, match=r"a\.csv: line 1 should name the columns but holds numbers: 68998.*names=\["
    ):
        load_file(config(tmp_path / "a.csv"))


@pytest.mark.parametrize("kind", ["ecsv", "mrt"])
def test_units_stated_by_halves_in_files(kind: str, tmp_path: Path) -> None:
    table = Table({**STARS, **UAS}, units={"parallax": "uas"})
    path = tmp_path / f"a.{kind}"
    if kind == "ecsv":
        table.write(path, format="ascii.ecsv")
    else:
        table["source_id"] = [str(one) for one in table["source_id"]]
        ascii.write(table, path, format="mrt")
        assert "10-6arcsec parallax " in path.read_text()
    check(load_file(config(path)))
