"""Configurations of equal target spaces learn the same numbers; others do not."""

from collections.abc import Callable

import numpy as np
import pytest

from astrosweep.config import RunConfig
from astrosweep.kinds import kind_of
from tests.kinds.contract import Case

SAME = {
    "rows": (
        "data.preparation.scaling=robust",
        "data.preparation.outliers.method=none",
        "data.preparation.target_transform.name=asinh",
    ),
    "profiles": (
        "data.preparation.n_input=9",
        "data.preparation.standardise=false",
        "data.preparation.line_of_sight='off'",
        "data.preparation.augmentation.amplitude=0.1",
        "data.preparation.context=[]",
        "data.preparation.masks='off'",
    ),
}
OTHERS = (
    "data.preparation.logarithm=false",
    "data.preparation.n_output=11",
    "data.preparation.output_range=[0.02,1.5]",
    "data.preparation.output_range=[0.01,1.4]",
    "data.preparation.spacing=linear",
    "data.preparation.radius=outermost",
    "data.preparation.output=radii_and_values",
    "target=temperature",
)
PROFILES = (
    "data=cluster",
    "target=density",
    "data.simulation.n_clusters=30",
    "data.simulation.cache_dir=null",
    "data.preparation.n_input=12",
    "data.preparation.n_output=10",
    "data.preparation.tolerance=1e9",
)


def changed(config: RunConfig, override: str) -> RunConfig:
    """A configuration with one other setting, whose value is as JSON or YAML has it."""
    import yaml

    values = config.model_dump()
    *path, last = override.partition("=")[0].split(".")
    place = values
    for key in path:
        place = place[key]
    place[last] = yaml.safe_load(override.partition("=")[2])
    return RunConfig.model_validate(values)


def targets(config: RunConfig) -> np.ndarray:
    kind = kind_of(config)
    development = kind.develop(config)
    found = kind.prepare(config, development, 0).preparation.targets(development.labelled)[0]
    assert np.isfinite(found).any()
    return found


def space(config: RunConfig) -> tuple[object, ...]:
    found = config.data.target_space(config.targets)
    assert isinstance(found, tuple)
    assert hash(found) == hash(config.data.target_space(config.targets))
    return found


def test_settings_of_the_input_leave_the_targets_as_they_are(case: Case) -> None:
    own = case.config
    for override in SAME["profiles" if own.data.has_profiles else "rows"]:
        other = changed(own, override)
        assert other != own or "context" in override
        assert space(other) == space(own)
        np.testing.assert_array_equal(targets(other), targets(own))


@pytest.mark.parametrize("override", OTHERS)
def test_settings_of_the_output_have_a_space_of_their_own(
    override: str, make_config: Callable[..., RunConfig]
) -> None:
    own, other = make_config(*PROFILES), make_config(*dict.fromkeys((*PROFILES, override)))
    assert space(own) != space(other)
    assert not np.array_equal(targets(own), targets(other))
