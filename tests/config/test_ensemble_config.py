"""The configurations of ``ensemble.py`` and ``promote.py``: the files and the classes say the same."""

from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from pydantic import BaseModel

from astrosweep.config.ensemble import EnsembleConfig, EnsembleSettings, ensemble_config
from astrosweep.config.promote import PromoteSettings, promote_config
from astrosweep.core.errors import ConfigError
from astrosweep.job import judged_by_pydantic
from tests.conftest import ROOT

SECTIONS: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
    "ensemble": (EnsembleSettings, {}),
    "promote": (PromoteSettings, {"model": "???"}),  # OmegaConf's word for what has to be given
}


@pytest.mark.parametrize("section", list(SECTIONS))
def test_file_and_class_have_the_same_keys_and_defaults(section: str) -> None:
    settings, required = SECTIONS[section]
    written = yaml.safe_load((ROOT / "conf" / f"{section}.yaml").read_text())[section]
    fields = settings.model_fields
    assert list(written) == list(fields)
    for key, field in fields.items():
        if field.is_required():
            assert written[key] == required[key], key
        else:
            assert written[key] == field.get_default(call_default_factory=True), key


@pytest.mark.parametrize("section", list(SECTIONS))
def test_every_key_says_what_it_is(section: str) -> None:
    settings, _ = SECTIONS[section]
    for key in settings.model_fields:
        assert f"\n        {key}: " in f"\n{settings.__doc__}", key
    lines = (ROOT / "conf" / f"{section}.yaml").read_text().partition(f"\n{section}:")[2].splitlines()
    for key in settings.model_fields:
        (line,) = [line for line in lines if line.startswith(f"  {key}:")]
        assert "#" in line, key


def _ensemble(*words: str) -> EnsembleConfig:
    given = judged_by_pydantic(list(words))
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return ensemble_config(compose("ensemble", given), given)


def test_keys_of_a_run_say_what_is_wanted() -> None:
    config = _ensemble("data=cepheid", "data.source=table", "split=kfold", "target=parallax", "seed=3")
    assert config.wanted == {
        "data.name": "cepheid",
        "data.source": "table",
        "split.name": "kfold",
        "target": "parallax",
        "seed": "3",
    }
    assert _ensemble("ensemble.max={val/rmse: 1}", "model.l2=1e-3").ensemble.max == {"val/rmse": 1.0}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("ensemble.stratgy=best", r"ensemble\.stratgy = 'best': unknown key; did you mean strategy\?"),
        ("ensemble.objective=mae", r"ensemble\.objective = 'mae': .*'mse', 'nll' or 'crps'"),
        ("ensemble.max_networks=0", r"ensemble\.max_networks = 0: .*greater than or equal to 1"),
        ("ensemble.name=a/b", r"ensemble\.name = 'a/b': .*pattern"),
        ("ensemble.name=..", r"ensemble\.name = '\.\.': .*pattern"),
        ("ensemble.min={val/r2: high}", r"ensemble\.min.*val/r2 = 'high': "),
    ],
)
def test_a_wrong_word_is_named_with_what_is_allowed(word: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        _ensemble("data=cepheid", word)


def test_bounds_that_leave_no_room_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"ensemble\.min has val/r2: 0\.9, above ensemble\.max: 0\.5"):
        _ensemble("ensemble.min={val/r2: 0.9}", "ensemble.max={val/r2: 0.5}")


def test_a_number_is_a_version_and_a_name() -> None:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        composed = compose("promote", ["promote.model=7", "promote.version=3"])
    assert promote_config(composed).promote == PromoteSettings(model="7", version="3")
    OmegaConf.update(composed, "promote.forse", True, force_add=True)
    with pytest.raises(ConfigError, match=r"promote\.forse = True: unknown key; did you mean force\?"):
        promote_config(composed)
