"""The original application's input file becomes settings; what it cannot mean here is refused by name."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.core.errors import ConfigError
from astrosweep.kinds.clusters.profiles.input_file import apply_input_file

ORIGINAL = {
    "Mode": "train",
    "Data path": "profiles",
    "Preprocessing": {
        "Correlations": "off",
        "Cleaning": "interpolate",
        "Transformation": "Standard",
        "Randomize": "off",
        "Data Blocks": "on",
        "Resampling": {
            "Mode": "on",
            "Input list": [["sb", 40], ["Txray", 40], ["y100GHz", 40]],
            "Output list": [["szp3d", 80]],
        },
    },
}


def apply(tmp_path: Path, content: Any, **settings: Any) -> tuple[ClusterDataConfig, list[str] | None]:
    path = tmp_path / "input_file.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return apply_input_file(ClusterDataConfig(name="cluster", input_file=str(path), **settings))


def resampling(**section: Any) -> dict[str, Any]:
    return {"Preprocessing": {"Resampling": section}}


def test_the_original_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config, targets = apply(tmp_path, ORIGINAL, batch_size=4)
    assert (config.source, config.path) == ("tables", str(tmp_path / "profiles"))
    assert config.observables == ["sb", "Txray", "y100GHz"]
    assert (config.preparation.n_input, config.preparation.n_output) == (40, 80)
    assert config.preparation.standardise
    assert config.cleaning.gaps == "interpolate"
    assert targets == ["szp3d"]
    assert config.batch_size == 4
    assert caplog.text == ""
    assert apply_input_file(config) == (config, targets)


def test_the_file_of_the_documentation(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "profile_tables.md").read_text(encoding="utf-8")
    config, targets = apply(tmp_path, text.split("```json\n")[1].split("```")[0])
    assert config.observables == ["sb", "Txray", "y143GHz"]
    assert targets == ["szp3d"]


def test_commas_at_the_end_and_comments(tmp_path: Path) -> None:
    """The original application prints its own file with a comma after the last entries."""
    text = json.dumps(ORIGINAL, indent=2)
    ended = re.sub(r'(?<=[\]}"\d])\n(\s*[\]}])', r",\n\1", text).replace('"train",', '"train", // how')
    assert ended.count(",") > text.count(",")
    with pytest.raises(json.JSONDecodeError):
        json.loads(ended)
    assert apply(tmp_path, "/* settings */\n" + ended) == apply(tmp_path, ORIGINAL)


def test_without_an_input_file_nothing_changes() -> None:
    config = ClusterDataConfig(name="cluster")
    assert apply_input_file(config) == (config, None)


def test_what_the_file_does_not_say_stays(tmp_path: Path) -> None:
    settings = {"source": "tables", "path": "mine", "observables": ["sb"], "cleaning": {"gaps": "refuse"}}
    config, targets = apply(tmp_path, {}, **settings)
    assert (config.path, config.observables, config.cleaning.gaps) == ("mine", ["sb"], "refuse")
    assert targets is None
    config, _ = apply(tmp_path, {"Mode": "train"})
    assert config.source == "simulated"


@pytest.mark.parametrize("key", ["Data path", "data_path", "DATA-PATH", "Path", "dataPath", "Data directory"])
def test_spellings_of_the_path(key: str, tmp_path: Path) -> None:
    assert apply(tmp_path, {key: "a/b"})[0].path == str(tmp_path / "a" / "b")
    elsewhere = str(tmp_path.parent / "elsewhere")
    assert apply(tmp_path, {key: elsewhere})[0].path == elsewhere


@pytest.mark.parametrize(
    ("section", "read"),
    [
        ({"Cleaning": "none"}, ("refuse", True)),
        ({"cleaning": "OFF"}, ("refuse", True)),
        ({"CLEANING": "Interpolate"}, ("interpolate", True)),
        ({"Transformation": "standard"}, ("interpolate", True)),
        ({"Transformation": "None"}, ("interpolate", False)),
        ({"Transformation": None}, ("interpolate", False)),
        ({"transformation": False}, ("interpolate", False)),
        ({"Correlations": False, "data_blocks": True, "randomize": "Off"}, ("interpolate", True)),
    ],
)
def test_words_of_the_preprocessing(section: dict[str, Any], read: tuple[str, bool], tmp_path: Path) -> None:
    config, _ = apply(tmp_path, {"preprocessing": section})
    assert (config.cleaning.gaps, config.preparation.standardise) == read


@pytest.mark.parametrize(
    "given", [["sb", "txray"], {"sb": 20, "Txray": 20}, [["sb", 20], ["TXRAY", 20]], ["sb", ["Txray", 20]]]
)
def test_shapes_of_the_lists(given: Any, tmp_path: Path) -> None:
    config, targets = apply(tmp_path, resampling(**{"Input list": given, "output_list": ["T3D", "ne3d"]}))
    assert config.observables == ["sb", "Txray"]
    assert config.preparation.n_input == (50 if given == ["sb", "txray"] else 20)
    assert config.preparation.n_output == 100
    assert targets == ["t3d", "ne3d"]


def test_settings_without_effect_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    section = {"Randomize": "on", "Resampling": {"Mode": "off", "Input list": {"sb": 20}}}
    with caplog.at_level(logging.WARNING):
        config, _ = apply(tmp_path, {"Preprocessing": section})
    assert config.preparation.n_input == 50
    assert config.observables == ["sb"]
    assert "Randomize is on and has no effect" in caplog.text
    assert "Resampling is off, but a network needs the same points" in caplog.text


REFUSED = [
    ({"Mode": "gui"}, "Mode is 'gui', but there is no window here; allowed: train"),
    ({"Mode": "test"}, 'Mode is "test"; allowed: train, gui'),
    ({"Data path": 3}, "Data path is 3; allowed: the directory"),
    ({"Data path": " "}, "Data path is ' '"),
    ({"Data path": "a", "data_path": "b"}, "'Data path' stands there twice, again as 'data_path'"),
    ({"Preprocesing": {}}, "unknown key 'Preprocesing'; did you mean 'Preprocessing'?; allowed: Data path"),
    ({"Preprocessing": []}, "Preprocessing is a list; allowed: an object with Correlations"),
    ({"Preprocessing": {"Smoothing": "on"}}, "Preprocessing: unknown key 'Smoothing'; allowed: Correlations"),
    ({"Preprocessing": {"Correlations": "on"}}, "Correlations is on, but no observable is dropped"),
    ({"Preprocessing": {"Correlations": 0.9}}, "Correlations is 0.9; allowed: off, on"),
    ({"Preprocessing": {"Cleaning": "drop"}}, 'Cleaning is "drop"; allowed: interpolate, none, off'),
    ({"Preprocessing": {"Transformation": "MinMax"}}, '"MinMax"; allowed: Standard, None, off'),
    ({"Preprocessing": {"Transformation": "Standart"}}, "did you mean 'Standard'?"),
    ({"Preprocessing": {"Randomize": ["on"]}}, 'Randomize is ["on"]; allowed: off, on'),
    ({"Preprocessing": {"Data Blocks": "off"}}, "Data Blocks is off, but each observable is a channel"),
    ({"Preprocessing": {"Resampling": "on"}}, "Resampling is a text; allowed: an object with Mode"),
    (resampling(Points=3), "Resampling: unknown key 'Points'"),
    (resampling(Mode="maybe"), 'Resampling: Mode is "maybe"; allowed: on, off'),
    (resampling(**{"Input list": []}), "Input list is empty; allowed: [name, ...]"),
    (resampling(**{"Input list": "sb"}), "Input list is a text; allowed"),
    (resampling(**{"Input list": ["y150GHz"]}), 'the profile is "y150GHz"; did you mean \'y'),
    (resampling(**{"Input list": ["szp3d"]}), 'Input list: the profile is "szp3d"; allowed: sb, Txray'),
    (resampling(**{"Input list": ["sb", "SB"]}), "Input list names sb twice"),
    (resampling(**{"Input list": {"sb": 20, "Txray": 30}}), "different numbers of points: sb 20, Txray 30"),
    (resampling(**{"Input list": {"sb": "20"}}), "sb has '20' points; allowed: a whole number of at least 4"),
    (resampling(**{"Input list": {"sb": 3}}), "sb has 3 points"),
    (resampling(**{"Input list": [["sb", 3, 4]]}), "has the entry ['sb', 3, 4]; allowed"),
    (resampling(**{"Output list": {"t3d": True}}), "Output list: t3d has True points"),
    (resampling(**{"Output list": ["sb"]}), 'Output list: the profile is "sb"; allowed: szp3d, ne3d, t3d'),
    (resampling(**{"Output list": {"t3d": 20_000}}), "preparation.n_output=20000"),
    ([], "holds a list; allowed: an object"),
    ('{"Mode": "train",\n "Path" 3}', "line 2, column 9 is no JSON: Unexpected \"3\", at '3}'; look for"),
    ('{"Mode": "train",', "line 1, column 18 is no JSON: Unexpected end of input, at the end of the line"),
    ('{"Mode": "train" "Path": 1}', "line 1, column 18 is no JSON"),
    ("[" * 5000, "nested too deeply"),
    ("", "line 1, column 1 is no JSON"),
    ('{"Mode": "train", "Mode": "gui"}', "the key 'Mode' stands twice"),
]


@pytest.mark.parametrize(("content", "said"), REFUSED)
def test_refused(content: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"input_file\.json: .*{re.escape(said)}"):
        apply(tmp_path, content)


def test_all_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        apply(tmp_path, {"Mode": "gui", "Modus": 1, "Preprocessing": {"Cleaning": "x", "Data Blocks": "off"}})
    assert len(str(caught.value).splitlines()) == 4


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "input_file.json"
    path.write_bytes(b'{"Path": "\xe9"}')
    with pytest.raises(ConfigError, match=r"input_file\.json: byte 11 is no UTF-8"):
        apply_input_file(ClusterDataConfig(name="cluster", input_file=str(path)))
    absent = tmp_path / "input.json"
    with pytest.raises(ConfigError, match=r"no file .*input\.json.*JSON files there: input_file\.json"):
        apply_input_file(ClusterDataConfig(name="cluster", input_file=str(absent)))


def test_sources_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no 'Data path', and data"):
        apply(tmp_path, {}, source="tables")
    with pytest.raises(ConfigError, match="source=rexcess; allowed: source=tables"):
        apply(tmp_path, ORIGINAL, source="rexcess", path="x")
