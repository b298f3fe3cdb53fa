"""A run's configuration as that of a study."""

import pytest

from astrosweep.config import StudyConfig
from astrosweep.core.errors import ConfigError


def test_a_study_is_the_configuration_that_it_was_made_from(make_config):
    config = make_config("search=tpe", "search.n_trials=7", "data=cepheid", "seed=3")
    study = config.as_study()
    assert isinstance(study, StudyConfig)
    assert study.model_dump() == config.model_dump()
    assert study.search.n_trials == 7
    assert study.model_copy(update={"worker": 1}).as_study().worker == 1


def test_a_study_has_the_name_of_its_run_unless_it_has_its_own(make_config):
    config = make_config("search=tpe", "data=cepheid", "model=mlp")
    assert config.as_study().study_name == config.run_name == "cepheid-simulated-mlp"
    assert make_config("search=tpe", "search.study=mine").as_study().study_name == "mine"


def test_a_run_without_a_search_is_no_study(make_config):
    with pytest.raises(ConfigError, match="search = None: a study needs a search; say for example"):
        make_config().as_study()
