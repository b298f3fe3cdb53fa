"""``python train.py data=table`` as a user runs it, on tables with odd names and on real ones."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from astrosweep.config import TrackingConfig, load_run_config
from astrosweep.data.identifiers import id_of
from astrosweep.kinds import kind_of
from astrosweep.recording import load
from astrosweep.tracking import open_tracker
from tests.conftest import ROOT
from tests.kinds.tables.own_tables import galaxies, write
from tests.skips import REAL_TABLES_ARE_MISSING

pytestmark = pytest.mark.process

SDSS = ROOT.parent / "shared" / "data" / "tables" / "sdss_specphoto.csv"
BRIEF = ("trainer.max_epochs=3", "tracking.figures=false")


def train_py(folder: Path, *overrides: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *overrides],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"COLUMNS": "200"},
    )


def runs_in(folder: Path, **tags: str):
    uri, artifacts = f"sqlite:///{folder}/mlruns/mlflow.db", str(folder / "mlruns" / "artifacts")
    return open_tracker(TrackingConfig(uri=uri, artifacts=artifacts)).runs(tags=tags)


def artifacts_of(folder: Path, run) -> Path:
    return folder / "mlruns" / "artifacts" / run.run_id / "artifacts"


@pytest.fixture(scope="module")
def metals(tmp_path_factory):
    """A grid of two networks on a table with names in brackets, classes and text identifiers."""
    folder = tmp_path_factory.mktemp("metals")
    frame = galaxies(300).rename(columns={"redshift": "[Fe/H]", "e_redshift": "e_[Fe/H]"})
    frame["type/x"] = np.where(frame["g"] > 18, "A/B", "C")
    frame.loc[::7, "u"] = np.nan
    write(folder / "metals (1).csv", frame)
    done = train_py(
        folder, "-m", "data=table", "data.path='metals (1).csv'", "data.target=[Fe/H]", "model=mlp,dnn",
        "data.target_error='e_[Fe/H]'", "data.target_unit=dex", "data.id=name",
        "data.features.columns=[u,u - g]", "data.features.classes=[kind,type/x]",
        r"data.cleaning.cuts={\[Fe/H\]: [null,0.49]}", "trainer.max_epochs=3",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done, frame


def test_a_grid_on_a_table_with_odd_names_is_recorded(metals):
    folder, done, frame = metals
    runs = {run.tags["model"]: run for run in runs_in(folder, role="run")}
    assert {run.name for run in runs.values()} == {"metals_1-Fe_H-mlp", "metals_1-Fe_H-dnn"}
    assert "metals_1-Fe_H-mlp" in done.stdout
    assert "Metrics of validation objects" in done.stdout
    for run in runs.values():
        assert run.status == "finished"
        assert (run.tags["class"], run.tags["target"], run.tags["unit"]) == ("table", "[Fe/H]", "dex")
        assert run.tags["target_cuts"] == "[Fe/H]"
        assert run.params["data.cleaning.cuts._Fe_H_"] == "[None, 0.49]"
        assert {
            "val/rmse",
            "val/r2_q5",
            "val/kind.far/rmse",
            "val/type_x2f_x.A_x2f_B/rmse",
        } <= run.metrics.keys()
        assert "parallax" not in "".join(run.metrics)
        folder_of_run = artifacts_of(folder, run)
        report = json.loads((folder_of_run / "data_report.json").read_text())
        n_cut = int((frame["[Fe/H]"] > 0.49).sum())
        assert report["steps"][-2]["removed"] == n_cut > 0
        assert run.metrics["val/n"] == report["parts"]["val"]
        names = {path.name for path in (folder_of_run / "figures").iterdir()}
        assert "predicted_against_observed.png" in names
        assert all(re.fullmatch(r"\w+\.png", name) for name in names)


def test_the_table_of_predictions_keeps_identifiers_as_text(metals):
    folder, _, frame = metals
    (run,) = runs_in(folder, model="mlp", role="run")
    predictions = pd.read_parquet(artifacts_of(folder, run) / "predictions.parquet")
    target = "[Fe/H]"
    assert list(predictions.columns) == [
        "name", "part", "fold", target, f"{target}_error", f"{target}_predicted", f"{target}_uncertainty",
        "kind", "type/x",
    ]  # fmt: skip
    known = frame.set_index("name").loc[predictions["name"]]
    is_test = (predictions["part"] == "test").to_numpy()
    assert predictions.loc[is_test, target].isna().all()
    np.testing.assert_allclose(predictions.loc[~is_test, target], known.loc[~is_test, target])
    np.testing.assert_allclose(
        predictions.loc[~is_test, f"{target}_error"], known.loc[~is_test, f"e_{target}"]
    )
    assert predictions["kind"].tolist() == known["kind"].tolist()


def test_what_was_recorded_predicts_the_same(metals):
    folder, _, _ = metals
    (run,) = runs_in(folder, model="dnn", role="run")
    root = artifacts_of(folder, run)
    config = load_run_config(root / "config.yaml")
    config = config.model_copy(
        update={"data": config.data.model_copy(update={"path": str(folder / "metals (1).csv")})}
    )
    sealed = kind_of(config).develop(config).sealed
    assert sealed.ids.tolist() == [id_of(name) for name in sealed.names]
    again = load(root).table(sealed).set_index("name")
    predictions = pd.read_parquet(root / "predictions.parquet").query("part == 'test'").set_index("name")
    for column in ("[Fe/H]_predicted", "[Fe/H]_uncertainty"):
        np.testing.assert_allclose(again.loc[predictions.index, column], predictions[column], rtol=1e-4)


def test_a_recorded_run_is_reproduced_bit_for_bit(metals):
    folder, _, _ = metals
    (run,) = runs_in(folder, model="mlp", role="run")
    done = train_py(folder, f"+reproduce={run.run_id}")
    assert done.returncode == 0, done.stderr
    assert f"metrics equal those of run {run.run_id} to the last bit" in done.stderr


def test_a_search_of_folds_on_a_table(tmp_path):
    write(tmp_path / "a.csv", galaxies(200))
    done = train_py(
        tmp_path, "data=table", "data.path=a.csv", "data.target='log10(redshift)'", "split=kfold",
        "split.n_folds=3", "search=random", "search.n_trials=3", "search/pruner=none",
        "search.objectives=[val/kind.far/rmse]", "data.features.classes=[kind]", *BRIEF,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (study,) = runs_in(tmp_path, role="study")
    assert study.name == "a-log10_redshift-mlp"
    assert "3/3" in done.stdout
    trials = runs_in(tmp_path, role="trial")
    assert [run.status for run in trials] == ["finished"] * 3
    assert all(run.metrics["val/n"] == 180 and "val/kind.far/rmse" in run.metrics for run in trials)


def test_without_a_table_or_a_target_the_command_says_what_is_needed(tmp_path):
    for given, needed in (
        ((), "data=table needs data.path=<file> and data.target=<column>"),
        (("data.path=a.csv",), "data=table needs data.target=<column>"),
        (("data.target=z",), "data=table needs data.path=<file>"),
        (("data.path=a.csv", "data.target=z"), "no file .*a.csv"),
    ):
        done = train_py(tmp_path, "data=table", *given)
        assert done.returncode == 1
        assert re.search(needed, done.stderr)
        assert "Traceback" not in done.stderr


@pytest.fixture
def sdss():
    if not SDSS.exists():
        pytest.skip(REAL_TABLES_ARE_MISSING.format(folder=SDSS.parent))
    return f"data.path={SDSS}"


def test_redshifts_of_a_real_table(sdss, tmp_path):
    done = train_py(
        tmp_path, "data=table", sdss, "data.target=redshift", "data.features.classes=[class]",
        "data.features.columns=[u,g,r,i,z,u - g,g - r,r - i,i - z]", "data.preparation.scaling=quantile",
        "data.preparation.target_transform.name=asinh", "loss=mae", "trainer.max_epochs=30",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"4065 rows read; removed: (none|outliers \(training\) 3); train 2845, val 815, test 405", done.stderr
    )
    (run,) = runs_in(tmp_path, role="run")
    assert run.name == "sdss_specphoto-redshift-mlp"
    predictions = pd.read_parquet(artifacts_of(tmp_path, run) / "predictions.parquet").query("part == 'val'")
    assert run.metrics["val/n"] == len(predictions) == 815
    residual = (predictions["redshift_predicted"] - predictions["redshift"]) / (1 + predictions["redshift"])
    assert 1.4826 * np.median(np.abs(residual - residual.median())) < 0.025
    assert run.metrics["val/r2"] > 0.75


def test_identifiers_that_went_through_a_spreadsheet_are_refused(sdss, tmp_path):
    done = train_py(tmp_path, "data=table", sdss, "data.target=redshift", "data.id=objid")
    assert done.returncode == 1
    assert "4065 values of column 'objid' are no exact identifiers" in done.stderr
    assert "spreadsheets round" in done.stderr
    assert "data.id=null, which numbers the rows" in done.stderr
    (run,) = runs_in(tmp_path)
    assert run.status == "failed"


def test_metallicities_of_a_real_table(real_table, tmp_path):
    done = train_py(
        tmp_path, "data=table", f"data.path={real_table('cepheid_milkyway.csv')}", "data.target=[Fe/H]",
        "data.target_error='e_[Fe/H]'", "data.id=source_id", "split=kfold", "tracking.figures=false",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = runs_in(tmp_path, role="run")
    assert run.name == "cepheid_milkyway-Fe_H-mlp"
    assert run.metrics["val/r2"] > 0.3
    assert run.metrics["val/n"] == 561
    recorded = yaml.safe_load((artifacts_of(tmp_path, run) / "config.yaml").read_text())["data"]
    assert (recorded["target"], recorded["target_error"]) == ("[Fe/H]", "e_[Fe/H]")
    report = json.loads((artifacts_of(tmp_path, run) / "data_report.json").read_text())
    left_out = report["notes"]["no features, unless data.features names them"]
    assert "f_[Fe/H] (carries the name of the target)" in left_out
    assert not {"[Fe/H]", "e_[Fe/H]", "f_[Fe/H]", "source_id"} & set(report["features"])
