"""Labelled rows and stars as they are read for an examination."""

from pathlib import Path

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.coordinates import SkyCoord

from astrosweep.config.predict import for_input
from astrosweep.core.errors import DataError
from astrosweep.data.reading import RawTable
from astrosweep.kinds import kind_of
from astrosweep.kinds.stars.examined import errors_of_stars
from astrosweep.kinds.tables.examined import errors_by_name
from astrosweep.prediction.model import Model
from astrosweep.training import judge_unlabelled
from tests.prediction.models import opened, stars
from tests.validation.lines import fresh_of, line_subject, write_line


@pytest.fixture(scope="module")
def star_model(bundle) -> Model:
    return opened(bundle)


def examine(model: Model, path: Path, **data):
    return model.kind.examined(for_input(model.config, data), path, model.preparation)


def judged(model: Model, examined):
    return judge_unlabelled(
        model.preparation,
        examined.labelled.objects,
        model.predict(examined.labelled.objects).judged.predicted,
    )


def test_errors_stand_beside_their_columns_under_many_names():
    frame = pd.DataFrame({"g": [1.0], "g_error": [0.1], "Kmag": [2.0], "e_Kmag": [0.2], "z": [3.0], "n": [4]})
    found = errors_by_name(RawTable(frame, {}))
    assert {name: values.tolist() for name, values in found.items()} == {"g": [0.1], "Kmag": [0.2]}
    bad = errors_by_name(RawTable(pd.DataFrame({"g": [1.0] * 3, "e_g": [np.nan, -1.0, 0.5]}), {}))
    assert bad["g"].tolist() == [0.0, 0.0, 0.5]


def test_errors_in_another_unit_are_brought_to_that_of_their_column():
    frame = pd.DataFrame({"ra": [10.0], "e_ra": [3.6], "v": [5.0], "e_v": [1.0], "w": [1.0], "e_w": [0.5]})
    found = errors_by_name(RawTable(frame, {"ra": "deg", "e_ra": "arcsec", "v": "km/s", "e_v": "mag"}))
    assert found["ra"].tolist() == [pytest.approx(0.001)]
    assert (found["v"].tolist(), found["w"].tolist()) == ([0.0], [0.5])


def test_magnitudes_of_the_archive_have_their_errors_as_flux_over_error():
    frame = pd.DataFrame(
        {"phot_g_mean_mag": [12.0, 13.0], "phot_g_mean_flux_over_error": [108.57362, np.nan]}
    )
    np.testing.assert_allclose(
        errors_of_stars(RawTable(frame, {}))["phot_g_mean_mag"], [0.01, 0.0], rtol=1e-6
    )


def test_the_target_is_brought_to_the_unit_of_the_training(make_config, tmp_path):
    subject = line_subject(make_config, tmp_path, "data.target_unit=m", "data.units={z: m}", networks=1)
    path = write_line(tmp_path / "fresh.csv", seed=4)
    config = for_input(subject.model.config, {"units": {"z": "cm"}})
    found = subject.model.kind.examined(config, path, subject.model.preparation)
    np.testing.assert_allclose(found.labelled.truth.target, pd.read_csv(path)["z"] / 100.0)


def test_a_target_under_another_name(make_config, tmp_path):
    subject = line_subject(make_config, tmp_path, networks=1)
    path = write_line(tmp_path / "fresh.csv", seed=4)
    frame = pd.read_csv(path)
    frame.rename(columns={"z": "depth"}).to_csv(path, index=False)
    with pytest.raises(DataError, match="no row has a z"):
        fresh_of(subject, path)
    config = for_input(subject.model.config, {"columns": {"z": "2 * depth"}})
    found = subject.model.kind.examined(config, path, subject.model.preparation)
    np.testing.assert_allclose(found.labelled.truth.target, 2.0 * frame["z"])


def test_rows_without_a_target_are_left_out_and_counted(make_config, tmp_path):
    subject = line_subject(make_config, tmp_path, networks=1)
    path = write_line(tmp_path / "fresh.csv", seed=4)
    frame = pd.read_csv(path)
    frame.loc[:99, "z"] = np.nan
    frame.loc[100, ["x", "y", "kind"]] = np.nan
    frame.to_csv(path, index=False)
    found = fresh_of(subject, path)
    assert len(found) == 299
    assert (found.facts["rows"], found.facts["rows without a target"]) == (400, 100)
    assert found.facts["rows that cannot be predicted"] == 1
    np.testing.assert_array_equal(found.judged.objects.ids, frame["objid"][101:])


def test_an_unknown_error_of_the_target_is_the_typical_one_and_that_is_said(make_config, tmp_path):
    write_line(tmp_path / "training.csv", seed=1, z_error=0.2)
    line = line_subject(make_config, tmp_path, "data.target_error=z_error", networks=1)
    error = np.where(np.arange(400) < 100, np.nan, 0.3)
    found = fresh_of(line, write_line(tmp_path / "fresh.csv", seed=4, z_error=error))
    typical = line.model.preparation.typical_error
    assert (
        found.facts["errors of the target"]
        == f"unknown for 100 rows: {typical:.4g} stands in, as in training"
    )
    assert found.judged.error[0, 0] == typical
    assert found.noise == pytest.approx(np.sqrt(0.25 * typical**2 + 0.75 * 0.3**2))


