"""Passwords of addresses, kept out of everything that Hydra writes.

Hydra logs the words of a command and copies them, and the composed configuration, into the folder of every
job before any code of ours runs. A password in a word is therefore handed on by the environment, which every
launcher gives to its processes, and what Hydra sees is the name of a variable.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

from hydra.conf import HydraConf
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from astrosweep.config.address import PASSWORD_VARIABLE, secrets_in
from astrosweep.core.errors import ConfigError

_INTERPOLATION = re.compile(r"(\$\{(?![^{}]*://)[^{}]*\})")


def without_passwords(arguments: list[str]) -> list[str]:
    """Move each password of a command's words into an environment variable of this process.

    ``storage=postgresql+psycopg://ada:secret@host/studies`` becomes
    ``storage='postgresql+psycopg://ada:${oc.env:ASTROSWEEP_PASSWORD_1}@host/studies'``.

    Args:
        arguments: The command's words without the program's name.

    Returns:
        As many words; those without a password are the same.
    """
    passwords: list[str] = []
    words = [_without(word, passwords) for word in arguments]
    os.environ.update({f"{PASSWORD_VARIABLE}{i + 1}": password for i, password in enumerate(passwords)})
    return words


def refuse_passwords(composed: DictConfig) -> None:
    """Refuse a configuration that a file gives a password.

    Args:
        composed: What Hydra composed, interpolations not resolved; its ``hydra`` node is not looked at.

    Raises:
        ConfigError: A value holds a password.
    """
    plain = OmegaConf.to_container(composed, resolve=False)
    assert isinstance(plain, dict)
    for key, text in _texts({key: value for key, value in plain.items() if key != "hydra"}):
        if _literal(text):
            raise ConfigError(
                f"{key}: a password stands in a configuration file, which Hydra copies into the folder of "
                f"every job. Write ${{oc.env:<variable>}} in its place (not below hydra.sweeper.params), or "
                "leave it out and put it into ~/.pgpass."
            )


def overrides_of(hydra: HydraConf) -> list[str]:
    """The words that a job was composed from, as they were given: read one by one, their passwords show.

    Args:
        hydra: Hydra's own node.
    """
    words = OmegaConf.to_container(hydra.overrides.task, resolve=False)
    assert isinstance(words, list)
    return words


def _without(word: str, passwords: list[str]) -> str:
    key, _, text = word.partition("=")
    if "://" not in text:
        return word
    value = _read(word)
    if isinstance(value, str):
        return f"{key}={_quoted(_moved(value, passwords))}" if _literal(value) else word
    addresses = [address for _, address in _texts(value) if _literal(address) and address in text]
    for address in addresses:
        moved = _quoted(_moved(address, passwords))
        for written in (f"'{address}'", f'"{address}"', address):
            text = text.replace(written, moved)
    if not addresses and _literal(text):  # Hydra cannot read it: a password may hold any character
        text = _quoted(_moved(_unquoted(text), passwords))
    return f"{key}={text}"


def _read(word: str) -> Any:
    """The value of a word as Hydra reads it; nothing where a comma or another sign is part of an address."""
    try:
        value = OverridesParser.create().parse_override(word).value()
    except HydraException:
        return None
    if not isinstance(value, ChoiceSweep):
        return value
    return value.list if all("://" in item for _, item in _texts(value.list)) else None


def _unquoted(text: str) -> str:
    return text[1:-1] if text[:1] in ("'", '"') and text[-1:] == text[:1] else text


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value, with its dotted key."""
    if isinstance(value, QuotedString):
        yield key, value.text
    elif isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, key)


def _literal(text: str) -> list[tuple[int, int]]:
    """Where the passwords of an address are that are not interpolations."""
    spans = secrets_in(_INTERPOLATION.sub(lambda found: "0" * len(found[0]), text))
    return [span for span in spans if _INTERPOLATION.sub("", text[slice(*span)])]


def _moved(address: str, passwords: list[str]) -> str:
    for start, end in reversed(_literal(address)):
        pieces = _INTERPOLATION.split(address[start:end])
        for i in range(0, len(pieces), 2):  # every other one is an interpolation
            if pieces[i]:
                passwords.append(pieces[i])
                pieces[i] = f"${{oc.env:{PASSWORD_VARIABLE}{len(passwords)}}}"
        address = address[:start] + "".join(pieces) + address[end:]
    return address
