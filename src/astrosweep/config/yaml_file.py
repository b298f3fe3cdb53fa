"""YAML that a program wrote: plain values, each key once and nothing that grows when it is looked at."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from astrosweep.core.errors import ConfigError

_LONGEST = 2**20
"""Bytes of a file that is read at all; YAML is slow."""
_DEEPEST = 50
"""Levels of a file that is read at all; libyaml's own recursion has no end but the stack's."""
_Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same loader in C where there is one: ensembles read hundreds of configurations."""


class _Plain(_Safe):  # type: ignore[misc, valid-type]
    """Refuses what no run writes: a key that comes twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        if len(found) < len(node.value):
            raise yaml.YAMLError(f"a key comes twice, {node.start_mark}")
        return found


def load_yaml(path: Path, what: str) -> Any:
    """Read a YAML file that astrosweep wrote.

    Args:
        path: The file.
        what: What it holds, for messages.

    Raises:
        ConfigError: The file is missing, too large, or not such YAML.
    """
    try:
        if (size := path.stat().st_size) > _LONGEST:
            raise ValueError(f"{size} bytes; at most {_LONGEST} are read")
        text = path.read_text()
        _check(text)
        return yaml.load(text, _Plain)  # a SafeLoader
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as {what}: {error}") from error


def _check(text: str) -> None:
    """Refuse what no run writes: a few lines of aliases can stand for more values than memory holds."""
    depth = 0
    for event in yaml.parse(text, _Safe):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"alias *{event.anchor}, {event.start_mark}: aliases are not read")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"more than {_DEEPEST} levels, {event.start_mark}")
