"""Cleaning counts every row it removes, and errors say which step or column is at fault."""

import dataclasses

import numpy as np
import pytest

from astrosweep.core.errors import DataError, LeakageError
from tests.conftest import develop_stars, make_table

CEPHEID = ("data=cepheid",)


def steps(report):
    return {step.name: step.removed for step in report.steps}


def without(table, **what):
    return dataclasses.replace(table, frame=table.frame.drop(**what))


def test_every_removed_row_is_counted(make_config):
    config = make_config(
        *CEPHEID,
        "data.cleaning.cuts={ruwe:[null,1.2]}",
        "data.cleaning.keep={mode_best_classification:[FUNDAMENTAL]}",
    )
    table = make_table(500)
    frame = table.frame
    frame.loc[:4, "parallax"] = np.nan
    frame.loc[5:7, "parallax"] = np.inf
    frame.loc[8:9, "parallax_error"] = 0.0
    frame.loc[10:12, "source_id"] = frame.loc[13, "source_id"]
    frame.loc[20:22, ["phot_g_mean_mag", "bp_rp", "wesenheit_g", "log_pf"]] = np.nan
    report = develop_stars(config, table).report
    counted = steps(report)
    assert counted["finite_target"] == 8
    assert counted["positive_target_error"] == 2
    assert counted["duplicates"] == 3
    assert counted["cuts.ruwe"] == (frame["ruwe"] > 1.2)[~frame.index.isin([*range(10), 11, 12, 13])].sum()
    assert report.rows_read == 500
    assert report.steps[-1].left == sum(report.parts.values())
    assert report.rows_read - sum(counted.values()) == sum(report.parts.values())


def test_sparse_rows_are_dropped_and_infinite_features_are_missing(make_config):
    config = make_config(*CEPHEID, "data.cleaning.max_missing_fraction=0.5")
    table = make_table(300)
    table.frame.loc[:9, ["phot_g_mean_mag", "bp_rp", "wesenheit_g", "log_pf"]] = np.inf
    report = develop_stars(config, table).report
    assert steps(report)["sparse_rows"] == 10


def test_missing_column_is_named_with_what_the_table_has(make_config):
    config = make_config(*CEPHEID)
    table = without(make_table(), columns=["phot_g_mean_mag"])
    with pytest.raises(DataError, match=r"phot_g_mean_mag is needed.*The table has: source_id, parallax"):
        develop_stars(config, table)


def test_missing_target_is_named(make_config):
    config = make_config(*CEPHEID)
    table = without(make_table(), columns=["parallax"])
    with pytest.raises(DataError, match="parallax is needed"):
        develop_stars(config, table)


def test_the_step_that_took_the_last_rows_is_named(make_config):
    config = make_config(*CEPHEID, "data.cleaning.cuts={ruwe:[50,60]}")
    with pytest.raises(DataError, match=r"no rows are left after the step 'cuts\.ruwe'.*the last 400"):
        develop_stars(config, make_table())


def test_empty_table_is_refused(make_config):
    config = make_config(*CEPHEID)
    table = without(make_table(10), index=range(10))
    with pytest.raises(DataError, match="the table has no rows"):
        develop_stars(config, table)


def test_rule_on_an_unknown_column_is_refused(make_config):
    config = make_config(*CEPHEID, "data.cleaning.cuts={colour:[0,1]}")
    with pytest.raises(DataError, match=r"cuts\.colour.*it has: source_id") as caught:
        develop_stars(config, make_table())
    assert "_part" not in str(caught.value)


def test_a_column_of_any_name_is_the_users_own(make_config):
    config = make_config(*CEPHEID, "data.cleaning.cuts={_part:[0.5,null]}")
    report = develop_stars(config, make_table(_part=np.arange(400) % 4)).report
    assert {step.name: step.removed for step in report.steps}["cuts._part"] == 100


def test_optional_columns_that_are_absent_are_reported(make_config):
    config = make_config(*CEPHEID)
    report = develop_stars(config, make_table()).report
    assert "metallicity" in report.absent
    assert "log_pf" in report.features


@pytest.mark.parametrize(
    "feature",
    [
        "parallax_error",
        "parallax_over_error",
        "abs_mag_g",
        "M_G",
        "mg_gspphot",
        "distance_gspphot",
        "r_med_geo",
        "r_est",
        "dist",
        "distance_pc",
        "true_distance_pc",
        "plx",
        "e_plx",
        "lum_flame",
        "distmod",
        "ag_gspphot",
    ],
)
def test_features_derived_from_the_target_are_refused(feature, make_config):
    config = make_config(*CEPHEID, f"data.features.required=[phot_g_mean_mag,{feature}]")
    table = make_table(**{feature: np.linspace(0, 1, 400)})
    with pytest.raises(LeakageError, match=feature):
        develop_stars(config, table)


