"""Tables in, tables out: every row comes back, with what the model says of it."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.io.votable import validate
from astropy.io.votable.ucd import parse_ucd
from astropy.table import Table

from astrosweep.ensemble.bundle import load_bundle
from astrosweep.prediction.flags import MISSING, SELECTION, UNPREDICTED
from tests.prediction.models import opened, predict, stars

UNITS = {
    "parallax_predicted": "mas",
    "distance_median": "pc",
    "distance_modulus_lower": "mag",
    "novelty": None,
}


@pytest.fixture(scope="module")
def catalogue():
    return stars("cepheid", 300, 11)


def test_a_table_of_stars_comes_back_in_order_with_units_and_descriptors(star_model, catalogue, tmp_path):
    catalogue.drop(columns=["parallax", "parallax_error"]).to_csv(tmp_path / "in.csv", index=False)
    summary = predict(star_model, tmp_path / "in.csv", tmp_path / "out.vot")
    found = Table.read(tmp_path / "out.vot")
    np.testing.assert_array_equal(found["source_id"], catalogue["source_id"])
    assert found["source_id"].dtype == np.int64
    assert (summary.counts.rows, summary.counts.predicted) == (300, 300)
    for name in found.colnames:
        parse_ucd(found[name].meta["ucd"], check_controlled_vocabulary=True)
        assert found[name].description
    units = {name: found[name].unit for name in UNITS}
    assert {name: unit and str(unit) for name, unit in units.items()} == UNITS
    assert found["parallax_predicted"].meta["ucd"] == "pos.parallax.phot"
    assert found["parallax_lower_95"].meta["ucd"] == "stat.error;stat.min;pos.parallax.phot"
    with open(tmp_path / "report.txt", "w") as report:
        assert validate(tmp_path / "out.vot", output=report), (tmp_path / "report.txt").read_text()


def test_predictions_are_those_of_the_bundle_and_its_intervals_cover_the_truth(star_model, tmp_path):
    fresh = stars("cepheid", 2000, 12)
    fresh.to_parquet(tmp_path / "in.parquet", index=False)
    predict(star_model, tmp_path / "in.parquet", tmp_path / "out.parquet")
    found = pd.read_parquet(tmp_path / "out.parquet")
    bundle, model = load_bundle(star_model, "cpu"), opened(star_model)
    objects = model.kind.incoming(model.config, tmp_path / "in.parquet", model.preparation).objects
    judged = bundle.judge(objects)
    np.testing.assert_allclose(found["parallax_predicted"], judged.predicted.mean[:, 0], rtol=1e-6)
    np.testing.assert_allclose(found["parallax_uncertainty"], judged.predicted.std[:, 0], rtol=1e-6)
    total = found["parallax_aleatoric"] ** 2 + found["parallax_epistemic"] ** 2
    np.testing.assert_allclose(total, found["parallax_uncertainty"] ** 2, rtol=1e-10)
    truth = 1000.0 / fresh["true_distance_pc"].to_numpy()
    inside = (found["parallax_lower_68"] < truth) & (truth < found["parallax_upper_68"])
    assert 0.60 < inside.mean() < 0.76
    assert ((found["parallax_lower_95"] < truth) & (truth < found["parallax_upper_95"])).mean() > 0.90


def test_the_star_s_own_parallax_makes_its_distance_better(star_model, tmp_path):
    fresh = stars("cepheid", 600, 13)
    fresh.to_csv(tmp_path / "in.csv", index=False)
    errors = {}
    for own in (True, False):
        output = tmp_path / f"{own}.csv"
        predict(star_model, tmp_path / "in.csv", output, distance={"use_catalogue_parallax": own})
        found = pd.read_csv(output)
        assert (found["distance_lower"] < found["distance_median"]).all()
        errors[own] = np.abs(np.log(found["distance_median"] / fresh["true_distance_pc"])).mean()
    assert errors[True] < errors[False]


def test_the_target_is_not_used(star_model, catalogue, tmp_path):
    catalogue.assign(parallax="no number").to_csv(tmp_path / "a.csv", index=False)
    catalogue.drop(columns=["parallax", "parallax_error", "true_distance_pc"]).to_csv(
        tmp_path / "b.csv", index=False
    )
    for name in "ab":
        predict(star_model, tmp_path / f"{name}.csv", tmp_path / f"{name}-out.csv", distance={"prior": "off"})
    first, second = (pd.read_csv(tmp_path / f"{name}-out.csv") for name in "ab")
    pd.testing.assert_frame_equal(first, second)
    assert "distance_median" not in first


def test_duplicates_fillers_missing_identifiers_and_unreadable_rows_come_back(
    star_model, catalogue, tmp_path
):
    frame = catalogue.head(8).astype({"source_id": "Int64", "phot_g_mean_mag": object})
    frame.loc[1, "source_id"] = frame.loc[0, "source_id"]
    frame.loc[2, "source_id"] = pd.NA
    frame.loc[3, "phot_g_mean_mag"] = "bright"
    frame.loc[4, frame.columns[1:]] = None
    frame.loc[5, "phot_g_mean_mag"] = 99.999
    frame.to_csv(tmp_path / "in.csv", index=False)
    summary = predict(star_model, tmp_path / "in.csv", tmp_path / "out.vot", distance={"prior": "off"})
    found = Table.read(tmp_path / "out.vot")
    assert len(found) == 8
    assert summary.counts.predicted == 6
    assert found["source_id"][1] == found["source_id"][0]
    assert np.ma.is_masked(found["source_id"][2])
    assert np.isfinite(found["parallax_predicted"][2])
    assert "'bright'" in found["flag_reason"][3]
    assert np.ma.is_masked(found["parallax_predicted"][3])
    assert "none of the inputs" in found["flag_reason"][4]
    assert found["flag"][3] == found["flag"][4] == UNPREDICTED
    assert found["flag"][5] & MISSING
    assert "no phot_g_mean_mag" in found["flag_reason"][5]
    assert np.isfinite(found["parallax_predicted"][5])


def test_rows_that_a_cut_had_excluded_are_predicted_and_flagged(star_model, catalogue, tmp_path):
    catalogue.assign(ruwe=np.where(np.arange(300) < 10, 9.0, 1.0)).to_csv(tmp_path / "in.csv", index=False)
    predict(star_model, tmp_path / "in.csv", tmp_path / "out.csv",
            data={"cleaning": {"cuts": {"ruwe": [None, 1.4]}}})  # fmt: skip
    found = pd.read_csv(tmp_path / "out.csv")
    assert (found["flag"][:10] & SELECTION > 0).all()
    assert (found["flag"][10:] & SELECTION == 0).all()
    assert "ruwe outside None to 1.4" in found["flag_reason"][0]
    assert np.isfinite(found["parallax_predicted"]).all()


def test_columns_and_units_of_the_command_are_those_of_the_file(star_model, catalogue, tmp_path):
    catalogue.to_csv(tmp_path / "plain.csv", index=False)
    other = catalogue.rename(columns={"pf": "Period"}).drop(columns=["log_pf"], errors="ignore")
    other["Period"] = other["Period"] * 86400.0
    other.to_csv(tmp_path / "other.csv", index=False)
    predict(star_model, tmp_path / "plain.csv", tmp_path / "a.csv")
    predict(star_model, tmp_path / "other.csv", tmp_path / "b.csv",
            data={"columns": {"pf": "Period"}, "units": {"pf": "s"}})  # fmt: skip
    a, b = pd.read_csv(tmp_path / "a.csv"), pd.read_csv(tmp_path / "b.csv")
    np.testing.assert_allclose(a["parallax_predicted"], b["parallax_predicted"], rtol=1e-5)


def test_any_table_with_text_for_identifiers_and_carried_columns(table_model, tmp_path):
    frame = pd.DataFrame({"objid": ["a 1", "b", "ü"], "g": [20.0, 21.0, 19.5], "r": [19.0, np.nan, 18.0],
                          "size": [1.0, 1.2, 0.9], "kind": ["spiral", None, "ring"], "flag": [1, 2, 3],
                          "big": [2**62 + 1, 5, 6]})  # fmt: skip
    frame.to_csv(tmp_path / "in.csv", index=False)
    predict(
        table_model,
        tmp_path / "in.csv",
        tmp_path / "out.fits",
        output={"carry": "all", "ucd": "src.redshift"},
    )
    found = Table.read(tmp_path / "out.fits")
    assert [str(one) for one in found["objid"]] == ["a 1", "b", "ü"]
    assert list(found["flag_input"]) == [1, 2, 3]
    assert found["big"][0] == 2**62 + 1
    assert found["z_predicted"].unit is None  # FITS has no word for the speed of light
    assert fits.getheader(tmp_path / "out.fits", 1)["TCOMM2"] == "predicted z, in c"
    assert fits.getheader(tmp_path / "out.fits", 1)["TUCD2"] == "src.redshift"
    assert "a kind that no training row has" in found["flag_reason"][2]
    assert "no r," not in found["flag_reason"][1]  # one in seven training rows has none either


@pytest.mark.parametrize("ending", ["vot", "fits", "ecsv", "csv", "parquet"])
def test_identifiers_of_64_bits_are_exact_in_every_format_both_ways(table_model, tmp_path, ending):
    ids = np.array([2**63 - 1, 9_007_199_254_740_993, 1], dtype=np.int64)
    frame = pd.DataFrame({"objid": ids, "g": [20.0, 21.0, 19.5], "r": [19.0, 20.0, 18.0],
                          "size": [1.0, 1.2, 0.9], "kind": "spiral"})  # fmt: skip
    source = tmp_path / f"in.{ending}"
    if ending == "parquet":
        frame.to_parquet(source)
    else:
        kinds = {"vot": "votable", "fits": "fits", "ecsv": "ascii.ecsv", "csv": "ascii.csv"}
        Table.from_pandas(frame).write(source, format=kinds[ending])
    predict(table_model, source, tmp_path / f"out.{ending}")
    if ending == "parquet":
        found = pd.read_parquet(tmp_path / "out.parquet")["objid"].to_numpy()
    else:
        found = np.asarray(Table.read(tmp_path / f"out.{ending}", format=kinds[ending])["objid"])
    np.testing.assert_array_equal(found.astype(np.int64), ids)


def test_a_single_run_is_a_model_too(star_model, catalogue, tmp_path):
    catalogue.to_csv(tmp_path / "in.csv", index=False)
    run = star_model.parents[1] / "run-0"
    summary = predict(run, tmp_path / "in.csv", tmp_path / "out.csv")
    found = pd.read_csv(tmp_path / "out.csv")
    trained = opened(run)
    assert trained.calibration is None
    assert len(trained.networks) == 3
    half = (found["parallax_upper_95"] - found["parallax_lower_95"]) / 2
    np.testing.assert_allclose(half / found["parallax_uncertainty"], 1.959964, rtol=1e-4)
    assert summary.counts.flagged < 0.1 * 300
    assert "distance_median" not in found  # it keeps no prior of its class
