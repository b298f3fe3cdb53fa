"""A small bundle and models that nobody trained; nobody may change them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from astrosweep.config import RunConfig
from astrosweep.validation.fresh import Fresh
from astrosweep.validation.subject import Subject
from tests.prediction.models import make_model, stars
from tests.validation.lines import fresh_of, line_subject, write_line


@pytest.fixture(scope="session")
def bundle(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two runs on 500 stars; the first run lies in ``run-0/artifacts`` two folders above."""
    folder = tmp_path_factory.mktemp("bundle")
    return make_model(make_config, "stars", folder, "data.simulation.n_stars=500", "trainer.max_epochs=8")


@pytest.fixture(scope="session")
def star_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stars") / "fresh.csv"
    stars("cepheid", 150, 44).to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def subject(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return line_subject(make_config, tmp_path_factory.mktemp("line"))


@pytest.fixture(scope="session")
def fresh(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    return fresh_of(subject, write_line(tmp_path_factory.mktemp("fresh") / "fresh.csv", n=2000, seed=7))
