"""Small recorded runs of every kind of data, for ensembles to choose from."""

from collections.abc import Callable
from pathlib import Path

from astrosweep.config import RunConfig
from astrosweep.config.ensemble import EnsembleConfig, EnsembleSettings
from astrosweep.config.tracking import TrackingConfig
from astrosweep.ensemble.build import Built, build
from astrosweep.recording import train_and_record
from astrosweep.tracking import MemoryTracker, Tracker
from tests.kinds.cases import CLUSTERS, DEPROJECTOR, ERRORS, MLP, STARS, TABLE, TINY, in_folder, write_objects

THREE_FOLDS = ("split=kfold", "split.n_folds=3")
RUNS: dict[str, list[tuple[str, ...]]] = {
    "stars": [
        (*STARS, *MLP, *THREE_FOLDS, "trainer.max_epochs=20", f"seed={seed}", f"name=mlp-{seed}")
        for seed in range(3)
    ],
    "table": [
        (*TABLE, *MLP, *ERRORS, "replicates=2", "loss=gaussian_nll", "trainer.max_epochs=20", "name=two"),
        (*TABLE, *MLP, *ERRORS, "model.hidden=[4]", "trainer.max_epochs=20", "name=one"),
    ],
    "clusters": [
        (*CLUSTERS, *DEPROJECTOR, *THREE_FOLDS, "loss=gaussian_nll", f"seed={seed}", f"name=net-{seed}")
        for seed in range(2)
    ],
}


def record_runs(
    make_config: Callable[..., RunConfig], case: str, folder: Path, tracker: Tracker | None = None
) -> Tracker:
    """Train the runs of a case and record them."""
    tracker = tracker or MemoryTracker()
    folder.mkdir(parents=True, exist_ok=True)
    write_objects(folder)
    for i, overrides in enumerate(RUNS[case]):
        config = make_config(*TINY, *in_folder(overrides, folder))
        _, run = train_and_record(config, tracker, folder / f"job-{i}")
        assert run.status == "finished", run.error
    return tracker


def settings(**values: object) -> EnsembleConfig:
    """A command's configuration."""
    return EnsembleConfig(
        tracking=TrackingConfig(name="none"), ensemble=EnsembleSettings.model_validate(values), wanted={}
    )


def built(tracker: Tracker, place: Path, config: EnsembleConfig | None = None) -> Built:
    """Build an ensemble of all runs in a record."""
    scratch = place / "scratch"
    number = len(list(scratch.glob("*"))) if scratch.is_dir() else 0
    (scratch / str(number)).mkdir(parents=True)
    return build(tracker, config or settings(), place / "ensembles", scratch / str(number), lambda *_: None)
