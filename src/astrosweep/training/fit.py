"""The training loop: Fabric around the LightningModule, at almost no cost beyond the arithmetic."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from astrosweep.config import RunConfig
from astrosweep.core.errors import FormatError
from astrosweep.core.types import Layout, Predictions, Unlabelled
from astrosweep.data.fold import Fold
from astrosweep.data.loader import BatchLoader
from astrosweep.data.target import TargetTransform
from astrosweep.training.course import Course
from astrosweep.training.device import fabric_of, limited_threads, memory_explained
from astrosweep.training.module import RegressionDataModule, RegressionModule, evaluation_batch

EpochListener = Callable[[int, float, float], bool | None]


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


def fit(config: RunConfig, fold: Fold, on_epoch: EpochListener | None = None) -> FitResult:
    """Train a network on one fold and predict all its parts.

    Args:
        config: The run's configuration.
        fold: The prepared fold. Its test part has no targets, so that nothing here can use them.
        on_epoch: Called after each epoch with its index, training loss and validation loss;
            True ends the fit.

    Returns:
        Weights, curves and predictions.

    Raises:
        TrainingError: The loss is not finite or diverges, or the device has too little memory; the message
            names the epoch and what was tried.
    """
    start = time.perf_counter()
    with limited_threads(config.trainer.n_threads):
        module, datamodule = build_fit(config, fold)
        fabric = fabric_of(config)
        with memory_explained(fabric.device):
            loop = _Loop(config, fabric, module, datamodule, on_epoch)
            loop.run()
            return finish(
                fabric,
                module,
                datamodule,
                loop.best_state,
                loop.course,
                time_s=time.perf_counter() - start,
                stopped=loop.stopped,
            )


def build_fit(config: RunConfig, fold: Fold) -> tuple[RegressionModule, RegressionDataModule]:
    """The network of a fold with its initial weights, and its data, as the seed has them."""
    torch.manual_seed(config.seed)
    module = RegressionModule(config, fold.layout, fold.transform)
    if fold.start is None:
        module.start_from(fold.train)
    else:
        module.continue_from({name: torch.tensor(values) for name, values in fold.start.items()})
    return module, RegressionDataModule(fold, module.loss, config.data.batch_size, config.seed)


def finish(
    fabric: Fabric,
    module: RegressionModule,
    datamodule: RegressionDataModule,
    best_state: dict[str, Tensor],
    course: Course,
    *,
    time_s: float,
    stopped: bool,
) -> FitResult:
    """Give a network the weights of its best epoch and predict all parts of its fold."""
    module.load_state_dict(best_state)
    fold = datamodule.fold
    train, val, test = (
        _predict(fabric, module, loader, ids)
        for loader, ids in zip(
            datamodule.predict_dataloader(), (fold.train.ids, fold.val.ids, fold.test.ids), strict=True
        )
    )
    return FitResult(
        state={name: tensor.detach().cpu() for name, tensor in best_state.items()},
        curves=course.curves,
        best_epoch=course.best_epoch,
        train=train,
        val=val,
        test=test,
        n_parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
        time_s=time_s,
        stopped=stopped,
    )


def predict(
    config: RunConfig,
    layout: Layout,
    transform: TargetTransform,
    state: dict[str, Tensor],
    objects: Unlabelled,
) -> Predictions:
    """Predict objects that were not in any part of the fit; see ``restore`` and ``predict_with``."""
    return predict_with(config, restore(config, layout, transform, state), objects)


def restore(
    config: RunConfig, layout: Layout, transform: TargetTransform, state: Mapping[str, Tensor]
) -> RegressionModule:
    """Build a trained network.

    Args:
        config: The run's configuration.
        layout: Shapes of features and target of the fit.
        transform: The fitted map of the target.
        state: Weights, as ``FitResult.state``.

    Returns:
        The network on the device that the configuration asks for.

    Raises:
        FormatError: The weights are not those of such a network.
    """
    fabric = fabric_of(config)
    check_weights(config, layout, transform, state)
    with fabric.init_module(empty_init=True):
        module = RegressionModule(config, layout, transform)
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise FormatError(f"The weights do not fit model={config.model.name}: {error}") from error
    return module.to(fabric.device)


def check_weights(
    config: RunConfig, layout: Layout, transform: TargetTransform, state: Mapping[str, Any]
) -> None:
    """Refuse weights of another network before any memory is taken for this one: on the device ``meta``.

    Args:
        config: The run's configuration.
        layout: Shapes of features and target.
        transform: The map of the target.
        state: Weights by name, tensors or arrays.

    Raises:
        FormatError: A weight is missing, there is one too many, or one has another shape.
    """
    try:
        with torch.device("meta"):
            module = RegressionModule(config, layout, transform)
    except (RuntimeError, OverflowError) as error:
        raise FormatError(f"No weights can fit model={config.model.name}: {error}") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    wrong = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
    if wrong:
        shapes = [
            f"{name} is {found.get(name, 'missing')}, not {wanted.get(name, 'there')}" for name in wrong
        ]
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise FormatError(f"The weights do not fit model={config.model.name}: {'; '.join(shapes[:3])}{more}")


def predict_with(config: RunConfig, module: RegressionModule, objects: Unlabelled) -> Predictions:
    """Predict objects with a trained network.

    Args:
        config: The run's configuration.
        module: The network.
        objects: Prepared features.

    Returns:
        Predictions, uncalibrated: to the last bit those that the fit itself gave for the same objects.
    """
    with limited_threads(config.trainer.n_threads):
        loader = BatchLoader((torch.tensor(objects.features),), evaluation_batch(objects.features))
        return _predict(fabric_of(config), module, loader, objects.ids)


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
        self._starts = datamodule.fold.start is not None
        self.course = Course(config)
        self.stopped = False
        self.best_state: dict[str, Tensor] = {}

    def run(self) -> None:
        # A start is a candidate for the best: its losses are the first of the curves.
        if self._starts and self.course.add(0.0, self._evaluate(self._train), self._validate()):
            self._keep_weights()
        for epoch in range(self._config.trainer.max_epochs):
            lr = float(self._optimizer.param_groups[0]["lr"])
            train_loss, val_loss = self._train_epoch(), self._validate()
            if self.course.add(lr, train_loss, val_loss):
                self._keep_weights()
            if self._on_epoch is not None and self._on_epoch(epoch, train_loss, val_loss):
                self.stopped = True
                break
            if self.course.is_over:
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

    def _validate(self) -> float:
        return self._evaluate(self._val)

    @torch.no_grad()
    def _evaluate(self, loader: BatchLoader) -> float:
        self._module.eval()
        total = 0.0
        for index, batch in enumerate(loader):
            with self._fabric.autocast():
                total += float(self._module.validation_step(batch, index)) * len(batch[0])
        return total / loader.n_rows

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
def _predict(fabric: Fabric, module: RegressionModule, loader: BatchLoader, ids: Any) -> Predictions:
    module.eval()
    transform = module.transform
    shape = (len(ids), module.n_targets)
    mean, std = np.empty(shape), np.empty(shape)
    start = 0
    for index, batch in enumerate(loader.to(fabric.device)):
        with fabric.autocast():
            z_BT, s_BT = (moment.double().cpu().numpy() for moment in module.predict_step(batch, index))
        rows = slice(start, start + len(z_BT))
        mean[rows] = transform.inverse(z_BT)
        np.multiply(transform.slope(z_BT), s_BT, out=std[rows])
        start += len(z_BT)
    return Predictions(ids=ids, mean=mean, std=std)
