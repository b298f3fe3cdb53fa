"""A small search in a folder of its own."""

import optuna
import pytest

from astrosweep.tracking import MemoryTracker

optuna.logging.set_verbosity(optuna.logging.ERROR)

TINY = (
    "data=cepheid",
    "data.simulation.n_stars=200",
    "trainer.max_epochs=3",
    "trainer.accelerator=cpu",
    "tracking=none",
    "search/space=empty",
    "search.space.optimizer.lr=tag(log,interval(1e-4,1e-2))",
    "search.space.model.hidden=choice([8],[16,8])",
    "search.heartbeat_s=1",
    "search.grace_s=3",
)


@pytest.fixture
def search(make_config, tmp_path):
    """Compose a small search whose storage is in a folder of its own."""

    def build(*overrides, sampler="random"):
        pruner = () if any("pruner" in word for word in overrides) else ("search/pruner=none",)
        config = make_config(f"search={sampler}", *TINY, *pruner, *overrides)
        return config.model_copy(update={"storage": f"sqlite:///{tmp_path}/studies.db"}).as_study()

    return build


@pytest.fixture
def tracker():
    return MemoryTracker()
