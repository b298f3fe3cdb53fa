"""Names that a command makes are short enough for the configuration, and stay different."""

import pytest

from astrosweep.config.parse import validate
from astrosweep.core.errors import ConfigError
from astrosweep.job.naming import LONGEST, name_by_sweep

FEATURES = "[" + ",".join(f"feature_number_{i}" for i in range(40)) + "]"


def test_the_limit_is_that_of_the_configuration(make_config):
    plain = make_config("data=cepheid").model_dump()
    assert validate(plain | {"name": LONGEST * "x"}).name == LONGEST * "x"
    with pytest.raises(ConfigError, match=rf"at most {LONGEST}"):
        validate(plain | {"name": (LONGEST + 1) * "x"})


@pytest.mark.parametrize("words", [(), ("search=random",), (f"name={LONGEST * 'x'}",)])
def test_a_long_name_is_cut_and_stays_different(make_config, words):
    config = make_config("data=cepheid", *words)
    swept = ["data.features.optional", "seed"]
    jobs = [[f"++data.features.optional={FEATURES}", f"seed={seed}"] for seed in (1, 2)]
    first, second = (name_by_sweep(config, swept, job) for job in jobs)
    assert first.name != second.name
    assert name_by_sweep(config, swept, jobs[0]).name == first.name
    for named in (first, second):
        assert len(named.name) <= LONGEST
        assert "… " in named.name
        assert named.name.startswith(config.run_name[:100])
        assert validate(named.model_dump()).name == named.name
        assert named.search is None or len(named.as_study().study_name) <= LONGEST


def test_a_name_that_fits_is_whole_and_without_quotes(make_config):
    config = make_config("data=cepheid")
    job = ["++data.path='stars (1).csv'", "++model.l2=0.1", "worker=3", "model=mlp"]
    swept = ["data.path", "model.l2", "worker", "model"]
    assert name_by_sweep(config, swept, job).name == "cepheid-simulated-mlp path=stars (1).csv l2=0.1"
    assert name_by_sweep(config, ["worker", "model"], job) == config


@pytest.mark.parametrize(
    ("target", "expected"),
    [("redshift", "a-redshift-mlp seed=1"), ("[Fe/H]", "a-Fe_H-mlp target=[Fe/H] seed=1")],
)
def test_a_target_stands_in_a_name_once(make_config, target, expected):
    words = [f"data.target='{target}'", "seed=1"]
    config = make_config("data=table", "data.path=a.csv", *words)
    assert name_by_sweep(config, ["data.target", "seed"], words).name == expected
