"""The words of a command reach Hydra as they are meant."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from astrosweep.core.errors import ConfigError
from astrosweep.job import judged_by_pydantic


def values_of(word: str) -> list[object]:
    """What Hydra reads of a word: one value, or those of a sweep."""
    (judged,) = judged_by_pydantic([word])
    override = OverridesParser.create().parse_override(judged)
    if not override.is_sweep_override():
        return [override.value()]
    texts = [f"x={text}" for text in override.sweep_string_iterator()]
    return [OverridesParser.create().parse_override(text).value() for text in texts]


FILES = [
    "stars (1).csv",
    "Übung/x.csv",
    "a=b.csv",
    "a#b.csv",
    "a,b.csv",
    "[x].csv",
    "it's.csv",
    "2024",
    "a b.csv",
]


@pytest.mark.parametrize("name", [*FILES, "range(0,5)", "{a}.csv", "true", "a & b.csv", "!.csv", 'a"b.csv'])
def test_a_value_that_names_a_file_is_that_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).touch()
    assert values_of(f"data.path={name}") == [name]


@pytest.mark.parametrize(
    "name", ["stars (1).csv", "Übung/x.csv", "a=b.csv", "a#b.csv", "it's.csv", "[x].csv"]
)
def test_a_path_need_not_exist_to_be_text(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for key in ("data.path", "data.input_file", "data.tables.properties", "tracking.artifacts"):
        assert values_of(f"{key}={name}") == [name]
    assert values_of(f"+data.path={name}") == [name]
    assert values_of(f"data.path={name},other.csv") == [name, "other.csv"]
    assert values_of(f"data.path=[{name},other.csv]") == [[name, "other.csv"]]


def test_a_dollar_in_a_file_name_is_no_interpolation(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("p${q}.csv").touch()
    assert values_of("data.path=p${q}.csv") == ["p\\${q}.csv"]
    assert values_of("data.path=${oc.env:HOME}/x.csv") == ["${oc.env:HOME}/x.csv"]


def test_the_home_folder_is_expanded_in_paths_and_addresses(monkeypatch):
    monkeypatch.setenv("HOME", "/users/Zoë (x)")
    assert values_of("data.path=~/x.csv") == ["/users/Zoë (x)/x.csv"]
    assert values_of("data.path='~/x, y.csv'") == ["/users/Zoë (x)/x, y.csv"]
    assert values_of("data.path=a.csv,~/b.csv") == ["a.csv", "/users/Zoë (x)/b.csv"]
    assert values_of("data.path=[~/a.csv,~/b.csv]") == [["/users/Zoë (x)/a.csv", "/users/Zoë (x)/b.csv"]]
    assert values_of("hydra.sweep.dir=~/sweep") == ["/users/Zoë (x)/sweep"]
    assert values_of("storage=sqlite:///~/s.db") == ["sqlite:////users/Zoë (x)/s.db"]
    assert values_of("name=~x") == ["~x"]


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("seed=1,2", [1, 2]),
        ("seed=range(0,3)", [0, 1, 2]),
        ("model.hidden=[256,128],[64]", [[256, 128], [64]]),
        ("data.columns={a: b, c: 'd (e)'}", [{"a": "b", "c": "d (e)"}]),
        ("data.path=a.csv,b.csv", ["a.csv", "b.csv"]),
        ("data.path=null", [None]),
        ("data.path=", [""]),
        ("data.path='a (1).csv',\"b, c.csv\"", ["a (1).csv", "b, c.csv"]),
        ("hydra.sweep.dir=mlruns/${now:%Y-%m-%d}", ["mlruns/${now:%Y-%m-%d}"]),
        ("hydra.sweep.dir=a,b", ["a,b"]),
        ("hydra.sweep.subdir=job_${hydra.job.num}", ["job_${hydra.job.num}"]),
        ("name=run (1)", ["run (1)"]),
        ("name=Übung #1,b", ["Übung #1", "b"]),
        ("tracking.uri=postgresql+psycopg://h/d?connect_timeout=5", ["postgresql+psycopg://h/d?connect_timeout=5"]),
    ],
)  # fmt: skip
def test_sweeps_lists_and_plain_values_stay_what_they_are(word, values, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert values_of(word) == values


def test_flags_and_their_values_are_left_alone():
    words = ["-m", "--config-name", "my config", "seed=1,2", "--config-dir=a (b)", "~data.path", "--help"]
    assert judged_by_pydantic(words) == words


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("seed=range(0,5", "'range(0,5' is not complete"),
        ("seed=rnage(0,5)", "there is no function rnage; allowed: bool,choice"),
        ("model.hidden=[256,128", "'[256,128' is not complete"),
        ("seed=1,,2", "',' cannot stand where it does"),
        ("name='abc", "a quote that nothing closes, or a sign that it does not know, in 'abc"),
        ("seed=choice()", "empty choice is not legal"),
    ],
)
def test_a_true_fault_is_one_sentence_and_how_to_quote(word, reason):
    with pytest.raises(ConfigError) as caught:
        judged_by_pydantic([word])
    message = str(caught.value)
    assert message.startswith(f"{word}: Hydra cannot read this value: {reason}")
    assert "\n" not in message
    key, _, value = word.partition("=")
    escaped = value.replace("'", "\\'")
    assert message.endswith(f"\"{key}='{escaped}'\"")


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("cepheid", "'cepheid' is no argument. Allowed: <group>=<option> and <key>=<value>"),
        ("a[0]=3", "'a[0]' is no key; allowed: names with dots"),
    ],
)
def test_what_is_no_override_is_told(word, words):
    with pytest.raises(ConfigError) as caught:
        judged_by_pydantic([word])
    assert words in str(caught.value)
