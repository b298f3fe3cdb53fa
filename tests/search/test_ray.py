"""A study whose workers are tasks of a Ray cluster on this machine."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import optuna
import pytest
from hydra import compose, initialize_config_dir
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from astrosweep.config import TrackingConfig
from astrosweep.tracking import open_tracker
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None or find_spec("hydra_plugins.hydra_ray_launcher") is None,
    reason="Ray is not installed: pip install 'astrosweep[ray]'",
)
WAIT_S = 300.0  # longest wait; it is over much sooner
STORES = ("RAY_ADDRESS", "ASTROSWEEP_STUDIES", "ASTROSWEEP_RUNS")


@pytest.fixture
def ray_folder() -> Iterator[str]:
    """A folder for Ray's own files; its sockets need a path shorter than pytest's."""
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        yield folder


def train_py(folder: Path, *overrides: str) -> str:
    """Run ``train.py`` in a folder of its own, away from any cluster of the user, and return what it said."""
    environment = {key: text for key, text in os.environ.items() if key not in STORES}
    environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *overrides],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=WAIT_S)
    except subprocess.TimeoutExpired:
        process.terminate()  # Ray ends its cluster
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return output


@pytest.mark.process
def test_two_tasks_share_a_study_and_leave_exactly_its_trials(tmp_path, ray_folder):
    train_py(
        tmp_path,
        "-m",
        "data=cepheid",
        "data.simulation.n_stars=300",
        "model=mlp",
        "trainer=quick",
        "search=random",
        "search.n_trials=4",
        "worker=range(2)",
        "hydra/launcher=ray",
        "site=ray",
        f"+hydra.launcher.ray.init._temp_dir={ray_folder}",
    )
    storage = RDBStorage(f"sqlite:///{tmp_path}/mlruns/studies.db")
    (study,) = storage.get_all_studies()
    trials = optuna.load_study(study_name=study.study_name, storage=storage).trials
    storage.engine.dispose()
    assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert len(trials) == 4

    tracking = TrackingConfig(
        uri=f"sqlite:///{tmp_path}/mlruns/mlflow.db", artifacts=str(tmp_path / "mlruns/artifacts")
    )
    runs = open_tracker(tracking).runs(tags={"role": "trial"})
    assert [run.status for run in runs] == ["finished"] * 4
    assert {run.run_id for run in runs} == {trial.user_attrs["run_id"] for trial in trials}

    (sweep,) = (tmp_path / "mlruns/jobs").iterdir()
    assert {path.name for path in sweep.iterdir() if path.is_dir()} == {"0", "1", ".sweep"}


def test_the_preset_starts_its_own_cluster_and_keeps_records_in_files(monkeypatch):
    for name in STORES:
        monkeypatch.delenv(name, raising=False)
    composed = preset()
    ray = composed.hydra.launcher.ray
    assert (ray.init.address, ray.init.include_dashboard) == ("local", False)
    assert (ray.remote.num_cpus, ray.remote.num_gpus) == (1, 0)
    assert composed.storage == "sqlite:///mlruns/studies.db"
    assert composed.tracking.uri == "sqlite:///mlruns/mlflow.db"


def test_the_preset_takes_cluster_and_stores_from_the_environment(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    monkeypatch.setenv("ASTROSWEEP_STUDIES", "postgresql+psycopg://ada@login1:5432/astrosweep_studies")
    monkeypatch.setenv("ASTROSWEEP_RUNS", "postgresql+psycopg://ada@login1:5432/astrosweep_runs")
    composed = preset()
    assert composed.hydra.launcher.ray.init.address == "head:6379"
    assert composed.storage == "postgresql+psycopg://ada@login1:5432/astrosweep_studies"
    assert composed.tracking.uri == "postgresql+psycopg://ada@login1:5432/astrosweep_runs"
    assert preset("storage=sqlite:///mlruns/other.db").storage == "sqlite:///mlruns/other.db"


def preset(*overrides: str):
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("config", ["site=ray", *overrides], return_hydra_config=True)
