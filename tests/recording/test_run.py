"""What a run records, whatever happens to it."""

import hashlib
import json
import re

import pandas as pd
import pytest
import torch
import yaml

from astrosweep.core.errors import TrackingError
from astrosweep.job import judged_by_pydantic
from astrosweep.recording import progress, train_and_record
from astrosweep.recording import run as recording_run
from astrosweep.tracking import MemoryTracker, open_tracker
from tests.conftest import make_table

QUICK = ("trainer.max_epochs=2", "data.simulation.n_stars=400", "tracking.figures=false", "data=cepheid")


def test_a_kfold_run_leaves_out_of_fold_predictions_and_files_of_every_fold(make_config, tmp_path):
    config = make_config(*QUICK, "split=kfold", "split.n_folds=3", "tracking=none", "loss=gaussian_nll")
    tracker = MemoryTracker()
    run_id, record = train_and_record(config, tracker, tmp_path)
    assert record.status == "finished"
    predictions = pd.read_parquet(tmp_path / "artifacts" / "predictions.parquet")
    val = predictions[predictions["part"] == "val"]
    assert val["source_id"].is_unique
    assert len(val) == 400 - predictions[predictions["part"] == "test"]["source_id"].nunique()
    assert set(predictions["fold"]) == {0, 1, 2}
    of_fold = ("weights.safetensors", "preparation.json", "preparation.skops", "fold.json")
    manifest = json.loads((tmp_path / "artifacts" / "run.json").read_text())
    networks = {name for name in manifest["files"] if name.startswith("fold_")}
    assert networks == {f"fold_{k}/{name}" for k in range(3) for name in of_fold}
    assert "config.yaml" in manifest["files"]
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((tmp_path / "artifacts" / name).read_bytes()).hexdigest() == digest
    for k in range(3):
        assert len(record.curves[f"fold_{k}/val/loss"]) == 2
    residual = val["parallax"] - val["parallax_predicted"]
    assert record.metrics["val/mse"] == pytest.approx((residual**2).mean())
    assert tracker.find(run_id).metrics["val/n"] == len(val)


def test_each_replicate_has_a_folder_with_its_tables(make_config, tmp_path):
    config = make_config(
        "data=cluster",
        "data.simulation.n_clusters=40",
        "data.simulation.cache_dir=null",
        "target=density",
        "model=mlp",
        "model.hidden=[8]",
        "replicates=2",
        "split=kfold",
        "split.n_folds=2",
        "trainer.max_epochs=1",
        "tracking=none",
        "tracking.figures=false",
    )
    _, record = train_and_record(config, MemoryTracker(), tmp_path)
    assert record.metrics["replicates/n"] == 2.0
    artifacts = tmp_path / "artifacts"
    own = {
        "curves.json",
        "data_report.json",
        "errors_by_radius.csv",
        "predictions.parquet",
        "shape_check.csv",
    }
    left = {path.name for path in artifacts.iterdir()}
    assert {"config.yaml", "metrics.json", "run.json", "replicate_0", "replicate_1"} <= left
    assert not left & own
    for r in range(2):
        of_replicate = {path.name for path in (artifacts / f"replicate_{r}").iterdir()}
        assert {*own, "fold_0", "fold_1"} <= of_replicate
        shape = pd.read_csv(artifacts / f"replicate_{r}" / "shape_check.csv")
        assert set(shape["profile"]) == {*config.data.observables, "ne3d"}
        assert shape["largest_relative_change"].max() < config.data.preparation.tolerance
    first, second = (pd.read_parquet(artifacts / f"replicate_{r}" / "predictions.parquet") for r in range(2))
    assert first["true"].equals(second["true"])
    assert not first["predicted"].equals(second["predicted"])


def test_a_run_with_an_allowed_leak_is_tagged(make_config, tmp_path):
    config = make_config(
        *QUICK,
        "data.features.required=[phot_g_mean_mag,parallax_error]",
        "data.allow_leakage=true",
        "tracking=none",
    )
    tracker = MemoryTracker()
    run_id, _ = train_and_record(config, tracker, tmp_path)
    assert tracker.find(run_id).tags["leakage"] == "parallax_error"
    honest = make_config(*QUICK, "tracking=none")
    assert "leakage" not in train_and_record(honest, tracker, tmp_path)[1].tags


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [(KeyboardInterrupt(), "killed", "stopped by the user"), (ZeroDivisionError("a bug"), "failed", "a bug")],
)
def test_whatever_ends_a_run_its_record_is_closed(error, status, reason, make_config, tmp_path, monkeypatch):
    def stop(*arguments):
        raise error

    monkeypatch.setattr(recording_run, "load_prepared", stop)
    tracker = MemoryTracker()
    with pytest.raises(type(error)):
        train_and_record(make_config(*QUICK), tracker, tmp_path)
    (found,) = tracker.runs()
    assert found.status == status
    assert reason in found.error
    assert yaml.safe_load((tmp_path / "artifacts" / "config.yaml").read_text())["data"]["name"] == "cepheid"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "A file of the run cannot be written or read"),
        (MemoryError(), "Out of memory: use a smaller data.batch_size or model"),
    ],
)
def test_a_full_disk_or_memory_is_a_failed_run_with_a_reason(
    error, reason, make_config, tmp_path, monkeypatch
):
    def stop(*arguments):
        raise error

    monkeypatch.setattr(recording_run, "write_artifacts", stop)
    tracker = MemoryTracker()
    _, record = train_and_record(make_config(*QUICK), tracker, tmp_path)
    assert record.status == tracker.runs()[0].status == "failed"
    assert record.error.startswith(reason)
    assert str(error) in record.error