@pytest.mark.parametrize(
    "feature",
    [
        "period",
        "phot_g_mean_mag",
        "rr_lyr",
        "dispersion",
        "magnitude",
        "ruwe",
        "astrometric_chi2_al",
        "r21_g",
        "metallicity",
        "gl",
        "mg_h",
        "radius_sn",
    ],
)
def test_innocent_names_are_accepted(feature, make_config):
    config = make_config(*CEPHEID, f"data.features.required=[bp_rp,{feature}]", "data.features.optional=[]")
    table = make_table(**{feature: np.random.default_rng(0).normal(size=400)})
    assert feature in develop_stars(config, table).report.features


def test_a_renamed_leak_is_found_by_its_lineage(make_config):
    config = make_config(*CEPHEID, "data.features.required=[phot_g_mean_mag,harmless]")
    table = make_table(harmless=np.linspace(0, 1, 400))
    table.lineage["harmless"] = frozenset({"phot_g_mean_mag", "parallax"})
    with pytest.raises(LeakageError, match=r"harmless \(parallax\)"):
        develop_stars(config, table)
    table.lineage["harmless"] = frozenset({"dd"})
    table.lineage["parallax"] = frozenset({"dd"})
    with pytest.raises(LeakageError, match=r"harmless \(computed from dd"):
        develop_stars(config, table)


def test_an_allowed_leak_is_reported(make_config):
    config = make_config(
        *CEPHEID, "data.features.required=[phot_g_mean_mag,parallax_error]", "data.allow_leakage=true"
    )
    assert "parallax_error" in develop_stars(config, make_table()).report.leaks


def test_a_cut_on_text_is_refused_and_missing_values_that_pass_are_told(make_config):
    config = make_config(*CEPHEID, "data.cleaning.cuts={mode_best_classification:[0,1]}")
    with pytest.raises(DataError, match=r"the column holds text.*data\.cleaning\.keep"):
        develop_stars(config, make_table())
    config = make_config(*CEPHEID, "data.cleaning.cuts={ruwe:[null,1.2]}")
    table = make_table()
    table.frame.loc[:6, "ruwe"] = np.nan
    report = develop_stars(config, table).report
    assert "7 rows without a value pass" in next(s.reason for s in report.steps if s.name == "cuts.ruwe")


def test_a_typo_does_not_turn_numbers_into_classes(make_config):
    colour = [f"{value:.3f}" for value in np.random.default_rng(0).normal(size=400)]
    colour[17] = "1.2O"
    config = make_config(*CEPHEID, "data.features.optional=[colour]")
    with pytest.raises(DataError, match=r"colour should hold numbers, but 1 of 400.*'1\.2O' in row 18"):
        develop_stars(config, make_table(colour=colour))
    config = make_config(*CEPHEID, "data.features.optional=[colour]", "data.features.classes=[colour]")
    with pytest.raises(DataError, match=r"colour has \d+ classes; at most 50"):
        develop_stars(config, make_table(colour=colour))
    table = make_table(colour=["red", "blue"] * 200)
    assert "colour" in develop_stars(config, table).report.features


def test_a_cleaning_that_takes_every_test_row_is_refused(make_config):
    config = make_config(*CEPHEID)
    table = make_table(60)
    sealed = develop_stars(config, table).sealed.ids
    table.frame.loc[table.frame["source_id"].isin(sealed), "ruwe"] = 99.0
    config = make_config(*CEPHEID, "data.cleaning.cuts={ruwe:[null,5]}")
    with pytest.raises(DataError, match="no test rows are left"):
        develop_stars(config, table)


def test_a_cut_on_the_target_is_told(make_config, caplog):
    config = make_config(*CEPHEID, "data.cleaning.cuts={parallax:[0.2,null]}")
    report = develop_stars(config, make_table()).report
    assert report.target_cuts == ("parallax",)
    assert "select objects by their target" in caplog.text


def test_runs_that_seal_the_same_stars_share_a_fingerprint(make_config):
    table = make_table()

    def fingerprint(*overrides):
        config = make_config(*CEPHEID, *overrides)
        return develop_stars(config, table).report.sealed_fingerprint

    assert fingerprint() == fingerprint("split=kfold") == fingerprint("data.features.optional=[]")
    assert fingerprint() != fingerprint("split.seed=1")