def test_parallaxes_are_those_of_the_file(star_model, star_file):
    found = examine(star_model, star_file)
    frame = pd.read_csv(star_file)
    np.testing.assert_allclose(found.labelled.truth.target, frame["parallax"])
    np.testing.assert_allclose(found.labelled.truth.error, frame["parallax_error"])


def test_a_model_that_learned_corrected_parallaxes_is_examined_on_such(star_model, star_file, tmp_path):
    frame = pd.read_csv(star_file).assign(parallax_zero_point=-0.03)
    frame.to_csv(tmp_path / "zero.csv", index=False)
    found = examine(star_model, tmp_path / "zero.csv", zero_point="column")
    np.testing.assert_allclose(found.labelled.truth.target, frame["parallax"] + 0.03)


def test_latitudes_follow_from_positions_where_there_are_none(star_model, star_file, tmp_path):
    frame = pd.read_csv(star_file)
    own = examine(star_model, star_file)
    np.testing.assert_allclose(
        own.variables(judged(star_model, own))["|galactic latitude| (deg)"][:, 0], frame["b"].abs()
    )
    frame.drop(columns=["l", "b"]).to_csv(tmp_path / "positions.csv", index=False)
    found = examine(star_model, tmp_path / "positions.csv")
    latitude = found.variables(judged(star_model, found))["|galactic latitude| (deg)"][:, 0]
    expected = SkyCoord(frame["ra"].to_numpy() * u.deg, frame["dec"].to_numpy() * u.deg).galactic.b.deg
    np.testing.assert_allclose(latitude, np.abs(expected), atol=1e-9)
    frame.drop(columns=["l", "b", "ra", "dec"]).to_csv(tmp_path / "nowhere.csv", index=False)
    nowhere = examine(star_model, tmp_path / "nowhere.csv")
    assert "|galactic latitude| (deg)" not in nowhere.variables(judged(star_model, nowhere))


def test_errors_of_magnitudes_reach_the_colour_and_the_index_that_are_computed_from_them(
    star_model, tmp_path
):
    """bp_rp = BP - RP, wesenheit = G - 1.9 bp_rp; those columns are not in the file."""
    frame = stars("cepheid", 400, 43).drop(columns=["bp_rp", "wesenheit_g"], errors="ignore")
    for band, error in (("g", 0.001), ("bp", 0.03), ("rp", 0.04)):
        frame[f"phot_{band}_mean_mag_error"] = error
    frame.to_csv(tmp_path / "bands.csv", index=False)
    found = examine(star_model, tmp_path / "bands.csv")
    moved = found.perturbed(np.random.default_rng(0)).frame - found.labelled.objects.frame.assign(
        **dict.fromkeys(star_model.preparation.classes, np.nan)
    )
    assert moved["bp_rp"].std() == pytest.approx(0.05, rel=0.1)
    assert moved["wesenheit_g"].std() == pytest.approx(1.9 * 0.05, rel=0.1)
    assert moved["phot_g_mean_mag"].std() == pytest.approx(0.001, rel=0.1)
    np.testing.assert_allclose(
        moved["wesenheit_g"], moved["phot_g_mean_mag"] - 1.9 * moved["bp_rp"], atol=1e-9
    )


def test_inputs_are_taken_away_and_exchanged_one_at_a_time(star_model, star_file):
    found = examine(star_model, star_file)
    own, order = found.labelled.objects.frame, np.arange(150)[::-1].copy()
    for name in found.inputs:
        absent, other = found.without(name).frame, found.permuted(name, order).frame
        assert absent[name].isna().all()
        assert other[name].iloc[::-1].reset_index(drop=True).equals(own[name].reset_index(drop=True))
        rest = [column for column in own if column != name]
        pd.testing.assert_frame_equal(absent[rest], own[rest])
        pd.testing.assert_frame_equal(other[rest], own[rest])


def test_some_of_the_objects_keep_what_belongs_to_them(star_model, star_file):
    found, rows = examine(star_model, star_file), np.array([7, 3, 90])
    some = found.take(rows)
    np.testing.assert_array_equal(some.labelled.objects.ids, found.labelled.objects.ids[rows])
    np.testing.assert_array_equal(some.labelled.truth.target, found.labelled.truth.target[rows])
    latitude = "|galactic latitude| (deg)"
    np.testing.assert_array_equal(
        some.variables(judged(star_model, some))[latitude],
        found.variables(judged(star_model, found))[latitude][rows],
    )


def test_other_kinds_of_data_have_no_published_figures(make_config, tmp_path):
    line = line_subject(make_config, tmp_path, networks=1)
    assert line.model.kind.published(line.model.config) == ()
    assert kind_of(make_config("data=eclipsing_binary")).published(make_config("data=eclipsing_binary")) == ()
    merged = make_config("data=cepheid_rrlyrae")
    assert [one.metrics["r2"] for one in kind_of(merged).published(merged)] == [0.2254, 0.250]
    density = make_config("data=cluster", "target=density")
    (only,) = kind_of(density).published(density)
    assert only.metrics["density/mse_values"] == 0.0112
    temperature = make_config("data=cluster", "target=temperature")
    assert kind_of(temperature).published(temperature) == ()
