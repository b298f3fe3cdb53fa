"""The settings of distances: what is allowed, and what is said of what is not."""

import pytest

from astrosweep.config.distance import DistanceConfig
from astrosweep.config.parse import validate_as
from astrosweep.core.errors import ConfigError


def test_the_defaults_are_the_prior_of_the_class_with_the_catalogue():
    config = validate_as(DistanceConfig, {})
    assert config.prior == "class"
    assert config.use_catalogue_parallax is True
    assert config.zero_point == "none"
    assert config.limits_pc == (1.0, 1e6)


@pytest.mark.parametrize("value", ["none", "lindegren2021", -0.04, 0])
def test_a_zero_point_is_a_name_or_a_number(value):
    assert validate_as(DistanceConfig, {"zero_point": value}).zero_point == value


def test_limits_may_be_a_list_of_whole_numbers():
    assert validate_as(DistanceConfig, {"limits_pc": [10, 50_000]}).limits_pc == (10, 50_000)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prior": "flat"}, "prior.*flat.*class.*edsd.*ggd_map.*none"),
        ({"zero_point": "gaia"}, "zero_point.*gaia"),
        ({"zero_point": -40.0}, "zero_point.*-40"),
        ({"use_catalogue_parallax": "yes"}, "use_catalogue_parallax.*yes"),
        ({"length_pc": 0.0, "prior": "edsd"}, "length_pc"),
        ({"length_pc": 500.0}, "length_pc=500 belongs to distance.prior=edsd; it is class"),
        ({"limits_pc": [100.0, 10.0]}, r"limits_pc is \[100, 10\]; expected: \[shortest, longest\]"),
        ({"limits_pc": [1.0]}, "limits_pc"),
        ({"scale": 1.0}, "scale"),
    ],
)
def test_what_is_not_allowed_is_named(settings, message):
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        validate_as(DistanceConfig, settings)
