"""Every option of every group composes and validates, and YAML and models say the same."""

from operator import attrgetter
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf
from pydantic import BaseModel

from astrosweep.config import (
    DeprojectorConfig,
    DnnConfig,
    EncoderDecoder1dConfig,
    EncoderDecoder2dConfig,
    EncoderDecoderSimpleConfig,
    HoldoutConfig,
    KFoldConfig,
    MlpConfig,
    TrackingConfig,
    TrainerConfig,
)
from astrosweep.config import loss as losses
from astrosweep.config import optimizer as optimizers
from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.config.kinds.stars import SimulationConfig
from astrosweep.config.kinds.tables import CleaningConfig, PreparationConfig, TableDataConfig

CONF = Path(__file__).parents[2] / "conf"
OPTIONS = sorted(
    (path.parent.relative_to(CONF).as_posix(), path.stem)
    for path in CONF.rglob("*.yaml")
    if path.parent != CONF and not path.stem.startswith("_") and "hydra" not in path.parts
)
TABLE = ("data=table", "data.path=a.csv", "data.target=y")
NAMED = {
    **{group: group for group in ("data", "loss", "model", "optimizer", "scheduler", "split", "tracking")},
    **{"data/features": "data.features", "search": "search.sampler", "search/pruner": "search.pruner"},
}
"""Groups whose options carry their own name, and where the configuration has it."""
PROFILE_MODELS = ("encoder_decoder_1d", "encoder_decoder_simple", "encoder_decoder_2d", "deprojector")


def overrides_for(group: str, option: str) -> list[str]:
    overrides = [f"{group}={option}"]
    if group.startswith("search/"):
        overrides.insert(0, "search=tpe")
    if option == "empty":
        overrides.append("search.space.seed=range(0,3)")
    if option == "grid":
        overrides.extend(["search/space=empty", "search.space.seed=range(0,3)"])
    if option == "wilcoxon":
        overrides.append("split=kfold")
    if group == "search/space" and option == "dnn":
        overrides.append("model=dnn")
    if group == "search/space" and option in PROFILE_MODELS:
        overrides.append(f"model={option}")
    if option in PROFILE_MODELS:
        overrides.append("data=cluster")
    if group == "site":
        overrides.append("search=tpe")
    if (group, option) == ("data", "table"):
        overrides = [*TABLE]
    if option == "neurostarmap_merged_error":
        overrides.append("data.allow_leakage=true")
    return overrides


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_option_composes_and_validates(group, option, make_config, monkeypatch):
    for name in ("ASTROSWEEP_STUDIES", "ASTROSWEEP_RUNS", "ASTROSWEEP_POSTGRESQL"):
        monkeypatch.setenv(name, "postgresql+psycopg://ada@login1:5432")
    config = make_config(*overrides_for(group, option))
    if group in NAMED and option != "pareto":
        assert attrgetter(NAMED[group])(config).name == option
    if group == "experiment":
        assert config != make_config()


@pytest.mark.parametrize(
    ("file", "model"),
    [
        ("model/dnn", DnnConfig),
        ("model/mlp", MlpConfig),
        ("model/encoder_decoder_1d", EncoderDecoder1dConfig),
        ("model/encoder_decoder_simple", EncoderDecoderSimpleConfig),
        ("model/encoder_decoder_2d", EncoderDecoder2dConfig),
        ("model/deprojector", DeprojectorConfig),
        ("loss/mse", losses.MseConfig),
        ("loss/mae", losses.MaeConfig),
        ("loss/huber", losses.HuberConfig),
        ("loss/gaussian_nll", losses.GaussianConfig),
        ("loss/student_t_nll", losses.StudentTConfig),
        ("optimizer/adam", optimizers.AdamConfig),
        ("optimizer/adamw", optimizers.AdamWConfig),
        ("optimizer/sgd", optimizers.SgdConfig),
        ("optimizer/rmsprop", optimizers.RmspropConfig),
        ("scheduler/constant", optimizers.ConstantConfig),
        ("scheduler/cosine", optimizers.CosineConfig),
        ("scheduler/step", optimizers.StepConfig),
        ("scheduler/plateau", optimizers.PlateauConfig),
        ("split/holdout", HoldoutConfig),
        ("split/kfold", KFoldConfig),
        ("trainer/default", TrainerConfig),
        ("tracking/mlflow", TrackingConfig),
    ],
)
def test_yaml_holds_every_field_with_its_default(file: str, model: type[BaseModel]):
    written = yaml.safe_load((CONF / f"{file}.yaml").read_text())
    assert written == model().model_dump()


def test_yaml_of_clusters_holds_every_field_with_its_default():
    written = yaml.safe_load((CONF / "data" / "cluster.yaml").read_text())
    assert written == ClusterDataConfig(name="cluster").model_dump()


def test_yaml_of_tables_holds_every_field_with_its_default(make_config):
    assert make_config(*TABLE).data == TableDataConfig(name="table", path="a.csv", target="y")
    written = set(OmegaConf.load(CONF / "data" / "table.yaml"))
    assert written == set(TableDataConfig.model_fields)


def test_base_of_data_holds_every_field(make_config):
    written = set(OmegaConf.load(CONF / "data" / "_base.yaml")) | {"name", "features"}
    assert written == set(type(make_config().data).model_fields)


def test_every_group_of_the_issue_is_there():
    groups = {group for group, _ in OPTIONS}
    assert {"data", "model", "loss", "optimizer", "trainer", "split", "tracking", "experiment"} <= groups


def test_defaults_of_nested_data_settings_agree(make_config):
    data = make_config().data
    assert data.simulation == SimulationConfig()
    assert data.cleaning == CleaningConfig()
    assert data.preparation == PreparationConfig()
