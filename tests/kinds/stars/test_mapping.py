"""Tables under any names and units arrive under the archive's, each column with its lineage."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from astrosweep.config.kinds.stars import ArchiveConfig, FeaturesConfig, StarDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.expression import parse_expression
from astrosweep.data.reading import RawTable
from astrosweep.data.reading.units import parse_unit
from astrosweep.kinds.stars.files import load_file
from astrosweep.kinds.stars.mapping import map_columns
from astrosweep.kinds.stars.presets import presets
from astrosweep.kinds.stars.schema import COLUMNS, is_categorical
from astrosweep.kinds.tables.table import SourceTable
from tests.skips import REAL_TABLES_ARE_MISSING

GAIA = Path(__file__).parents[4] / "shared" / "data" / "gaia"
real_tables = pytest.mark.skipif(not GAIA.is_dir(), reason=REAL_TABLES_ARE_MISSING.format(folder=GAIA))
FILE = Path("stars.csv")
ID = 6899899256340129664


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
    n_rows = len(next(iter(values.values())))
    own_id = (
        {} if "source_id" in changes.get("columns", {}) else {"source_id": [ID + i for i in range(n_rows)]}
    )
    frame = pd.DataFrame({**own_id, **values})
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="line")
    return map_columns(RawTable(frame, file_units or {}), config(**changes), FILE)


@real_tables
@pytest.mark.parametrize(
    ("name", "preset", "n_rows", "known"),
    [
        (
            "cepheid_milkyway.csv",
            "trentin2024",
            623,
            "parallax_zero_point bp_rp ebv j_mag pf metallicity ruwe",
        ),
        ("cepheid_dr3_list.csv", "gaia_archive", 10_500, "parallax pf type_best_classification"),
        ("cepheid_dr3_features.parquet", "gaia_archive", 3447, "parallax_error pf metallicity r21_g log_pf"),
        ("cepheid_dr2_full_schema.parquet", "gaia_dr2_cepheid", 448, "zp_mag_g k_mag astrometric_chi2_al"),
        ("rrlyrae.csv", "gaia_archive", 2135, "parallax pf type_best_classification metallicity"),
        ("rrlyrae_globular_clusters.csv", "gaia_archive", 274, "phot_g_mean_mag bp_rp pf parallax_error"),
        ("eclipsing_binary.csv", "gaia_archive", 955, "eb_type pf bp_rp wesenheit_g"),
        (
            "vari_eclipsing_binary_archive.csv",
            "gaia_archive",
            2106,
            "model_type pf geom_model_gaussian1_depth",
        ),
        ("variables_20k.csv", "gaia_archive", 13_941, "parallax phot_g_mean_mag ruwe wesenheit_g"),
    ],
)
def test_real_tables(name: str, preset: str, n_rows: int, known: str) -> None:
    table = load_file(config(GAIA / name))
    assert len(table.frame) == n_rows
    assert table.origin.endswith(f"{name} (mapping {preset})")
    assert table.frame["source_id"].dtype == np.int64
    assert table.frame["source_id"].is_unique
    assert set(known.split()) <= set(table.frame.columns)
    assert set(table.lineage) == set(table.frame.columns)
    for column in set(COLUMNS) & set(table.frame.columns) - {"source_id"}:
        assert (table.frame[column].dtype == np.float64) is not is_categorical(column), column
        assert table.frame[column].notna().any(), column


@real_tables
def test_dashes_of_the_archive_are_missing() -> None:
    path = GAIA / "vari_eclipsing_binary_archive.csv"
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame = load_file(config(path)).frame
    assert (text == "--").to_numpy().sum() > 0
    for column in text.columns:
        assert frame[column].isna().sum() == (text[column] == "--").sum(), column


@real_tables
def test_trentin_modes_and_zero_point() -> None:
    path = GAIA / "cepheid_milkyway.csv"
    source = pd.read_csv(path)
    table = load_file(config(path, zero_point="column"))
    modes = table.frame["mode_best_classification"].value_counts().to_dict()
    assert modes == {"FUNDAMENTAL": 395, "FIRST_OVERTONE": 196, "MULTI": 32}
    assert set(table.frame["type_best_classification"]) == {"DCEP"}
    np.testing.assert_allclose(table.frame["parallax"], source["plx"] - source["plxcorr"], rtol=1e-14)
    np.testing.assert_array_equal(table.frame["pf"], source["Period"])
    assert table.lineage["parallax"] == {"plx", "plxcorr"}
    assert table.lineage["wesenheit_g"] == {"Gmag", "BPmag", "RPmag"}
    assert not {"plx", "Gmag", "Period", "Mode"} & set(table.frame.columns)


@real_tables
def test_merging_real_tables_on_common_columns() -> None:
    paths = [GAIA / "cepheid_milkyway.csv", GAIA / "rrlyrae.csv"]
    table = load_file(config(paths))
    assert len(table.frame) == 623 + 2135
    assert set(table.frame["type_best_classification"]) == {"DCEP", "RR"}
    assert table.lineage["metallicity"] == {"[Fe/H]", "metallicity"}
    assert table.frame["parallax_error"].notna().tolist() == [True] * 623 + [False] * 2135
    assert all(path.name in table.origin for path in paths)


@pytest.mark.parametrize("name", presets())
def test_presets_name_known_columns_and_units(name: str) -> None:
    preset = presets()[name]
    for column, texts in preset.columns.items():
        assert column in COLUMNS
        for text in [texts] if isinstance(texts, str) else texts:
            parse_expression(text)
    assert set(preset.units) <= set(preset.columns)
    for column, unit in preset.units.items():
        assert parse_unit(unit, column, COLUMNS[column].unit, FILE).is_equivalent(COLUMNS[column].unit)
    assert all(is_categorical(column) for column in preset.values)
    assert preset.description


def test_exactly_one_preset_takes_all_other_tables() -> None:
    assert [name for name, preset in presets().items() if not preset.signature] == ["gaia_archive"]


def test_vizier_table_is_recognised() -> None:
    columns = {"Source": [ID], "Plx": [0.5], "e_Plx": [0.02], "Gmag": [12.0], "BP-RP": [0.9], "[Fe/H]": [0.1]}
    frame = map_columns(RawTable(pd.DataFrame(columns), {"Plx": "mas"}), config(), FILE).frame
    assert frame.to_dict("list") == {
        "source_id": [ID],
        "parallax": [0.5],
        "parallax_error": [0.02],
        "phot_g_mean_mag": [12.0],
        "bp_rp": [0.9],
        "[Fe/H]": [0.1],
    }


def test_preset_by_name() -> None:
    with pytest.raises(DataError, match=r"not a table of preset trentin2024: it has no column plx, e_plx"):
        mapped({"pf": [1.0]}, mapping="trentin2024")
    with pytest.raises(DataError, match=r"mapping=trentin: no such preset; .*kinds/stars/mappings"):
        mapped({"pf": [1.0]}, mapping="trentin")
    assert list(mapped({"period": [1.0]}, mapping="none").frame) == ["source_id", "period"]
    assert list(mapped({"period": [1.0]}).frame) == ["source_id", "pf"]


def test_configured_columns_come_first() -> None:
    table = mapped(
        {"pf": [1.0], "P": [3.0], "BP": [11.0], "RP": [10.0], "[Fe/H]": [-0.2], "survey": ["OGLE"]},
        columns={"pf": "P", "bp_rp": "BP - RP", "metallicity": "[Fe/H]", "field": "survey", "half": "P / 2"},
    )
    assert list(table.frame) == ["source_id", "bp_rp", "pf", "metallicity", "field", "half", "BP", "RP"]
    assert table.frame.iloc[0].tolist()[1:] == [1.0, 3.0, -0.2, "OGLE", 1.5, 11.0, 10.0]
    assert table.lineage["pf"] == {"P"}
    assert table.lineage["bp_rp"] == {"BP", "RP"}


def test_configured_columns_must_exist() -> None:
    with pytest.raises(
        DataError, match=r"columns\.pf=Periode: stars\.csv has no column Periode; near .* Period"
    ):
        mapped({"Period": [1.0]}, columns={"pf": "Periode"})
    with pytest.raises(DataError, match=r"data\.columns\.pf: stars\.csv has no column .* no arithmetic"):
        mapped({"Period": [1.0]}, columns={"pf": "Period.values"})
    with pytest.raises(DataError, match="eb_type must be one column, not the expression"):
        mapped({"a": [1.0]}, columns={"eb_type": "a + 1"})


def test_names_in_capitals_are_recognised_but_not_single_letters() -> None:
    frame = pd.DataFrame({"SOURCE_ID": [ID], "PARALLAX": [0.5], "B": [13.1]})
    assert list(map_columns(RawTable(frame, {}), config(), FILE).frame) == ["source_id", "parallax", "B"]


@pytest.mark.parametrize(
    ("column", "unit", "value", "expected"),
    [
        ("parallax", "arcsec", 0.001, 1.0),
        ("parallax", "mas", 1.0, 1.0),
        ("parallax", "Angle[mas]", 1.0, 1.0),
        ("parallax_error", "uas", 20.0, 0.02),
        ("pf", "h", 48.0, 2.0),
        ("pf", "hours", 48.0, 2.0),
        ("pf", "days", 2.0, 2.0),
        ("frequency", "Hz", 1.0, 86400.0),
        ("fund_freq1", "day**-1", 2.0, 2.0),
        ("pmra", "mas.yr**-1", 3.0, 3.0),
        ("phi21_g", "deg", 180.0, np.pi),
        ("ra", "hourangle", 2.0, 30.0),
        ("phot_g_mean_mag", "mag(AB)", 15.0, 15.0),
        ("phot_g_mean_mag", "'mag'", 15.0, 15.0),
        ("peak_to_peak_g", "mmag", 500.0, 0.5),
        ("pf", "dex(d)", 0.5, 10**0.5),
        ("metallicity", "", -0.5, -0.5),
        ("metallicity", "[Sun]", -0.5, -0.5),
        ("log_pf", "[d]", 0.5, 0.5),
        ("ruwe", "---", 1.1, 1.1),
    ],
)
def test_units_of_the_file_are_converted(column: str, unit: str, value: float, expected: float) -> None:
    assert mapped({column: [value]}, {column: unit}).frame[column][0] == pytest.approx(expected, rel=1e-12)
    assert mapped({column: [value]}, units={column: unit}).frame[column][0] == pytest.approx(
        expected, rel=1e-12
    )


@pytest.mark.parametrize(
    ("column", "unit", "message"),
    [
        ("parallax", "kpc", "column 'parallax' is in 'kpc', which cannot be converted to 'mas'"),
        ("parallax", "", "column 'parallax' is in 'no unit'"),
        ("pf", "rad / d", "cannot be converted to 'd'"),
        ("ruwe", "mas", "cannot be converted to a plain number"),
        ("pf", "epochs", "column 'pf' has the unknown unit 'epochs'; .*'d'.*data.units={pf"),
    ],
)
def test_units_that_cannot_be_converted(column: str, unit: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        mapped({column: [1.0]}, {column: unit})
    with pytest.raises(DataError, match=message):
        mapped({column: [1.0]}, units={column: unit})


def test_configured_unit_overrides_the_file(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert mapped({"pf": [48.0]}, {"pf": "d"}, units={"pf": "h"}).frame["pf"][0] == pytest.approx(2.0)
    assert "although the file states" in caplog.text
    with pytest.raises(DataError, match=r"data\.units: astrosweep knows no unit of period"):
        mapped({"period": [48.0]}, units={"period": "h"})


def test_expressions_follow_the_units_of_the_file() -> None:
    columns = {"nu": [20.0], "J": [10.0], "K": [9.0]}
    units = {"nu": "1/h", "J": "mag", "K": "mag(Vega)"}
    table = mapped(columns, units, columns={"pf": "1 / nu", "bp_rp": "J - K"})
    assert table.frame["pf"][0] == pytest.approx(1 / 480)
    assert table.frame["bp_rp"][0] == 1.0
    with pytest.raises(DataError, match=r"log_pf = log10\(P\) does not work out .*data\.units={log_pf"):
        mapped({"P": [10.0]}, {"P": "d"}, columns={"log_pf": "log10(P)"})
    stated = mapped({"P": [10.0]}, {"P": "d"}, columns={"log_pf": "log10(P)"}, units={"log_pf": ""})
    assert stated.frame["log_pf"][0] == 1.0


def test_undefined_and_infinite_values_are_missing() -> None:
    table = mapped({"P": [10.0, -1.0, 0.0], "ruwe": [1.0, np.inf, -np.inf]}, columns={"log_pf": "log10(P)"})
    assert table.frame["log_pf"].isna().tolist() == [False, True, True]
    assert table.frame["ruwe"].isna().tolist() == [False, True, True]


def test_text_among_numbers_is_refused_with_its_place() -> None:
    message = (
        r"stars\.csv: column 'pf' should hold numbers, but 2 of 3 values are text, the first '1,5' in line 3"
    )
    with pytest.raises(DataError, match=message):
        mapped({"pf": ["2.5", "1,5", "bad"]})
    assert mapped({"pf": ["2.5", None]}).frame["pf"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "values",
    [
        [ID, ID + 1],
        [str(ID), str(ID + 1)],
        [f"Gaia DR3 {ID}", f"Gaia DR3 {ID + 1}"],
        pd.array([ID, ID + 1], dtype="Int64"),
        np.array([ID, ID + 1], dtype=np.uint64),
    ],
)
def test_identifiers_are_exact(values: object) -> None:
    frame = map_columns(RawTable(pd.DataFrame({"designation": values}), {}), config(), FILE).frame
    assert frame["source_id"].tolist() == [ID, ID + 1]
    assert frame["source_id"].dtype == np.int64


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([float(ID), 1.0], "1 values of column 'star' are no exact identifiers, the first .* in line 2"),
        ([1.5, 1.0], "no exact identifiers"),
        (["1", "OGLE-1"], "the first 'OGLE-1' in line 3"),
        (
            pd.array([None, None], dtype="Int64"),
            "'star' should hold identifiers, but has no value in any row",
        ),
        ([2**63, 1], "no exact identifiers"),
    ],
)
def test_inexact_identifiers_are_refused(values: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        mapped({"star": values}, columns={"source_id": "star"})


def test_table_without_identifiers() -> None:
    with pytest.raises(DataError, match=r"no column of identifiers .*the table has name, pf; .*row_number"):
        map_columns(RawTable(pd.DataFrame({"name": ["a"], "pf": [1.0]}), {}), config(), FILE)
    table = mapped({"pf": [1.0, 2.0]}, columns={"source_id": "row_number"})
    assert table.frame["source_id"].tolist() == [1, 2]
    assert table.lineage["source_id"] == frozenset()


def test_unknown_columns_pass_through() -> None:
    table = mapped({"solution_id": [ID], "flag": [True], "n_obs": [12], "survey": ["OGLE"]})
    assert table.frame.iloc[0].tolist() == [ID, str(ID), 1.0, 12.0, "OGLE"]
    assert table.lineage["n_obs"] == {"n_obs"}


def test_class_names_from_numbers_and_unlisted_spellings() -> None:
    assert mapped({"eb_type": pd.array([1, None], dtype="Int64")}).frame["eb_type"].fillna("").tolist() == [
        "1",
        "",
    ]
    columns = {name: [1.0] for name in ("plx", "e_plx", "plxcorr", "Period")} | {"Mode": ["DCEP 2O"]}
    assert mapped(columns).frame["mode_best_classification"].tolist() == ["DCEP 2O"]


def test_zero_point() -> None:
    columns = {"parallax": [1.0, 2.0, np.nan], "zpt": [-0.04, np.nan, -0.02]}
    table = mapped(columns, zero_point="column")
    np.testing.assert_allclose(table.frame["parallax"], [1.04, 2.0, np.nan])
    assert table.lineage["parallax"] == {"parallax", "zpt"}
    assert mapped(columns).frame["parallax"].tolist()[:2] == [1.0, 2.0]
    with pytest.raises(DataError, match=r"zero_point=column needs the column parallax_zero_point"):
        mapped({"parallax": [1.0]}, zero_point="column")


def test_several_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("star,phot_bp_mean_mag,phot_rp_mean_mag,period,code\na,11,10,2,X1\n")
    two.write_text("star,bp_rp,pf,code,extra\nb,0.5,3,7,1\nc,0.6,4,8,2\n")
    table = load_file(config([one, two], columns={"source_id": "row_number"}))
    assert table.frame.to_dict("list") == {
        "source_id": [1, 2, 3],
        "pf": [2.0, 3.0, 4.0],
        "star": ["a", "b", "c"],
        "bp_rp": [1.0, 0.5, 0.6],
        "log_pf": np.log10([2.0, 3.0, 4.0]).tolist(),
        "fund_freq1": [1 / 2.0, 1 / 3.0, 1 / 4.0],
    }
    assert table.lineage["bp_rp"] == {"phot_bp_mean_mag", "phot_rp_mean_mag", "bp_rp"}
    assert table.lineage["pf"] == {"period", "pf"}
    assert str(one) in table.origin
    assert str(two) in table.origin
