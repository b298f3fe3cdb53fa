"""``train.py`` and its sisters as processes, in a folder of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from astrosweep.config import TrackingConfig
from astrosweep.tracking import Tracker, open_tracker
from tests.conftest import ROOT

TINY = ("data=cepheid", "data.simulation.n_stars=300", "trainer.max_epochs=1", "tracking.figures=false")


def command(*overrides: str) -> list[str]:
    return [sys.executable, str(ROOT / "train.py"), *overrides]


def train_py(folder: Path, *overrides: str, **options) -> subprocess.CompletedProcess[str]:
    """Run ``train.py`` in a folder of its own, where ``mlruns/`` will be made."""
    return subprocess.run(
        command(*overrides), cwd=folder, capture_output=True, text=True, timeout=300, **options
    )


def run_py(script: str, folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the project in a folder, such as ``ensemble.py``."""
    return subprocess.run(
        [sys.executable, str(ROOT / script), *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def store_of(folder: Path) -> TrackingConfig:
    """The record of a folder."""
    return TrackingConfig(
        uri=f"sqlite:///{folder}/mlruns/mlflow.db", artifacts=str(folder / "mlruns/artifacts")
    )


def tracker_of(folder: Path) -> Tracker:
    return open_tracker(store_of(folder))


def wait_for(is_there: Callable[[], object], patience_s: float = 120.0) -> None:
    end = time.monotonic() + patience_s
    while not is_there():
        if time.monotonic() > end:
            pytest.fail("what the test waits for did not happen")
        time.sleep(0.2)
