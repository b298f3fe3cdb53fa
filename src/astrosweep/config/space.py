"""Search spaces in Hydra's override grammar: a sweep reads the same in YAML and on a command line."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, RangeSweep, Sweep
from hydra.errors import HydraException

GRAMMAR = (
    "interval(low, high), tag(log, interval(low, high)), tag(int, interval(low, high)), "
    "range(start, stop[, step]), choice(a, b, ...), or a, b, ... where a value is null"
)


@dataclass(frozen=True)
class Distribution:
    """What one key may be.

    Attributes:
        key: Dotted key of the run's configuration.
        kind: ``float``, ``int`` or ``choice``.
        low: Lowest value of a number.
        high: Highest value of a number.
        log: Whether a number is drawn on a logarithmic scale.
        step: Step of an integer.
        choices: Values of a choice.
    """

    key: str
    kind: Literal["float", "int", "choice"]
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: int = 1
    choices: tuple[Any, ...] = ()

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Values that must all be allowed for the whole distribution to be."""
        if self.kind == "choice":
            return self.choices
        return (int(self.low), int(self.high)) if self.kind == "int" else (self.low, self.high)

    def holds(self, value: Any) -> bool:
        """Whether the distribution can give a value."""
        if self.kind == "choice":
            return any(same(value, choice) for choice in self.choices)
        if not _is_number(value) or not self.low <= value <= self.high:
            return False
        return self.kind == "float" or (isinstance(value, int) and (value - self.low) % self.step == 0)

    def nearest(self, value: Any) -> Any:
        """The end of the range next to a number outside of it; anything else as it is."""
        if self.kind == "choice" or not _is_number(value):
            return value
        low, high = self.extremes
        return min(max(value, low), high)

    @property
    def text(self) -> str:
        """The distribution in the override grammar, the same however it was written."""
        if self.kind == "choice":
            return f"choice({', '.join(map(str, self.choices))})"
        if self.kind == "int" and not self.log:
            return f"range({self.low:g}, {self.high + self.step:g}, {self.step})"
        tags = [name for name, is_set in (("log", self.log), ("int", self.kind == "int")) if is_set]
        interval = f"interval({self.low!r}, {self.high!r})"
        return f"tag({', '.join(tags)}, {interval})" if tags else interval


def parse_space(space: Mapping[str, Any]) -> tuple[Distribution, ...]:
    """Read a space.

    Args:
        space: Dotted or nested keys to a distribution as text. A key set to null is taken out. A key that is
            there both dotted and nested is as the nested one says, which is what the command line makes.

    Returns:
        One distribution per key, by key.

    Raises:
        ValueError: A text is no distribution.
    """
    flat = flatten_keys({key: text for key, text in space.items() if "." in key})
    flat |= flatten_keys({key: text for key, text in space.items() if "." not in key})
    return tuple(_parse(key, text) for key, text in sorted(flat.items()) if text is not None)


def flatten_keys(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted key to value of a dictionary whose keys are nested, dotted or both."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        dotted = f"{prefix}{key}"
        flat |= flatten_keys(value, f"{dotted}.") if isinstance(value, Mapping) else {dotted: value}
    return flat


def overlay(plain: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Set values in a nested configuration.

    Args:
        plain: The configuration.
        values: Dotted key to value. Where the key is a whole group, such as ``optimizer``, the value is the
            name of one of its options, which then has its defaults but for the keys set beside it.

    Returns:
        A changed copy.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(plain))
    for key in sorted(values, key=lambda key: key.count(".")):
        *above, last = key.split(".")
        node = changed
        for part in above:
            below = node.get(part)
            if not isinstance(below, dict):
                below = node[part] = {}
            node = below
        old, value = node.get(last), values[key]
        if isinstance(old, dict) and "name" in old and isinstance(value, str):
            if old["name"] != value:
                node[last] = {"name": value}
            continue
        node[last] = value
    return changed


def same(value: Any, choice: Any) -> bool:
    """Whether a value is a choice: 1 is 1.0, but not true."""
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _parse(key: str, text: Any) -> Distribution:
    try:
        value = OverridesParser.create().parse_override(f"{key}={text}").value()
    except HydraException as error:
        raise ValueError(f"{key}: {text!r} cannot be read as a distribution; allowed: {GRAMMAR}") from error
    if not isinstance(value, Sweep):
        raise ValueError(f"{key}: {text!r} is no distribution; allowed: {GRAMMAR}")
    unknown = set(value.tags) - {"log", "int"}
    if unknown:
        raise ValueError(f"{key}: {text!r} has the tag {', '.join(sorted(unknown))}; allowed: log, int")
    if isinstance(value, ChoiceSweep):
        choices = tuple(_plain(item) for item in value.list)
        if "log" in value.tags:
            raise ValueError(f"{key}: {text!r}: the tag log is for numbers, not for a choice")
        return Distribution(key, "choice", choices=choices)
    return _of_range(key, text, value) if isinstance(value, RangeSweep) else _of_interval(key, text, value)


def _of_range(key: str, text: str, value: RangeSweep) -> Distribution:
    numbers = list(value.range())
    if not numbers:
        raise ValueError(f"{key}: {text!r} is empty; range(start, stop) leaves out stop")
    if not all(isinstance(number, int) for number in numbers):
        return Distribution(key, "choice", choices=tuple(float(number) for number in numbers))
    step = abs(numbers[1] - numbers[0]) if len(numbers) > 1 else 1
    log = "log" in value.tags
    if log and (step != 1 or min(numbers) < 1):
        raise ValueError(f"{key}: {text!r}: on a logarithmic scale a range is positive and has step 1")
    return Distribution(key, "int", min(numbers), max(numbers), log, step)


def _of_interval(key: str, text: str, value: Any) -> Distribution:
    assert isinstance(value, IntervalSweep)
    low, high = value.start, value.end
    if low is None or high is None or not low < high:
        raise ValueError(f"{key}: {text!r}: the low end must be below the high end")
    log = "log" in value.tags
    if log and low <= 0:
        raise ValueError(f"{key}: {text!r}: on a logarithmic scale an interval is positive")
    if "int" not in value.tags:
        return Distribution(key, "float", float(low), float(high), log)
    if not (float(low).is_integer() and float(high).is_integer()):
        raise ValueError(f"{key}: {text!r}: the ends of an interval of integers are integers")
    return Distribution(key, "int", int(low), int(high), log)


def _plain(item: Any) -> Any:
    """A value without Hydra's quoting."""
    if isinstance(item, list):
        return [_plain(part) for part in item]
    return item.text if hasattr(item, "text") else item
