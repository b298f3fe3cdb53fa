"""A password of a command's words reaches the run by the environment, and Hydra never sees it."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from astrosweep.core.errors import ConfigError
from astrosweep.job import judged_by_pydantic
from astrosweep.job.passwords import overrides_of, refuse_passwords, without_passwords
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    for number in (1, 2, 3):
        monkeypatch.setenv(f"ASTROSWEEP_PASSWORD_{number}", "of another command")
    monkeypatch.setenv("PGPASS", "SECRET-of-environment")


def given_to_hydra(word):
    """The word as Hydra gets it, and the value that a run then has."""
    (passed,) = judged_by_pydantic(without_passwords([word]))
    value = OverridesParser.create().parse_override(passed).value()
    return passed, OmegaConf.to_container(OmegaConf.create({"value": value}), resolve=True)["value"]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("storage=postgresql://a:SECRET@h:1/s", "postgresql://a:SECRET@h:1/s"),
        ("storage=postgresql://a:S@EC/R:E%T?@h/s", "postgresql://a:S@EC/R:E%T?@h/s"),
        ("storage=postgresql://a:SE,CRET@h/s", "postgresql://a:SE,CRET@h/s"),
        ("storage=postgresql://a:SE#C(R E='T\\@h/s", "postgresql://a:SE#C(R E='T\\@h/s"),
        ("storage='postgresql://a:SECRET@h/s'", "postgresql://a:SECRET@h/s"),
        ('tracking.uri="postgresql://h/s?password=SECRET"', "postgresql://h/s?password=SECRET"),
        ("tracking.uri=postgresql://h/s?password=SECRET", "postgresql://h/s?password=SECRET"),
        ("tracking.uri=postgresql://h/s?password\\=SE\\,CRET", "postgresql://h/s?password=SE,CRET"),
        ("+tracking={uri:postgresql://a:SECRET@h/s,x:1}", {"uri": "postgresql://a:SECRET@h/s", "x": 1}),
        ("storage=${oc.env:NO,postgresql://a:SECRET@h/s}", "postgresql://a:SECRET@h/s"),
        (
            "storage=postgresql://a:SEC${oc.env:PGPASS}RET@h/s",
            "postgresql://a:SECSECRET-of-environmentRET@h/s",
        ),
        ("storge=mysql://a:SECRET@h/s", "mysql://a:SECRET@h/s"),
        ("storage=glob(postgresql://a:SECRET@h/s)", "glob(postgresql://a:SECRET@h/s)"),
    ],
)
def test_a_password_is_handed_on_by_the_environment(word, value):
    passed, received = given_to_hydra(word)
    assert received == value
    assert "${oc.env:ASTROSWEEP_PASSWORD_1}" in passed
    assert not any(part in passed for part in ("SEC", "RET", "EC/R", "E%T"))


def test_each_password_has_a_variable_of_its_own():
    words = ["storage='postgresql://a:SECRET@h/s','postgresql://a:TERCES@h/s'", "tracking.uri=http://a:PW@h"]
    jobs, uri = without_passwords(words)
    assert jobs == (
        "storage='postgresql://a:${oc.env:ASTROSWEEP_PASSWORD_1}@h/s',"
        "'postgresql://a:${oc.env:ASTROSWEEP_PASSWORD_2}@h/s'"
    )
    assert uri == "tracking.uri='http://a:${oc.env:ASTROSWEEP_PASSWORD_3}@h'"


@pytest.mark.parametrize(
    "word",
    [
        "-m",
        "model=dnn,mlp",
        "storage=sqlite:////data/a:b@c/studies.db",
        "storage=postgresql://ada@host:5432/studies",
        "storage=postgresql://ada:${oc.env:PGPASS}@host/studies",
        "storage=${oc.env:ASTROSWEEP_STUDIES,sqlite:///mlruns/studies.db}",
        "tracking.uri=http://host:5000/mlflow",
        "hydra.launcher.ray.init.address=ray://host:10001",
    ],
)
def test_words_without_a_password_stay_as_they_are(word):
    assert without_passwords([word]) == [word]


def test_a_process_that_did_not_get_the_password_says_so(make_config, monkeypatch):
    (word,) = without_passwords(["storage=postgresql://a:SECRET@h/s"])
    monkeypatch.delenv("ASTROSWEEP_PASSWORD_1")
    with pytest.raises(ConfigError, match=r"(?s)ASTROSWEEP_PASSWORD_1.*reaches jobs by their environment"):
        make_config(word)


def composed_from(*words):
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("config", list(words), return_hydra_config=True)


@pytest.mark.parametrize("key", ["storage", "tracking.uri"])
def test_a_password_in_a_file_is_refused_and_one_of_the_environment_is_not(key):
    refuse_passwords(composed_from(f"++{key}='postgresql://a:${{oc.env:PGPASS}}@h/s'"))
    with pytest.raises(ConfigError, match=rf"{key}: a password stands in a configuration file") as caught:
        refuse_passwords(composed_from(f"++{key}='postgresql://a:SECRET@h/s'"))
    assert "SECRET" not in str(caught.value)


def test_the_words_of_a_job_keep_their_interpolations():
    word = "storage=postgresql://a:${oc.env:PGPASS}@h/s"
    assert overrides_of(composed_from(word, "seed=3").hydra) == [word, "seed=3"]
