"""``python train.py`` on clusters as a user runs it; the committed experiments and sweeps."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from hydra import compose, initialize_config_dir
from optuna.trial import FixedTrial

from astrosweep.config import parse
from astrosweep.job import judged_by_pydantic
from astrosweep.search.space import configure, enqueued, suggest
from tests.conftest import ROOT
from tests.job.commands import tracker_of, train_py

QUICK = (
    "data=cluster",
    "model=encoder_decoder_1d",
    "model.latent_dim=32",
    "model.encoder_channels=[8]",
    "trainer.max_epochs=2",
    "data.simulation.n_clusters=60",
)


@pytest.fixture(scope="module")
def multirun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clusters")
    done = train_py(folder, "-m", "target=pressure,density", *QUICK)
    assert done.returncode == 0, done.stderr
    return folder, done, {run.tags["target"]: run for run in tracker_of(folder).runs(tags={"role": "run"})}


def artifacts(folder, run):
    return folder / "mlruns" / "artifacts" / run.run_id / "artifacts"


@pytest.mark.process
def test_the_table_has_a_row_for_each_target_in_percent(multirun):
    _, done, runs = multirun
    assert "validation clusters, 0.03 to 1 times R500" in " ".join(done.stdout.split())
    for target in ("pressure", "density"):
        run = runs[target]
        row = next(line for line in done.stdout.splitlines() if re.search(rf"(^|\s){target}\s+[0-9]", line))
        shown = float(re.search(rf"\b{target}\s+([0-9.]+)", row)[1])
        assert shown == pytest.approx(100 * run.metrics[f"val/{target}/median_relative_error"], rel=0.02)
    assert "mlflow ui --backend-store-uri" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.process
def test_every_run_is_recorded_with_its_target(multirun):
    folder, _, runs = multirun
    assert set(runs) == {"pressure", "density"}
    assert len({run.tags["sealed_fingerprint"] for run in runs.values()}) == 1
    for run in runs.values():
        assert run.status == "finished"
        assert run.params["target"] == run.tags["target"]
        files = {
            p.relative_to(artifacts(folder, run)).as_posix() for p in artifacts(folder, run).rglob("*.*")
        }
        assert {
            "config.yaml",
            "predictions.parquet",
            "fold_0/preparation.json",
            "shape_check.csv",
            "fold_0/weights.safetensors",
            "figures/single_clusters.png",
            "figures/errors_against_radius.png",
            "figures/intervals_against_radius.png",
            "figures/shape_kept.png",
            "figures/learning_curves.png",
        } <= files
        predictions = pd.read_parquet(artifacts(folder, run) / "predictions.parquet")
        assert set(predictions["target"]) == {run.tags["target"]}
        assert predictions.loc[predictions["part"] == "test", "true"].isna().all()
        shape = pd.read_csv(artifacts(folder, run) / "shape_check.csv")
        assert shape["largest_relative_change"].max() < 1e-6


@pytest.mark.process
def test_a_recorded_run_is_reproduced_bit_for_bit(multirun):
    folder, _, runs = multirun
    run = runs["pressure"]
    done = train_py(folder, f"+reproduce={run.run_id}")
    assert done.returncode == 0, done.stderr
    assert f"metrics equal those of run {run.run_id} to the last bit" in done.stderr


@pytest.mark.process
def test_a_search_on_clusters(multirun):
    folder, _, _ = multirun
    done = train_py(
        folder, "search=random", "search/pruner=none", "search.n_trials=3", "target=density",
        "search.study=clusters",
        "search.space.model.latent_dim=choice(16,32)", "search.space.model.encoder_channels=null",
        "tracking.figures=false", *QUICK,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    trials = [run for run in tracker_of(folder).runs() if run.tags["role"] == "trial"]
    assert [run.status for run in trials] == ["finished"] * 3
    assert {int(run.params["model.latent_dim"]) for run in trials} <= {16, 32}
    assert all("val/density/median_relative_error" in run.metrics for run in trials)


@pytest.mark.process
def test_an_input_file_is_recorded_as_what_it_says(tmp_path):
    rng = np.random.default_rng(0)
    radius = np.geomspace(15.0, 1500.0, 20)
    columns = {"sb": 1e-6 * (radius / 100) ** -3, "Txray": 5 * (radius / 100) ** -0.3}
    columns["ne3d"] = 1e-2 * (radius / 100) ** -1.5
    for i in range(30):
        folder = tmp_path / "profiles" / f"cluster{i:02d}"
        folder.mkdir(parents=True)
        factor = np.exp(0.3 * rng.standard_normal())
        for name, value in columns.items():
            power = {"sb": 2, "Txray": 0, "ne3d": 1}[name]
            rows = np.column_stack([radius, radius, radius, value * factor**power])
            np.savetxt(folder / f"{name}.txt", rows)
    resampling = {"Mode": "on", "Input list": [["sb", 40], ["Txray", 40]], "Output list": [["ne3d", 40]]}
    (tmp_path / "input_file.json").write_text(
        json.dumps({"Data path": "profiles", "Preprocessing": {"Resampling": resampling}})
    )
    done = train_py(
        tmp_path, "data=cluster", "data.input_file=input_file.json", "model=deprojector", "model.width=16",
        "trainer.max_epochs=2", "data.preparation.input_range=[0.01,1.0]",
        "data.preparation.output_range=[0.01,1.0]", "tracking.figures=false",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = tracker_of(tmp_path).runs()
    assert run.tags["target"] == "density"
    recorded = yaml.safe_load((artifacts(tmp_path, run) / "config.yaml").read_text())
    assert recorded["data"]["input_file"] is None
    assert recorded["data"]["source"] == "tables"
    assert recorded["data"]["observables"] == ["sb", "Txray"]
    assert recorded["data"]["preparation"]["n_input"] == recorded["data"]["preparation"]["n_output"] == 40
    assert recorded["target"] == "density"


def composed(*overrides):
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("config", judged_by_pydantic(list(overrides)))


@pytest.mark.parametrize(
    ("target", "encoder", "decoder", "batch", "epochs"),
    [
        ("pressure", [16, 32, 64, 128], [32, 32], 8, 60),
        ("temperature", [32, 64, 128], [32, 32], 4, 30),  # not published: found
        ("density", [16, 32, 64], [16, 16], 4, 30),
    ],
)
def test_experiments_have_the_published_numbers(target, encoder, decoder, batch, epochs):
    config = parse(composed(f"experiment=astroclass_{target}"))
    assert config.target == target
    assert (config.model.name, config.loss.name) == ("encoder_decoder_1d", "mae")
    assert (config.model.encoder_channels, config.model.latent_dim) == (encoder, 512)
    assert (config.model.decoder_channels, config.model.dropout_rate) == (decoder, 0.0)
    assert (config.data.batch_size, config.trainer.max_epochs) == (batch, epochs)
    assert config.trainer.early_stopping.patience is None
    preparation = config.data.preparation
    assert (preparation.n_input, preparation.n_output) == (50, 100)
    assert preparation.output == "radii_and_values"
    assert (preparation.masks, preparation.line_of_sight) == ("off", "off")
    assert len(config.data.observables) == 8


@pytest.mark.parametrize("target", ["pressure", "density", "temperature"])
def test_sweeps_search_the_space_of_the_study(target):
    config = parse(composed(f"sweeps=astroclass_{target}"))
    assert config.target == target
    assert config.search.n_trials == 240 > 200
    assert config.search.objectives == ["val/mae"]
    assert config.data.preparation.output == "radii_and_values"
    space = {key: str(value) for key, value in config.search.model_dump()["space"].items()}
    for number in ("256", "512", "1024", "2048"):
        assert number in space["model.latent_dim"]
    assert "[16, 32, 64, 128]" in space["model.encoder_channels"]
    assert "[32, 32]" in space["model.decoder_channels"]
    assert {"data.batch_size", "model.dropout_rate", "optimizer.lr", "trainer.max_epochs"} <= space.keys()
    (first,) = enqueued(config)
    trial = configure(config, suggest(FixedTrial(first), config.search.distributions))
    best = parse(composed(f"experiment=astroclass_{target}"))
    same = {"search", "name", "tracking", "trainer", "replicates"}
    assert trial.model_dump(exclude=same) == best.model_dump(exclude=same)
    assert trial.trainer.max_epochs == best.trainer.max_epochs
