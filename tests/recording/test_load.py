"""What a run left predicts, read back in another process, what the run itself predicted."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
import torch

from astrosweep.config import RunConfig
from astrosweep.config.kinds.tables import PreparationConfig
from astrosweep.config.loss import LossConfig
from astrosweep.config.model import ModelConfig
from astrosweep.config.split import SplitConfig
from astrosweep.config.target import TargetTransformConfig
from astrosweep.core.errors import ConfigError
from astrosweep.kinds import _KINDS, kind_of
from astrosweep.recording import load
from tests.conftest import ROOT
from tests.recording.runs import COVER, change, make, record

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def recorded(
    make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, RunConfig]:
    """Every run of the covering set, recorded below ``runs``."""
    folder = tmp_path_factory.mktemp("recorded")
    configs = {name: make(make_config, name, folder / "objects") for name in COVER}
    for name, config in configs.items():
        record(config, folder / "runs" / name)
    return configs


@pytest.fixture(scope="module")
def runs(recorded: dict[str, RunConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next(tmp_path_factory.getbasetemp().glob("recorded*")) / "runs"


@pytest.fixture(scope="module")
def read_back(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of predictions that one new process made of all runs."""
    tables = tmp_path_factory.mktemp("tables")
    command = [sys.executable, "-m", "tests.recording.read_back", str(runs), str(tables)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tables


def names_of(union: Any) -> set[str]:
    """Names of the options of a group of the configuration."""
    options = get_args(get_args(union)[0])
    return {name for option in options for name in get_args(option.model_fields["name"].annotation)}


def choices_of(model: Any, field: str) -> set[str]:
    return set(get_args(model.model_fields[field].annotation))


def test_the_runs_cover_every_kind_network_loss_split_and_transform(recorded: dict[str, RunConfig]) -> None:
    configs = recorded.values()
    rows = [config.data.preparation for config in configs if not config.data.has_profiles]
    profiles = [config.data.preparation for config in configs if config.data.has_profiles]
    assert {type(config.data) for config in configs} == set(_KINDS)
    assert {config.model.name for config in configs} == names_of(ModelConfig)
    assert {config.loss.name for config in configs} == names_of(LossConfig)
    assert {config.split.name for config in configs} == names_of(SplitConfig)
    assert {one.target_transform.name for one in rows} == choices_of(TargetTransformConfig, "name")
    assert {one.scaling for one in rows} == choices_of(PreparationConfig, "scaling")
    assert {one.output for one in profiles} == {"values", "radii_and_values"}
    assert {config.replicates for config in configs} == {1, 2}
    assert {config.trainer.folds for config in configs} >= {"auto", "sequential"}
    assert {config.trainer.precision for config in configs} == {"32-true", "bf16-mixed"}


@pytest.mark.parametrize("name", COVER)
def test_a_new_process_predicts_the_sealed_objects_to_the_last_bit(
    name: str, recorded: dict[str, RunConfig], runs: Path, read_back: Path
) -> None:
    config = recorded[name]
    n_folds = getattr(config.split, "n_folds", 1)
    for replicate in range(config.replicates):
        below = f"replicate_{replicate}" if config.replicates > 1 else ""
        written = pd.read_parquet(runs / name / "artifacts" / below / "predictions.parquet")
        assert set(written["fold"]) == set(range(n_folds))
        for fold in range(n_folds):
            rows = written[(written["part"] == "test") & (written["fold"] == fold)]
            found = pd.read_parquet(read_back / name / below / f"fold_{fold}.parquet")
            assert len(found) > 0
            expected = rows.drop(columns=["part", "fold"]).reset_index(drop=True)
            pd.testing.assert_frame_equal(found, expected, check_exact=True)
            for column in expected.select_dtypes("number"):
                assert found[column].to_numpy().tobytes() == expected[column].to_numpy().tobytes()


def sealed_of(config: RunConfig) -> Any:
    return kind_of(config).develop(config).sealed


def equal(one: Any, other: Any) -> bool:
    return bool(
        np.array_equal(one.predicted.mean, other.predicted.mean, equal_nan=True)
        and np.array_equal(one.predicted.std, other.predicted.std, equal_nan=True)
    )


def test_run_replicate_and_fold_are_read_the_same_way(recorded: dict[str, RunConfig], runs: Path) -> None:
    run = runs / "stars-replicates" / "artifacts"
    names = [f"replicate_{r}/fold_{k}" for r in range(2) for k in range(3)]
    whole, sealed = load(run), sealed_of(recorded["stars-replicates"])
    assert [member.name for member in whole.members] == names
    replicate = load(str(run / "replicate_1"))
    assert [member.name for member in replicate.members] == names[3:]
    (member,) = load(run / "replicate_1" / "fold_2").members
    assert member.name == names[5]
    assert whole.config == replicate.config == recorded["stars-replicates"]
    for one, other in ((whole.members[5], member), (replicate.members[2], member)):
        assert equal(one.predict(sealed), other.predict(sealed))
    assert not equal(whole.members[4].predict(sealed), member.predict(sealed))


def test_a_fold_is_read_from_within_it(
    recorded: dict[str, RunConfig], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs / "stars-together" / "artifacts" / "fold_1")
    assert [member.name for member in load(".").members] == ["fold_1"]
    assert len(load("..").members) == 3


def test_folds_come_by_their_numbers(make_config: Callable[..., RunConfig], tmp_path: Path) -> None:
    config = make(make_config, "stars-together", tmp_path, "split.n_folds=11", "trainer.max_epochs=1")
    names = [member.name for member in load(record(config, tmp_path / "run")).members]
    assert names == [f"fold_{k}" for k in range(11)]


@pytest.mark.parametrize("name", ["stars-holdout", "clusters-simple", "table-log"])
def test_one_network_predicts_for_itself(name: str, recorded: dict[str, RunConfig], runs: Path) -> None:
    trained, sealed = load(runs / name / "artifacts"), sealed_of(recorded[name])
    (member,) = trained.members
    assert equal(trained.predict(sealed), member.predict(sealed))
    pd.testing.assert_frame_equal(trained.table(sealed), member.table(sealed), check_exact=True)


@pytest.mark.parametrize("name", ["stars-replicates", "table-together", "clusters-law"])
def test_several_networks_predict_as_a_mixture(name: str, recorded: dict[str, RunConfig], runs: Path) -> None:
    trained, sealed = load(runs / name / "artifacts"), sealed_of(recorded[name])
    mixture = trained.predict(sealed)
    parts = [member.predict(sealed).predicted for member in trained.members]
    n = len(parts)
    assert n > 1
    mean = sum(part.mean for part in parts) / n
    variance = sum(part.std**2 for part in parts) / n + sum((part.mean - mean) ** 2 for part in parts) / n
    np.testing.assert_allclose(mixture.predicted.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(mixture.predicted.std, np.sqrt(variance), rtol=1e-9)
    assert (mixture.predicted.std > 0.0).all()
    np.testing.assert_array_equal(mixture.predicted.ids, sealed.ids)
    assert mixture.truth is None
    assert np.isnan(mixture.target).all()
    table, of_member = trained.table(sealed), trained.members[0].table(sealed)
    assert list(table.columns) == list(of_member.columns)
    assert len(table) == len(of_member)


def test_the_factors_of_a_fold_scale_what_it_predicts(recorded: dict[str, RunConfig], runs: Path) -> None:
    (member,) = load(runs / "stars-holdout" / "artifacts").members
    sealed = sealed_of(recorded["stars-holdout"])
    std = member.predict(sealed).predicted.std
    slope = member.preparation.transform.width  # a point loss states one on the network's scale
    np.testing.assert_allclose(std, slope * member.factor[0], rtol=1e-12)


def test_a_network_that_was_trained_on_another_device_predicts_on_this_one(
    make_config: Callable[..., RunConfig], tmp_path: Path
) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has the device that the run asks for")
    config = make(make_config, "stars-holdout", tmp_path / "objects")
    run = record(config, tmp_path / "run")
    expected = load(run).predict(sealed_of(config))
    change(run, "config.yaml", lambda text: text.replace("accelerator: cpu", "accelerator: cuda"))
    with pytest.raises(ConfigError, match="accelerator=cuda: this machine has no such device"):
        load(run)
    assert equal(load(run, accelerator="cpu").predict(sealed_of(config)), expected)
