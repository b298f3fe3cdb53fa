"""Models that several tests predict with; nobody may change them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from astrosweep.config import RunConfig
from tests.prediction.models import make_model


@pytest.fixture(scope="session")
def star_model(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(make_config, "stars", tmp_path_factory.mktemp("star-model"))


@pytest.fixture(scope="session")
def table_model(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(make_config, "table", tmp_path_factory.mktemp("table-model"))


@pytest.fixture(scope="session")
def cluster_model(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(make_config, "clusters", tmp_path_factory.mktemp("cluster-model"))