def test_out_of_memory_of_the_device_is_a_failed_run(make_config, tmp_path, monkeypatch):
    def stop(*arguments, **keywords):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("astrosweep.training.module.RegressionModule.training_step", stop)
    _, record = train_and_record(make_config(*QUICK), MemoryTracker(), tmp_path)
    assert record.status == "failed"
    assert "smaller data.batch_size" in record.error


def test_a_store_that_goes_down_during_the_run_leaves_its_files(make_config, tmp_path):
    class Broken(MemoryTracker):
        def finish(self, run_id, record, artifacts=None):
            raise TrackingError("the server at http://host is down")

    with pytest.raises(TrackingError, match=r"is down\nThe run's files are kept in .*artifacts"):
        train_and_record(make_config(*QUICK), Broken(), tmp_path)
    assert (tmp_path / "artifacts" / "predictions.parquet").exists()
    assert (tmp_path / "artifacts" / "metrics.json").exists()


def test_progress_shows_epoch_losses_and_time_left(make_config, monkeypatch, capsys):
    class Terminal(progress.Console):
        def __init__(self, **options):
            super().__init__(force_terminal=True, width=120, **options)

    monkeypatch.setattr(progress, "Console", Terminal)
    config = make_config(*QUICK, "trainer.max_epochs=10", "split=kfold")
    with progress.progress_bar(config, 5) as listener:
        listener.on_epoch(1, 4, 0.25, 0.125)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert "cepheid-simulated-mlp" in shown
    assert "fit 2/5 epoch 5/10" in shown
    assert "train 0.25  val 0.125" in shown
    assert "30%" in shown
    assert re.search(r"\d:\d\d:\d\d|-:--:--", shown)


def test_no_bar_where_nobody_looks(make_config):
    with progress.progress_bar(make_config(*QUICK, "trainer.progress=false"), 1) as listener:
        assert listener is None


def test_classes_are_scored_apart_under_names_that_a_store_takes(make_config, tmp_path):
    table = make_table(600, eb_type=["EA* (\u03b4, x=1)", "EW"] * 300)
    path = tmp_path / "stars.csv"
    table.frame.to_csv(path, index=False)
    config = make_config(
        "data=eclipsing_binary",
        "data.source=table",
        f"data.path={path}",
        "trainer.max_epochs=2",
        "tracking.figures=false",
        f"tracking.uri=sqlite:///{tmp_path}/runs.db",
        f"tracking.artifacts={tmp_path}/files",
    )
    run_id, record = train_and_record(config, open_tracker(config.tracking), tmp_path)
    assert record.status == "finished"
    metrics = open_tracker(config.tracking).find(run_id).metrics
    sizes = [metrics["val/eb_type.EW/n"], metrics["val/eb_type.EA_x2a_ _x28_\u03b4_x2c_ x_x3d_1_x29_/n"]]
    assert sum(sizes) == metrics["val/n"]


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (["-m", "model=dnn,mlp", "model.dropout=0,0.1"], ["-m", "model=dnn,mlp", "++model.dropout=0,0.1"]),
        (["+a.b=1", "++a.b=1", "~a.b", "hydra.run.dir=x"], ["+a.b=1", "++a.b=1", "~a.b", "hydra.run.dir=x"]),
        (["data/features=rrlyrae", "--help", "seed=1"], ["data/features=rrlyrae", "--help", "seed=1"]),
    ],
)
def test_dotted_keys_reach_the_validation(given, passed):
    assert judged_by_pydantic(given) == passed


def test_files_of_an_earlier_run_in_the_same_folder_are_not_recorded(make_config, tmp_path):
    words = (*QUICK, "tracking=none")
    without_rows = make_config(*words, "data.cleaning.cuts={ruwe:[1000,null]}")
    _, failed = train_and_record(without_rows, MemoryTracker(), tmp_path)
    (tmp_path / "artifacts" / "of_the_first").touch()
    tracker = MemoryTracker()
    run_id, record = train_and_record(make_config(*words), tracker, tmp_path)
    assert (failed.status, record.status) == ("failed", "finished")
    fetched = tracker.fetch(run_id, tmp_path / "fetched")
    assert (fetched / "predictions.parquet").exists()
    assert not (fetched / "of_the_first").exists()
    assert (tmp_path / "artifacts" / "of_the_first").exists()
