"""What the tests of every kind of data may use."""

from collections.abc import Callable

import pytest

from astrosweep.config import RunConfig
from tests.kinds.contract import CASES, Case, case_of


@pytest.fixture(scope="session", params=CASES)
def case(
    request: pytest.FixtureRequest,
    make_config: Callable[..., RunConfig],
    tmp_path_factory: pytest.TempPathFactory,
) -> Case:
    """One fold of each kind; nobody may change it."""
    return case_of(request.param, make_config, tmp_path_factory.mktemp("objects"))
