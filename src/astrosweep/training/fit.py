"""The training loop: Fabric around the LightningModule, at almost no cost beyond the arithmetic."""

import logging
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from astrosweep.config import RunConfig, TrainerConfig
from astrosweep.core.errors import ConfigError, TrainingError
from astrosweep.core.types import Fold, Layout, Predictions, Unlabelled
from astrosweep.data.loader import BatchLoader
from astrosweep.data.target import TargetTransform
from astrosweep.training.module import RegressionDataModule, RegressionModule, evaluation_batch

EpochListener = Callable[[int, float, float], bool | None]
_DIVERGED = 1e6
"""A validation loss this many times that of the first epoch will not come back."""


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit leaves.

    Attributes:
        state: Weights of the best epoch, on the CPU.
        curves: ``train/loss``, ``val/loss`` and ``lr``, one value an epoch.
        best_epoch: Last epoch (from 0) whose validation loss was an improvement by ``min_delta``.
        train: Predictions for the training objects, uncalibrated.
        val: Predictions for the validation objects, uncalibrated.
        test: Predictions for the sealed objects, uncalibrated.
        n_parameters: Trainable parameters of the network.
        time_s: Wall time of the training in seconds.
        stopped: Whether the epoch listener ended the fit.
    """

    state: dict[str, Tensor]
    curves: dict[str, list[float]]
    best_epoch: int
    train: Predictions
    val: Predictions
    test: Predictions
    n_parameters: int
    time_s: float
    stopped: bool = False


def fit(
    config: RunConfig, fold: Fold, transform: TargetTransform, on_epoch: EpochListener | None = None
) -> FitResult:
    """Train a network on one fold and predict all its parts.

    Args:
        config: The run's configuration.
        fold: The prepared fold. Its test part has no targets, so that nothing here can use them.
        transform: The fitted map of the target.
        on_epoch: Called after each epoch with its index, training loss and validation loss;
            True ends the fit.

    Returns:
        Weights, curves and predictions.

    Raises:
        TrainingError: The loss is not finite or diverges, or the device has too little memory; the message
            names the epoch and what was tried.
    """
    start = time.perf_counter()
    with _threads(config.trainer.n_threads):
        torch.manual_seed(config.seed)
        module = RegressionModule(config, fold.layout, transform)
        module.start_from(fold.train, transform)
        datamodule = RegressionDataModule(fold, module.loss, config.data.batch_size, config.seed)
        fabric = _fabric(config)
        try:
            loop = _Loop(config, fabric, module, datamodule, on_epoch)
            loop.run()
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            raise TrainingError(
                f"Out of memory on {fabric.device}: use a smaller data.batch_size or network. {error}"
            ) from error
        module.load_state_dict(loop.best_state)
        predictions = [
            _predict(fabric, module, loader, part.ids, transform)
            for loader, part in zip(
                datamodule.predict_dataloader(), (fold.train, fold.val, fold.test), strict=True
            )
        ]
    return FitResult(
        state={name: tensor.detach().cpu() for name, tensor in loop.best_state.items()},
        curves=loop.curves,
        best_epoch=loop.best_epoch,
        train=predictions[0],
        val=predictions[1],
        test=predictions[2],
        n_parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
        time_s=time.perf_counter() - start,
        stopped=loop.stopped,
    )


def predict(
    config: RunConfig,
    layout: Layout,
    transform: TargetTransform,
    state: dict[str, Tensor],
    objects: Unlabelled,
) -> Predictions:
    """Predict objects that were not in any part of the fit.

    Args:
        config: The run's configuration.
        layout: Shapes of features and target of the fit.
        transform: The fitted map of the target.
        state: Weights, as ``FitResult.state``.
        objects: Prepared features.

    Returns:
        Predictions, uncalibrated.
    """
    with _threads(config.trainer.n_threads):
        module = RegressionModule(config, layout, transform)
        module.load_state_dict(state)
        fabric = _fabric(config)
        module.to(fabric.device)
        loader = BatchLoader((torch.tensor(objects.features),), evaluation_batch(objects))
        return _predict(fabric, module, loader, objects.ids, transform)


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch could not get memory; on the CPU it raises a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


class _Loop:
    """Epochs of one fit; the same steps, in the same order, as Lightning's Trainer."""

    def __init__(
        self,
        config: RunConfig,
        fabric: Fabric,
        module: RegressionModule,
        datamodule: RegressionDataModule,
        on_epoch: EpochListener | None,
    ) -> None:
        configured = module.configure_optimizers()
        self._config = config
        self._fabric = fabric
        self._module = module.to(fabric.device)
        self._optimizer = configured["optimizer"]
        self._scheduler = configured.get("lr_scheduler", {}).get("scheduler")
        fabric.setup(module, self._optimizer)
        self._train = datamodule.train_dataloader().to(fabric.device)
        self._val = datamodule.val_dataloader().to(fabric.device)
        self._on_epoch = on_epoch
        self.curves: dict[str, list[float]] = {"train/loss": [], "val/loss": [], "lr": []}
        self.best_epoch = -1
        self.stopped = False
        self.best_state: dict[str, Tensor] = {}

    def run(self) -> None:
        trainer = self._config.trainer
        patience = trainer.early_stopping.patience
        best = math.inf
        for epoch in range(trainer.max_epochs):
            self.curves["lr"].append(float(self._optimizer.param_groups[0]["lr"]))
            train_loss, val_loss = self._train_epoch(), self._validate()
            self._check_loss(epoch, train_loss, val_loss)
            self.curves["train/loss"].append(train_loss)
            self.curves["val/loss"].append(val_loss)
            if val_loss < best - (trainer.early_stopping.min_delta if best < math.inf else 0.0):
                best = val_loss
                self.best_epoch = epoch
                self._keep_weights()
            if self._on_epoch is not None and self._on_epoch(epoch, train_loss, val_loss):
                self.stopped = True
                break
            if patience is not None and epoch - self.best_epoch >= patience:
                break
            self._step_scheduler(val_loss)

    def _train_epoch(self) -> float:
        module, optimizer, fabric = self._module, self._optimizer, self._fabric
        clip = self._config.trainer.gradient_clip
        module.train()
        total: Tensor | float = 0.0
        for index, batch in enumerate(self._train):
            optimizer.zero_grad()
            with fabric.autocast():
                loss = module.training_step(batch, index)
            fabric.backward(loss)
            module.on_after_backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(module.parameters(), clip)
            optimizer.step()
            total = total + loss.detach() * len(batch[0])
        return float(total) / self._train.n_rows

    @torch.no_grad()
    def _validate(self) -> float:
        self._module.eval()
        total = 0.0
        for index, batch in enumerate(self._val):
            with self._fabric.autocast():
                total += float(self._module.validation_step(batch, index)) * len(batch[0])
        return total / self._val.n_rows

    def _check_loss(self, epoch: int, train_loss: float, val_loss: float) -> None:
        first = self.curves["val/loss"][0] if epoch else val_loss
        if not (math.isfinite(train_loss) and math.isfinite(val_loss)):
            fault = "is not finite"
        elif val_loss > _DIVERGED * (1.0 + abs(first)):
            fault = "diverges"
        else:
            return
        optimizer = self._config.optimizer
        raise TrainingError(
            f"The loss {fault} in epoch {epoch + 1}: training {train_loss}, validation {val_loss} "
            f"(loss={self._config.loss.name}, optimizer={optimizer.name}, lr={optimizer.lr:g}). "
            "Try a smaller optimizer.lr, trainer.gradient_clip=1.0, or look for extreme feature values "
            "in the data report."
        )

    def _keep_weights(self) -> None:
        current = self._module.state_dict()
        if not self.best_state:
            self.best_state = {name: tensor.detach().clone() for name, tensor in current.items()}
            return
        for name, tensor in current.items():
            self.best_state[name].copy_(tensor)

    def _step_scheduler(self, val_loss: float) -> None:
        if isinstance(self._scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            self._scheduler.step(val_loss)
        elif self._scheduler is not None:
            self._scheduler.step()


@torch.no_grad()
def _predict(
    fabric: Fabric, module: RegressionModule, loader: BatchLoader, ids: Any, transform: TargetTransform
) -> Predictions:
    module.eval()
    z, s = [], []
    for index, batch in enumerate(loader.to(fabric.device)):
        with fabric.autocast():
            z_BT, s_BT = module.predict_step(batch, index)
        z.append(z_BT.double().cpu())
        s.append(s_BT.double().cpu())
    z_NT, s_NT = torch.cat(z).numpy(), torch.cat(s).numpy()
    return Predictions(ids=ids, mean=transform.inverse(z_NT), std=transform.slope(z_NT) * s_NT)


def _fabric(config: RunConfig) -> Fabric:
    trainer = config.trainer
    _check_device(trainer)
    on_cpu = trainer.accelerator == "cpu" or (
        trainer.accelerator == "auto" and not (torch.cuda.is_available() or torch.backends.mps.is_available())
    )
    for name in ("lightning_fabric", "pytorch_lightning"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return Fabric(
        accelerator="cpu" if on_cpu else trainer.accelerator,
        devices=1 if on_cpu else [trainer.device],
        precision=trainer.precision,
    )


def _check_device(trainer: TrainerConfig) -> None:
    """Refuse an accelerator that this machine does not have.

    Raises:
        ConfigError: It has no such device.
    """
    n_cuda, has_mps = torch.cuda.device_count(), torch.backends.mps.is_available()
    found = {"cpu": 1, "cuda": n_cuda, "mps": int(has_mps), "gpu": max(n_cuda, int(has_mps)), "auto": 1}
    if found[trainer.accelerator] == 0:
        raise ConfigError(
            f"trainer.accelerator={trainer.accelerator}: this machine has no such device; it has "
            f"{n_cuda} CUDA devices and {'an' if has_mps else 'no'} MPS device; allowed here: auto, cpu"
        )
    if n_cuda and trainer.accelerator != "cpu" and trainer.device >= n_cuda:
        raise ConfigError(f"trainer.device={trainer.device}: this machine has CUDA devices 0 to {n_cuda - 1}")


@contextmanager
def _threads(n_threads: int) -> Iterator[None]:
    """Limit torch's threads during a fit; a second thread gains almost nothing for small networks."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
            warnings.filterwarnings("ignore", message="The `srun` command is available")
            yield
    finally:
        torch.set_num_threads(before)
