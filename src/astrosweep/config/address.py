"""The address of a database or a server: which part of it is secret, and how it is shown without.

The parsers of SQLAlchemy and of the standard library end a password at its first ``@`` or ``/`` and take the
rest for the name of a host, which messages then show. Here the last ``@`` ends it, and an address that cannot
be read is secret as a whole.
"""

import re
from typing import Annotated
from urllib.parse import quote, unquote

from pydantic import AfterValidator, Field, PlainSerializer

PASSWORD_VARIABLE = "ASTROSWEEP_PASSWORD_"
"""Beginning of the variables that hand a password of the command line on to the processes of its jobs."""

_SCHEME = re.compile(r"\b(?!(?:sqlite|file)://)[A-Za-z][\w+.-]*://")
_PLACE = re.compile(r"(\[[^\]]*\]|[^:/?\[\]]*)(:\d*)?(/[^?]*)?(\?.*)?", re.DOTALL)
_IN_QUERY = re.compile(r"[?&]\w*(?:pass(?:word|wd)?|pwd|secret|token)=([^&]*)", re.IGNORECASE)
_HIDDEN = "***"
_ADVICE = (
    "not an address of the form <name>://<user>:<password>@<host>:<port>/<database>; in a user name or "
    "password write what is neither letter nor digit by its percent code, for example %40 for @ and %3F for ?"
)


def secrets_in(text: str) -> list[tuple[int, int]]:
    """Where the passwords of an address are.

    Args:
        text: An address, or a text with one in it.

    Returns:
        First character and end of each part that must not be shown: the password of the user and that of the
        query, or everything after ``://`` where passwords and the rest cannot be told apart.
    """
    scheme = _SCHEME.search(text)
    if scheme is None:
        return []
    start = scheme.end()
    head, at, tail = text[start:].rpartition("@")
    if not _is_clear(head, tail):
        return [(start, len(text))]
    user, colon, password = head.partition(":")
    first = start + len(user + colon)
    of_user = [(first, first + len(password))] if password else []
    in_query = [found.span(1) for found in _IN_QUERY.finditer(text, start + len(head + at)) if found[1]]
    return of_user + in_query


def hide_password(text: str) -> str:
    """An address without its passwords, for messages and records."""
    for start, end in reversed(secrets_in(text)):
        text = text[:start] + _HIDDEN + text[end:]
    return text


def in_percent_code(address: str) -> str:
    """A database's address with user name and password written so that every parser reads the same.

    Raises:
        ValueError: It cannot be told what is the password and what the host.
    """
    if not address.startswith("postgresql"):
        return address
    scheme, _, rest = address.partition("://")
    head, at, tail = rest.rpartition("@")
    if not _is_clear(head, tail):
        raise ValueError(_ADVICE)
    return f"{scheme}://{':'.join(quote(unquote(part), safe='') for part in head.split(':', 1))}{at}{tail}"


def _is_clear(head: str, tail: str) -> bool:
    """Whether an address can be read that has ``head`` before its last ``@`` and ``tail`` after it."""
    return _PLACE.fullmatch(tail) is not None and not _IN_QUERY.search(head)


_READ = AfterValidator(in_percent_code)
_WRITTEN = PlainSerializer(hide_password, when_used="json")
STORAGE = r"^(sqlite:///[^:].*|postgresql(\+psycopg2?)?://.+)"

# A constraint that came after _WRITTEN would undo it.
Address = Annotated[str, Field(repr=False), _READ, _WRITTEN]
"""An address in a configuration, which has no password as JSON: that is what is written down."""
StorageAddress = Annotated[str, Field(pattern=STORAGE, repr=False), _READ, _WRITTEN]
"""The address of a database of studies, likewise."""
