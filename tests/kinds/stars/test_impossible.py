"""Numbers that cannot be, from a file to the report."""

import numpy as np
import pandas as pd
import pytest

from astrosweep.core.errors import DataError
from astrosweep.kinds import load_data
from astrosweep.kinds.stars.kind import load_stars
from tests.conftest import make_table

QUICK = ("data=cepheid", "data.source=table", "data.features.required=[phot_g_mean_mag]", "tracking=none")
OWN = ["source_id", "parallax", "parallax_error", "phot_g_mean_mag", "bp_rp", "pf"]


@pytest.fixture
def table() -> pd.DataFrame:
    return make_table(200).frame[OWN].copy()


@pytest.fixture
def read(tmp_path, make_config):
    def build(frame: pd.DataFrame, *overrides: str):
        path = tmp_path / "stars.csv"
        frame.to_csv(path, index=False)
        return make_config(*QUICK, f"data.path={path}", *overrides)

    return build


def test_fillers_of_target_and_feature_are_missing_named_and_counted(table, read, caplog):
    table.loc[:9, "parallax"] = 99999.9999
    table.loc[:9, "parallax_error"] = 99.9999
    table.loc[20:31, "bp_rp"] = -99.0
    data = load_data(read(table))
    report = data.whole_report
    assert report.impossible == {
        "parallax": {"99999.9999": 10},
        "parallax_error": {"99.9999": 10},
        "bp_rp": {"-99": 12},
    }
    assert {step.name: step.removed for step in report.steps}["finite_target"] == 10
    assert "impossible values treated as missing: parallax 10, parallax_error 10, bp_rp 12" in report.summary
    assert "parallax: 99999.9999 (10 times)" in caplog.text
    for fold in data.folds:
        assert fold.train.truth.target.max() < 10.0


@pytest.mark.parametrize("share", [0.05, 0.35, 0.6])
def test_what_is_computed_from_a_filler_is_missing_too(share, table, read):
    table["phot_bp_mean_mag"] = table["phot_g_mean_mag"] + 0.5
    table["phot_rp_mean_mag"] = table["phot_g_mean_mag"] - 0.7
    n = round(share * len(table))
    table.loc[: n - 1, ["phot_bp_mean_mag", "phot_rp_mean_mag"]] = 99.9999
    stars = load_stars(read(table.drop(columns="bp_rp")).data).frame
    assert stars["bp_rp"].isna().sum() == n  # and not 0, the difference of two fillers
    assert np.allclose(stars["bp_rp"].dropna(), 1.2)


def test_values_that_a_known_column_cannot_have_are_missing(table, read):
    table.loc[3, "phot_g_mean_mag"] = 61.5
    stars = load_stars(read(table).data)
    assert stars.impossible == {"phot_g_mean_mag": {"outside -2 to 30, such as 61.5": 1}}
    assert stars.frame["phot_g_mean_mag"].isna().sum() == 1


def test_declared_values_are_missing(table, read):
    table.loc[5:8, "bp_rp"] = 0.0
    assert load_stars(read(table).data).impossible == {}
    stars = load_stars(read(table, "data.missing_values=[0]").data)
    assert stars.impossible == {"bp_rp": {"0": 4}}


def test_a_target_of_which_little_is_left_is_refused(table, read):
    table.loc[:150, "parallax"] = -9999.0
    with pytest.raises(DataError, match=r"151 values of the target parallax cannot be: -9999 \(151 times\)"):
        load_data(read(table))


def test_outliers_of_the_training_rows_are_in_the_summary(table, read):
    table.loc[0:5, "bp_rp"] = 11.5
    report = load_data(read(table)).whole_report
    removed = sum(report.folds[0]["outliers_removed"].values())
    assert removed > 0
    assert f"outliers (training) {removed}" in report.summary


@pytest.mark.parametrize(("factor", "unit"), [(1e-3, "arcsec"), (1e3, "uas")])
@pytest.mark.parametrize("has_error", [True, False])
def test_a_unit_that_must_be_wrong_is_refused_with_the_likely_one(factor, unit, has_error, table, read):
    columns = ["parallax", "parallax_error"]
    table[columns] = table[columns] * factor
    if not has_error:
        table = table.drop(columns="parallax_error")
    with pytest.raises(
        DataError, match=rf"which no sample of stars has.*data\.units=\{{parallax.*: {unit}\}}"
    ):
        load_stars(read(table).data)


@pytest.mark.parametrize(("factor", "unit"), [(1e-3, "arcsec"), (1e3, "uas")])
def test_the_remedy_works(factor, unit, table, read):
    columns = ["parallax", "parallax_error"]
    expected = table["parallax"].to_numpy()
    table[columns] = table[columns] * factor
    units = f"data.units={{parallax: {unit}, parallax_error: {unit}}}"
    stars = load_stars(read(table, units).data).frame
    assert np.allclose(stars["parallax"], expected)


@pytest.mark.parametrize(
    ("name", "setting"), [("source_id", ()), ("Star", ("data.columns={source_id: Star}",))]
)
def test_small_identifiers_keep_what_looks_like_a_filler(name, setting, table, read):
    numbers = [*range(1, 199), 9999, -99]
    stars = load_stars(
        read(table.assign(source_id=numbers).rename(columns={"source_id": name}), *setting).data
    )
    assert stars.frame["source_id"].tolist() == numbers
    assert stars.impossible == {}
