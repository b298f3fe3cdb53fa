"""Small trained models, and files for them to predict."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from astrosweep.config import RunConfig, TrackingConfig
from astrosweep.config.kinds.stars import SimulationConfig
from astrosweep.config.predict import PredictConfig
from astrosweep.ensemble.build import build
from astrosweep.kinds.stars.simulate import simulate
from astrosweep.prediction.files import tasks_of
from astrosweep.prediction.model import Model, open_model
from astrosweep.prediction.predict import Predictor
from astrosweep.prediction.summary import Summary
from astrosweep.recording import train_and_record
from astrosweep.tracking import MemoryTracker
from tests.ensemble.trained import settings
from tests.kinds.cases import (
    CLASSES,
    CLUSTERS,
    DEPROJECTOR,
    ERRORS,
    MLP,
    STARS,
    TABLE,
    TINY,
    in_folder,
    write_objects,
)

NO_TRACKING = TrackingConfig(name="none")
QUICK = (*TINY, "loss=gaussian_nll", "split=kfold", "split.n_folds=3", "trainer.max_epochs=15")
RUNS = {
    "stars": (*STARS, *MLP, "data.simulation.n_stars=1200"),
    "table": (*TABLE, *MLP, *CLASSES, *ERRORS),
    "clusters": (*CLUSTERS, *DEPROJECTOR, "data.simulation.n_clusters=80", "target=all"),
}


def make_model(make_config: Callable[..., RunConfig], case: str, folder: Path, *more: str) -> Path:
    """Train two runs, combine them; the folder of the bundle. The first run lies in ``run-0/artifacts``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_objects(folder, n=1200)
    tracker = MemoryTracker()
    for seed in range(2):
        words = (*RUNS[case], *QUICK, *more, f"seed={seed}", f"name=net-{seed}")
        _, run = train_and_record(make_config(*in_folder(words, folder)), tracker, folder / f"run-{seed}")
        assert run.status == "finished", run.error
    (folder / "scratch").mkdir()
    return build(tracker, settings(), folder / "ensembles", folder / "scratch", lambda *_: None).folder


def stars(name: str, n: int, seed: int, **more: Any) -> pd.DataFrame:
    """A simulated catalogue."""
    return simulate(name, SimulationConfig(n_stars=n, seed=seed, **more)).frame


def opened(folder: Path) -> Model:
    return open_model(str(folder), NO_TRACKING, "cpu")


def command(folder: Path | str, source: Any, to: Path | str, **more: Any) -> PredictConfig:
    """A command's configuration."""
    asked = {"model": str(folder), "input": source if isinstance(source, list) else str(source),
             "output": str(to), "overwrite": more.pop("overwrite", False)}  # fmt: skip
    return PredictConfig.model_validate({"predict": asked, "tracking": NO_TRACKING, **more})


def predict(folder: Path, source: Path, to: Path, **more: Any) -> Summary:
    """What ``predict.py`` does with one input."""
    config = command(folder, source, to, **more)
    model = opened(folder)
    (task,) = tasks_of(
        config.predict.input,
        config.predict.output,
        config.output.format,
        takes_folders=model.kind.takes_folders,
    )
    return Predictor.of(model, config).predict(task, lambda *_: None)
