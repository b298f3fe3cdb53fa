"""Fuzzed configurations and words are what they say, or are refused with the key; nothing in between."""

import copy
import math
from collections.abc import Iterator
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from astrosweep.config.parse import validate
from astrosweep.core.errors import ConfigError
from astrosweep.job import judged_by_pydantic

bounded = settings(max_examples=200, derandomize=True, deadline=None, database=None)
CASES = (
    ("data=cepheid", "search=tpe"),
    ("data=table", "data.path=a.csv", "data.target=y", "split=kfold", "model=dnn"),
    ("data=cluster", "data.source=tables", "data.path=a", "model=encoder_decoder_1d", "loss=mae"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 10**30, 0.5, -0.5, 1e-3, 1e30, math.nan, math.inf),
    *("", "x", "auto", "none", "1e-3", "é", "a.csv", "~", "[1]", "null"),
    *([], [1], [0.2, 0.8], ["a"], [None, 1.0], [[]], {}, {"a": 1}, {"a": [None, 1.0]}, {"name": "x"}),
)


def keys_of(plain: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key of a configuration and of what is in it."""
    for key, value in plain.items() if isinstance(plain, dict) else ():
        yield (*above, key)
        yield from keys_of(value, (*above, key))


def at(plain: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        plain = plain[key]
    return plain


def same(found: Any, given: Any) -> bool:
    """Whether a configuration has what it was given; null may stand for nothing, a text for its number."""
    if given is None:
        return found in (None, {}, [])
    if isinstance(given, dict):
        return isinstance(found, dict) and all(key in found and same(found[key], given[key]) for key in given)
    if isinstance(given, list):
        is_list = isinstance(found, list) and len(found) == len(given)
        return found == f"[{given[0]}]" if not is_list else all(map(same, found, given))
    if isinstance(found, bool) or isinstance(given, bool):
        return found is given
    return bool(found == given)


@bounded
@given(choice=st.sampled_from(CASES), draws=st.data())
def test_a_configuration_has_what_it_was_given_or_is_refused(choice, draws, make_config) -> None:
    plain = make_config(*choice).model_dump(mode="json")
    keys = sorted(keys_of(plain), key=str)
    changed = copy.deepcopy(plain)
    path = draws.draw(st.sampled_from(keys))
    what = draws.draw(st.sampled_from(["set", "set", "set", "take out", "unknown"]))
    if what == "unknown":
        path = (*path[:-1], f"{path[-1]}x")
    value = draws.draw(st.sampled_from(VALUES))
    if what == "take out":
        del at(changed, path[:-1])[path[-1]]
    else:
        at(changed, path[:-1])[path[-1]] = value
    try:
        config = validate(changed)
    except ConfigError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert said.startswith("The ")
        assert str(path[0]) in said or str(path[-1]) in said, (path, value, said)
        return
    assert what != "unknown" or not isinstance(at(plain, path[:-1]), dict) or path[-2:-1] in OPEN, (
        path,
        value,
    )
    read = config.model_dump(mode="json")
    if what != "take out":
        assert same(at(read, path), value), (path, value)
    assert validate(read) == config


OPEN = {("space",), ("columns",), ("units",), ("cuts",), ("keep",)}
"""Keys below which any name may stand."""
SIGNS = st.characters(codec="utf-8", exclude_characters="/\0\n\r", exclude_categories=("Cs",))


@bounded
@given(name=st.text(SIGNS, min_size=1, max_size=20).filter(lambda name: name.strip(" .~") and name != "null"))
def test_the_name_of_a_file_reaches_the_configuration_as_it_is(name, tmp_path_factory) -> None:
    folder = tmp_path_factory.getbasetemp() / "names"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.csv"
    if len(path.name.encode()) > 200:
        return
    path.touch()
    (word,) = judged_by_pydantic([f"data.path={path}"])
    override = OverridesParser.create().parse_override(word)
    assert not override.is_sweep_override()
    assert str(override.value().text if hasattr(override.value(), "text") else override.value()) == str(
        path
    ).replace("${", "\\${")


@bounded
@given(
    text=st.text(st.sampled_from("ab1.,=:'\"()[]{}$ #~%-+é\\"), max_size=15),
    key=st.sampled_from(["a.b", "name", "seed"]),
)
def test_any_words_are_read_by_hydra_or_refused_with_the_word(text, key) -> None:
    try:
        words = judged_by_pydantic([f"{key}={text}"])
    except ConfigError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert said.startswith(f"{key}={text}"), said
        return
    OverridesParser.create().parse_overrides(words)
