"""The words of a command, written so that Hydra reads them as they are meant.

Hydra's grammar knows letters, digits and a few signs: a path with an umlaut, a parenthesis or ``~`` is an
error of its lexer. What it cannot read and what can only be text is quoted; what it can read stays as it is.
"""

import os
import re

from hydra._internal.utils import get_args_parser

from astrosweep.job.grammar import FUNCTIONS, OPENS, QUOTES, check, quoted, read, reads_as_is, split

_DOTTED_KEY = re.compile(r"(?!hydra\.)[A-Za-z_]\w*\.[\w.]+")
_WORD = re.compile(r"(\+{0,2})([^=~+][^=]*)=(.*)", re.DOTALL)
_PATHS = {"path", "input_file", "properties", "cache_dir", "artifacts", "dir", "directory"}
"""Last parts of the keys whose values are files or folders."""
_FILES = ("predict.model", "predict.input", "predict.output")
"""Keys whose values are files, folders or patterns."""
_FOLDERS_OF_HYDRA = ("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir")
"""Keys of one value for all jobs: a comma in it is no list."""
_TEXTS = {"name", "experiment", "study"}
"""Last parts of the keys whose values are any text."""
_ADDRESSES = ("storage", "tracking.uri")
_HOME = re.compile(r"(sqlite:///|file://|)(~.*)", re.DOTALL)
_CALL = re.compile(r"(\w+)\s*\(")


def judged_by_pydantic(arguments: list[str]) -> list[str]:
    """Turn the words of a command into those that Hydra is given.

    ``group.key=value`` becomes ``++group.key=value``: Hydra refuses an unknown key with a hint to add it;
    added, it reaches the validation, which says what is allowed and what was probably meant. A distribution
    of ``search.space`` is quoted, so that Hydra hands it to the search instead of making jobs of it. A value
    that Hydra cannot read is quoted where it can only be text. In paths ``~`` is the home folder, and what
    names an existing file is that file, also with a comma.

    Args:
        arguments: The command's words without the program's name.

    Returns:
        As many words.

    Raises:
        ConfigError: Hydra cannot read a word, and it is no text.
    """
    known, _ = get_args_parser().parse_known_args(arguments)
    if known.shell_completion:
        return arguments
    overrides = list(known.overrides)
    words = []
    for word in arguments:
        is_override = bool(overrides) and word == overrides[0]
        words.append(_judged(overrides.pop(0)) if is_override else word)
    return words


def _judged(word: str) -> str:
    found = _WORD.fullmatch(word)
    if not found:
        check(word, word)
        return word
    plus, key, value = found.groups()
    if not plus and _DOTTED_KEY.fullmatch(key):
        plus = "++"
    readable = f"{plus}{key}={_value(key, value)}"
    check(readable, word)
    return readable


def _value(key: str, value: str) -> str:
    if key.startswith("search.space."):
        return value if value[:1] in ("'", '"') or value == "null" else _as_distribution(value)
    is_path = key.rpartition(".")[2] in _PATHS or key in _FOLDERS_OF_HYDRA or key in _FILES
    if is_path and value not in ("", "null"):
        path = _with_home(value)
        if key in _FOLDERS_OF_HYDRA and path[0] not in QUOTES:
            return path if reads_as_is(key, path) else quoted(path)
        if os.path.exists(path):
            is_plain = reads_as_is(key, path) and "${" not in path
            return path if is_plain else quoted(path.replace("${", "\\${"))
    return ",".join(_element(key, part, is_path) for part in split(value))


def _element(key: str, part: str, is_path: bool) -> str:
    """One of the values of a sweep or of a list."""
    if is_path or key in _ADDRESSES:
        part = _with_home(part)
    override = read(key, part)
    if override is not None:
        is_home = is_path and not override.is_sweep_override() and str(override.value()).startswith("~")
        return quoted(_with_home(str(override.value()))) if is_home else part
    part = part.strip()
    if part[:1] == "[" and part[-1:] == "]":
        return f"[{','.join(_element(key, inner, is_path) for inner in split(part[1:-1]))}]"
    is_any_text = is_path or key.rpartition(".")[2] in _TEXTS
    return quoted(part) if _can_only_be_text(part, is_any_text) else part


def _can_only_be_text(part: str, is_any_text: bool) -> bool:
    """Whether a part that Hydra cannot read is no list, function or quoted text that was mistyped."""
    if part[:1] in tuple(QUOTES):
        return False
    call = _CALL.match(part)
    if is_any_text:
        return not (call and call[1] in FUNCTIONS)
    return not call and part[:1] not in OPENS


def _with_home(value: str) -> str:
    found = _HOME.fullmatch(value.strip())
    return f"{found[1]}{os.path.expanduser(found[2])}" if found else value


def _as_distribution(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
