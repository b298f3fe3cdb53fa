"""What a kind of data need not say for itself."""

from typing import Any

from astrosweep.config import KindConfig
from astrosweep.data.kind import Kind


class Bare(Kind[Any, Any, Any]):
    pass


def test_a_kind_without_groups_ranges_and_baselines_has_none() -> None:
    kind = Bare()
    assert kind.variables(None, None) == {}
    assert kind.ranges(None) == {}
    assert kind.baselines(None) == ()


def test_settings_shape_no_target_unless_a_configuration_says_so() -> None:
    assert KindConfig(name="any", source="any").target_space(("one", "two")) == ()
