"""Record small runs and a bundle, where a ``FORMAT`` was raised: ``python -m tests.recorded.make``.

Every kind of data gets a folder ``<kind>-<FORMAT>`` beside this file: its objects, what the run needs to be
read back, and ``expected.csv``, what it predicts for all of its objects; ``bundle-<FORMAT>`` has the same for
an ensemble. Folders that are there stay as they are: what was recorded once is read for good.
"""

import contextlib
import json
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir

from astrosweep.config import RunConfig, parse
from astrosweep.config.kinds.stars import SimulationConfig
from astrosweep.ensemble import bundle
from astrosweep.ensemble.build import build
from astrosweep.ensemble.bundle.contents import FORMAT as BUNDLE_FORMAT
from astrosweep.job import judged_by_pydantic
from astrosweep.kinds import kind_of
from astrosweep.kinds.stars.simulate import simulate
from astrosweep.recording import FORMAT, load, train_and_record
from astrosweep.tracking import MemoryTracker
from tests.conftest import ROOT
from tests.ensemble.trained import settings
from tests.kinds.cases import (
    CLASSES,
    DEPROJECTOR,
    ERRORS,
    MLP,
    PROFILES,
    TABLE,
    TINY,
    holdout,
    in_folder,
    write_objects,
    write_profiles,
)

HERE = Path(__file__).parent
RUNS = {
    "stars": (
        "data=cepheid", "data.source=table", "data.path=objects.csv", "model=dnn", "model.width=8",
        "model.n_layers=3", "loss=gaussian_nll", "split=kfold", "split.n_folds=2",
        "data.preparation.target_transform.name=asinh", "data.preparation.scaling=quantile",
    ),
    "clusters": (
        *holdout(*PROFILES), *DEPROJECTOR, "loss=student_t_nll", "data.preparation.context=[redshift]",
    ),
    "tables": (
        *TABLE, *MLP, *CLASSES, *ERRORS, "loss=huber", "replicates=2",
        "data.preparation.target_transform.name=log", "data.preparation.scaling=robust",
    ),
}  # fmt: skip

MEMBERS = (*TABLE, *MLP, *CLASSES, *ERRORS, "split=kfold", "split.n_folds=2")
"""What the members of the bundle have in common."""


def main() -> None:
    for kind, overrides in RUNS.items():
        folder = HERE / f"{kind}-{FORMAT}"
        if folder.exists():
            continue
        folder.mkdir()
        with contextlib.chdir(folder), tempfile.TemporaryDirectory() as job:
            _write_objects(kind)
            config = _compose(*in_folder(overrides, Path()), *TINY, "trainer.max_epochs=20")
            _, record = train_and_record(config, MemoryTracker(), Path(job))
            assert record.status == "finished", record.error
            _copy(Path(job) / "artifacts")
            predict(Path()).to_csv("expected.csv", index=False)
    folder = HERE / f"bundle-{BUNDLE_FORMAT}"
    if not folder.exists():
        _record_bundle(folder)


def predict(folder: Path) -> pd.DataFrame:
    """What a recorded run predicts for all of its objects; paths in its configuration are from its folder."""
    trained = load(folder)
    development = kind_of(trained.config).develop(trained.config)
    return trained.table(development.labelled.objects.join([development.sealed]))


def predict_by_bundle(folder: Path) -> pd.DataFrame:
    """What a recorded bundle predicts for all of its objects; call it in their folder."""
    read = bundle.load_bundle(folder)
    development = kind_of(read.config).develop(read.config)
    return read.table(development.labelled.objects.join([development.sealed]))


def _record_bundle(folder: Path) -> None:
    """Networks with replicates and without, and baselines, in one ensemble of a table with classes."""
    folder.mkdir()
    somewhere = mock.patch("platform.node", return_value="somewhere")
    somebody = mock.patch("getpass.getuser", return_value="somebody")
    with contextlib.chdir(folder), tempfile.TemporaryDirectory() as made, somewhere, somebody:
        _write_objects("tables")
        tracker = MemoryTracker()
        for i, more in enumerate((("replicates=2", "name=two"), ("loss=gaussian_nll", "name=one"))):
            config = _compose(*in_folder(MEMBERS, Path()), *TINY, "trainer.max_epochs=20", *more)
            _, record = train_and_record(config, tracker, Path(made) / str(i))
            assert record.status == "finished", record.error
        wanted = settings(strategy="performance", top_k=5, baselines=True, name="recorded")
        one = build(tracker, wanted, Path(made) / "ensembles", Path(made) / "scratch", lambda *_: None)
        shutil.copytree(one.folder, "bundle")
        predict_by_bundle(Path("bundle")).to_csv("expected.csv", index=False)


def _write_objects(kind: str) -> None:
    if kind == "clusters":
        write_profiles(Path(), n=20)
    elif kind == "tables":
        write_objects(Path(), n=60)
    else:
        frame = simulate("cepheid", SimulationConfig(n_stars=60)).frame
        digits = {
            name: frame[name].map("{:.6g}".format, na_action="ignore")
            for name in frame.select_dtypes(np.floating)
        }
        frame.assign(**digits).to_csv("objects.csv", index=False)


def _compose(*overrides: str) -> RunConfig:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return parse(compose("config", judged_by_pydantic(list(overrides))))


def _copy(run: Path) -> None:
    """Copy what is read back; figures, curves and metrics are not."""
    names = json.loads((run / "run.json").read_text())["files"]
    for name in ("run.json", *names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run / name, name)


if __name__ == "__main__":
    main()
