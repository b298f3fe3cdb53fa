"""A covering set of small runs: every kind, network, loss, split and target transform at least once."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from astrosweep.config import RunConfig
from astrosweep.recording import train_and_record
from astrosweep.tracking import MemoryTracker
from tests.kinds.cases import (
    CLASSES,
    CLUSTERS,
    DEPROJECTOR,
    ERRORS,
    MLP,
    STARS,
    TABLE,
    TINY,
    holdout,
    in_folder,
    write_objects,
)

DNN = ("model=dnn", "model.width=8", "model.n_layers=3")
CNN = ("model=encoder_decoder_1d", "model.encoder_channels=[4]", "model.decoder_channels=[4]")
SIMPLE = ("model=encoder_decoder_simple", "model.encoder_channels=[4]", "model.decoder_channels=2")
IMAGES = (
    "model=encoder_decoder_2d", "model.image_size=8", "model.encoder_channels=[4]",
    "model.decoder_channels=[4]", "model.output_size=10",
)  # fmt: skip
SMALL_LATENT = ("model.latent_dim=8",)
THREE_FOLDS = ("split=kfold", "split.n_folds=3")
RADII = ("data.preparation.output=radii_and_values",)
MASKED = ("data.preparation.masks=on", "data.preparation.context=[redshift,r500]")


def mapped(transform: str, scaling: str) -> tuple[str, ...]:
    return (
        f"data.preparation.target_transform.name={transform}",
        f"data.preparation.scaling={scaling}",
    )


COVER: dict[str, tuple[str, ...]] = {
    "stars-holdout": (*STARS, *DNN, *mapped("none", "quantile"), "loss=mse"),
    "stars-together": (*STARS, *MLP, *mapped("asinh", "robust"), "loss=gaussian_nll", *THREE_FOLDS),
    "stars-sequential": (
        *STARS, *MLP, *mapped("log", "standard"), "loss=student_t_nll", *THREE_FOLDS,
        "trainer.folds=sequential", "model.dropout=0.2",
    ),
    "stars-replicates": (*STARS, *MLP, "loss=mae", "replicates=2", *THREE_FOLDS),
    "stars-bf16": (*STARS, *MLP, "loss=huber", "trainer.precision=bf16-mixed"),
    "table-together": (
        *TABLE, *MLP, *CLASSES, *ERRORS, *mapped("asinh", "none"), "loss=huber", *THREE_FOLDS,
    ),
    "table-log": (*TABLE, *DNN, *mapped("log", "standard"), "loss=mae", "model.batch_norm=false"),
    "clusters-1d": (*holdout(*CLUSTERS), *CNN, *SMALL_LATENT, "loss=mse"),
    "clusters-simple": (*holdout(*CLUSTERS), *SIMPLE, *SMALL_LATENT, "target=density", *RADII, "loss=mae"),
    "clusters-2d": (*holdout(*CLUSTERS), *IMAGES, *SMALL_LATENT, "loss=huber", "target=pressure"),
    "clusters-law": (
        *CLUSTERS, *DEPROJECTOR, "model.head=ideal_gas", "loss=gaussian_nll", *THREE_FOLDS,
    ),
    "clusters-varied": (
        *holdout(*CLUSTERS), *DEPROJECTOR, "loss=student_t_nll", "data.preparation.augmentation.noise=true",
        *MASKED,
    ),
    "clusters-values": (
        *holdout(*CLUSTERS), *MLP, "target=temperature", "data.preparation.logarithm=false", "loss=mse",
    ),
}  # fmt: skip


def make(make_config: Callable[..., RunConfig], name: str, folder: Path, *more: str) -> RunConfig:
    """The configuration of a run; its table, if it has one, is written to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_objects(folder)
    return make_config(*in_folder(COVER[name], folder), *TINY, *more)


def record(config: RunConfig, folder: Path) -> Path:
    """Train and record a run; return the folder of what it left."""
    _, run = train_and_record(config, MemoryTracker(), folder)
    assert run.status == "finished", run.error
    return folder / "artifacts"


def change(run: Path, name: str, edit: Callable[[str], str]) -> None:
    """Edit a text file of a run and enter its new SHA-256, as somebody who means it would."""
    path = run / name
    text = edit(path.read_text())
    assert text != path.read_text()
    path.write_text(text)
    rehash(run, name)


def rehash(run: Path, name: str) -> None:
    """Enter the SHA-256 of a file as it is now."""
    manifest = json.loads((run / "run.json").read_text())
    manifest["files"][name] = hashlib.sha256((run / name).read_bytes()).hexdigest()
    (run / "run.json").write_text(json.dumps(manifest))
