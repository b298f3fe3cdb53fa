"""Refusals name the key, the value and what is allowed."""

import pytest
import yaml

from astrosweep.config import load_run_config
from astrosweep.core.errors import ConfigError


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        (["+model.dropuot=0.3"], ["model.dropuot", "0.3", "did you mean dropout", "hidden"]),
        (["+data.preparation.scalling=robust"], ["data.preparation.scalling", "did you mean scaling"]),
        (["+colour=blue"], ["colour", "unknown key", "optimizer"]),
        (["model.dropout=1.5"], ["model.dropout", "1.5", "less than 1"]),
        (["optimizer.lr=fast"], ["optimizer.lr", "fast", "number"]),
        (["optimizer.lr=-1"], ["optimizer.lr", "-1", "greater than 0"]),
        (["data.batch_size=6.5"], ["data.batch_size", "6.5", "integer"]),
        (["data.source=tabel"], ["data.source", "tabel", "simulated", "table", "archive"]),
        (["model.activation=swish"], ["model.activation", "swish", "leaky_relu"]),
        (["model.name=cnn"], ["model.name", "cnn", "dnn", "mlp"]),
        (["data.source=table"], ["data", "source=table needs path"]),
        (["data.path=x.csv"], ["path", "x.csv", "allowed: source=table"]),
        (["split.train=0.5"], ["split", "0.8", "must be 1"]),
        (["scheduler=cosine", "scheduler.warmup_epochs=300"], ["warmup_epochs", "300", "max_epochs"]),
        (["data.cleaning.cuts={ruwe:[2,1]}"], ["cuts.ruwe", "2", "below", "1"]),
        (["data.cleaning.cuts={ruwe:[2]}"], ["cuts.ruwe", "2 items"]),
        (["data.features.required=[bp_rp,bp_rp]"], ["bp_rp", "twice"]),
        (["optimizer.lr=nan"], ["optimizer.lr", "nan", "finite"]),
        (["seed=-1"], ["seed", "-1", "greater than or equal to 0"]),
    ],
)
def test_refusal_names_key_value_and_allowed(overrides, parts, make_config):
    with pytest.raises(ConfigError) as caught:
        make_config(*overrides)
    for part in parts:
        assert part in str(caught.value)


def test_every_fault_is_named_at_once(make_config):
    with pytest.raises(ConfigError) as caught:
        make_config("model.dropout=2", "optimizer.lr=0", "seed=-1")
    assert all(key in str(caught.value) for key in ("model.dropout", "optimizer.lr", "seed"))


def test_missing_value_is_named(make_config):
    with pytest.raises(ConfigError, match=r"data\.batch_size"):
        make_config("data.batch_size=???")


def test_configuration_is_frozen(make_config):
    with pytest.raises(ValueError, match="frozen"):
        make_config().seed = 3


def test_saved_configuration_reads_back_equal(make_config, tmp_path):
    config = make_config("model=dnn", "split=kfold", "loss=huber", "data.cleaning.cuts={ruwe:[null,1.4]}")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    assert load_run_config(path) == config


def test_unreadable_saved_configuration_is_named(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("{unclosed")
    with pytest.raises(ConfigError, match=r"(?s)config\.yaml: cannot be read .*expected ',' or '}'"):
        load_run_config(path)
    with pytest.raises(ConfigError, match=r"missing\.yaml: cannot be read .*No such file"):
        load_run_config(tmp_path / "missing.yaml")
