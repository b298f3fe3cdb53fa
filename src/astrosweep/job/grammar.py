"""Hydra's grammar of values: what it reads, what it takes as text, and its errors in plain words."""

import re

from hydra.core.override_parser.overrides_parser import OverridesParser, create_functions
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

from astrosweep.core.errors import ConfigError

QUOTES = "'\""
OPENS, CLOSES = "([{", ")]}"
FUNCTIONS = frozenset(create_functions().functions)
"""Functions of the grammar, such as ``range``."""
_REASONS = (
    (r"Unknown function '(\w+)'\s*Available: ([\w,]+)", r"there is no function \1; allowed: \2"),
    (r"while evaluating '.*?': (.+)", r"\1"),
    (r"(?:mismatched input|missing \w+ at) '<EOF>'", "it ends too early"),
    (r"(?:mismatched|extraneous) input '(.*?)' expecting", r"'\1' cannot stand where it does"),
    (r"no viable alternative at input '(.*)'", r"'\1' is not complete, or has something wrong"),
    (
        r"token recognition error at: '(.*)'",
        r"a quote that nothing closes, or a sign that it does not know, in \1",
    ),
)
"""What Hydra and its parser say, and the same for somebody who does not know them."""


def read(key: str, value: str) -> Override | None:
    """What Hydra reads; None where it cannot."""
    try:
        return OverridesParser.create().parse_override(f"{key}={value}")
    except HydraException:
        return None


def reads_as_is(key: str, text: str) -> bool:
    """Whether Hydra reads the text itself, and not a list, a number or the like."""
    override = read(key, text)
    return override is not None and not override.is_sweep_override() and bool(override.value() == text)


def split(value: str) -> list[str]:
    """The parts between commas that are outside of brackets and quotes."""
    parts, start, depth, quote = [], 0, 0, ""
    for i, sign in enumerate(value):
        if quote:
            quote = "" if sign == quote and value[i - 1] != "\\" else quote
        elif sign in QUOTES and not value[start:i].strip(" [{("):
            quote = sign
        elif sign in OPENS:
            depth += 1
        elif sign in CLOSES:
            depth -= 1
        elif sign == "," and depth <= 0:
            parts.append(value[start:i])
            start = i + 1
    return [*parts, value[start:]]


def quoted(text: str) -> str:
    """The text as Hydra reads it whole."""
    return QuotedString(text, Quote.single).with_quotes()


def check(word: str, given: str) -> None:
    """Refuse what Hydra cannot read.

    Args:
        word: What Hydra would be given.
        given: What the user wrote.

    Raises:
        ConfigError: The word is no argument.
    """
    if "=" not in word and not word.startswith("~"):
        raise ConfigError(
            f"{given!r} is no argument. Allowed: <group>=<option> and <key>=<value>, for example "
            "model=mlp; a value with spaces is in quotes, or it is several arguments for the shell."
        )
    try:
        OverridesParser.create().parse_override(word)
    except HydraException as error:
        key, _, value = given.partition("=")
        if read(key, "1") is None:
            raise ConfigError(
                f"{given}: {key!r} is no key; allowed: names with dots, as model.dropout."
            ) from error
        raise ConfigError(
            f"{given}: Hydra cannot read this value: {_reason(error)}. If it is meant as text, it has quotes "
            f'for Hydra inside those for the shell: "{key}={quoted(value)}"'
        ) from error


def _reason(error: HydraException) -> str:
    for pattern, reason in _REASONS:
        found = re.search(pattern, str(error), re.DOTALL)
        if found:
            return found.expand(reason).partition("\n")[0]
    return str(error).partition("\n")[0]
