"""Every class from every source becomes a table that can be learned from."""

import pandas as pd
import pytest

from astrosweep.kinds import load_data
from astrosweep.kinds.stars.kind import StarKind, load_stars
from astrosweep.training import train
from tests.conftest import develop_stars, make_table, prepared_stars
from tests.kinds.stars.tap_service import TABLES, TapService, sky

CLASSES = ("cepheid", "rrlyrae", "eclipsing_binary", "cepheid_rrlyrae")


@pytest.mark.parametrize("star_class", CLASSES)
def test_the_default_features_of_every_class_exist_in_the_simulation(star_class, make_config):
    config = make_config(f"data={star_class}", "data.simulation.n_stars=300")
    report = StarKind().develop(config).report
    near_infrared = {"j_mag", "h_mag", "k_mag", "multi_mode_best_classification"}
    assert set(report.absent) <= near_infrared
    assert {"bp_rp", "wesenheit_g", "log_pf"} <= set(report.features)


@pytest.mark.parametrize(
    ("star_class", "features"),
    [
        ("cepheid_rrlyrae", "neurostarmap_merged_error"),
        ("cepheid_rrlyrae", "neurostarmap_merged_clean"),
        ("cepheid", "neurostarmap_cepheid"),
        ("rrlyrae", "neurostarmap_rrlyrae"),
        ("eclipsing_binary", "eclipsing_binary_geometry"),
    ],
)
def test_the_studies_feature_sets_work_on_their_class(star_class, features, make_config):
    config = make_config(
        f"data={star_class}",
        f"data/features={features}",
        "data.simulation.n_stars=300",
        f"data.allow_leakage={'error' in features}",
        "trainer.max_epochs=1",
    )
    (result,) = train(config, load_data(config))
    assert set(config.data.features.required) <= set(result.report.features)
    assert ("parallax_error" in result.report.leaks) == ("error" in features)


@pytest.mark.parametrize("star_class", ["rrlyrae", "eclipsing_binary"])
def test_the_archive_of_a_class_can_be_learned_from(star_class, make_config, tmp_path):
    stars = sky(TABLES[star_class], 300)
    with TapService(TABLES[star_class], stars) as tap:
        config = make_config(
            f"data={star_class}",
            "data.source=archive",
            f"data.archive.url={tap.url}",
            f"data.archive.cache_dir={tmp_path}",
            "trainer.max_epochs=1",
        )
        table = load_stars(config.data)
    assert len(table.frame) == 300
    assert table.frame["log_pf"].notna().any()
    assert develop_stars(config, table).report.rows_read == 300
    assert train(config, prepared_stars(config, table))[0].metrics["val/n"] > 30


def test_two_files_are_merged_on_their_common_columns(make_config, tmp_path):
    first, second = make_table(200, seed=1).frame, make_table(200, seed=2).frame
    second["source_id"] += 10_000
    first.drop(columns="ruwe").assign(type_best_classification="DCEP").to_csv(tmp_path / "a.csv", index=False)
    second.assign(best_classification="RRab").to_csv(tmp_path / "b.csv.gz", index=False)
    config = make_config(
        "data=cepheid_rrlyrae", "data.source=table", f"data.path=[{tmp_path}/a.csv,{tmp_path}/b.csv.gz]"
    )
    table = load_stars(config.data)
    assert len(table.frame) == 400
    assert "ruwe" not in table.frame
    assert table.frame["type_best_classification"].value_counts().to_dict() == {"DCEP": 200, "RRab": 200}
    pd.testing.assert_series_equal(
        table.frame["parallax"], pd.concat([first["parallax"], second["parallax"]], ignore_index=True)
    )


def test_merging_keeps_the_parallax_errors_that_are_known(make_config, tmp_path, caplog):
    first, second = make_table(200, seed=1).frame, make_table(200, seed=2).frame
    second["source_id"] += 10_000
    first.to_csv(tmp_path / "a.csv", index=False)
    second.drop(columns="parallax_error").to_csv(tmp_path / "b.csv", index=False)
    config = make_config(
        "data=cepheid_rrlyrae", "data.source=table", f"data.path=[{tmp_path}/b.csv,{tmp_path}/a.csv]"
    )
    error = load_stars(config.data).frame["parallax_error"]
    assert error.notna().sum() == 200
    assert "unknown for the objects of some tables" in caplog.text
