"""The keys of the original application's ``input_file.json``, whatever their spelling."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import json5

from astrosweep.core.errors import ConfigError

_FAULT = re.compile(r"<string>:(?P<line>\d+) (?P<what>.*) at column (?P<column>\d+)", re.DOTALL)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object, as people write it: with comments and commas at the end (JSON5).

    Raises:
        ConfigError: The file is missing, is not UTF-8 text or not JSON, holds something else than an object,
            or a key twice.
    """
    if not path.is_file():
        folder = path.resolve().parent
        there = sorted(entry.name for entry in folder.glob("*.json")) if folder.is_dir() else []
        hint = f"JSON files there: {', '.join(there[:8])}" if there else "there is no JSON file in its folder"
        raise ConfigError(f"no file {path}, which data.input_file names; {hint}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        content = json5.loads(text, object_pairs_hook=lambda pairs: _without_twins(pairs, path))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start + 1} is no UTF-8; allowed: JSON in UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply; allowed: the sections of an input file") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {_syntax(str(error), text)}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: holds {kind_of(content)}; allowed: an object, {{...}}")
    return content


def folded(name: str) -> str:
    """Return a name without capitals, blanks, underscores and hyphens: ``Data path`` is ``datapath``."""
    return "".join(letter for letter in name.lower() if letter not in " _-\t")


def sorted_keys(
    section: Mapping[str, Any], allowed: Mapping[str, str], where: str, faults: list[str]
) -> dict[str, Any]:
    """Return the values of a section by the plain spelling of their keys.

    Args:
        section: Keys as the file spells them.
        allowed: Folded spelling to the plain one; several folded spellings may mean one key.
        where: File and section, for messages.
        faults: Takes a message for each key that is unknown or there twice.
    """
    values: dict[str, Any] = {}
    for key, value in section.items():
        name = allowed.get(folded(key))
        if name is None:
            faults.append(f"{where}: unknown key {key!r}{_hint(key, allowed.values())}")
        elif name in values:
            faults.append(f"{where}: {name!r} stands there twice, again as {key!r}; allowed: once")
        else:
            values[name] = value
    return values


def choice(value: Any, allowed: Iterable[str], where: str, faults: list[str]) -> str | None:
    """Return which of the allowed words a value is, whatever its spelling; true and false are on and off.

    A value that is none of them adds to the faults and gives None.
    """
    words = list(allowed)
    text = {True: "on", False: "off", None: "none"}.get(value) if value in (True, False, None) else value
    if isinstance(text, str):
        for word in words:
            if folded(word) == folded(text):
                return word
    hint = _hint(text, words) if isinstance(text, str) else f"; allowed: {', '.join(words)}"
    faults.append(f"{where} is {json.dumps(value)[:60]}{hint}")
    return None


def kind_of(value: Any) -> str:
    """Name a JSON value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for kind, name in ((dict, "an object"), (list, "a list"), (str, "a text")):
        if isinstance(value, kind):
            return name
    return "a number"


def _hint(name: str, allowed: Iterable[str]) -> str:
    by_folded = {folded(word): word for word in allowed}
    near = difflib.get_close_matches(folded(name), by_folded, n=1)
    meant = f"; did you mean {by_folded[near[0]]!r}?" if near else ""
    return f"{meant}; allowed: {', '.join(dict.fromkeys(by_folded.values()))}"


def _syntax(fault: str, text: str) -> str:
    """Tell where a text is no JSON, from what the parser says."""
    found = _FAULT.fullmatch(fault)
    if not found:
        return f"line 1, column 1 is no JSON: {fault}; allowed: an object, {{...}}"
    line, column = int(found["line"]), int(found["column"])
    lines = text.splitlines()
    shown = lines[line - 1][column - 1 :].strip()[:60] if line <= len(lines) else ""
    where = f"at {shown!r}" if shown else "at the end of the line"
    return (
        f"line {line}, column {column} is no JSON: {found['what']}, {where}; look for a comma, a colon, a "
        "quotation mark or a bracket that is missing there or before"
    )


def _without_twins(pairs: Iterable[tuple[str, Any]], path: Path) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise ConfigError(f"{path}: the key {key!r} stands twice in one object; allowed: once")
        content[key] = value
    return content
