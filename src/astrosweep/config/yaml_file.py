"""YAML that a program wrote: plain values, each key once and nothing that grows when it is looked at."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from astrosweep.core.errors import ConfigError

_LONGEST = 2**20
"""Bytes of a file that is read at all; YAML is slow."""


class _Plain(yaml.SafeLoader):  # type: ignore[misc]
    """Refuses what no run writes: a few lines of aliases can stand for more values than memory holds."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.YAMLError(f"alias *{event.anchor}, {event.start_mark}: aliases are not read")
        return super().compose_node(parent, index)

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
        return yaml.load(path.read_text(), _Plain)  # a SafeLoader
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as {what}: {error}") from error
