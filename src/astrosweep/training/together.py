"""Train all folds of a configuration at once, as one stacked network.

A step of a small network costs more in calls than in arithmetic, so a step of all folds costs little more
than that of one. Each fold sees the batches that it would see alone, from the same initial weights, and keeps
its own best epoch and its own end; only the units that dropout leaves out are others.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from astrosweep.config import RunConfig
from astrosweep.config.model import DenseConfig
from astrosweep.core.errors import ConfigError
from astrosweep.data.fold import Fold
from astrosweep.data.loader import BatchLoader
from astrosweep.data.target import TargetTransform
from astrosweep.training.cohorts import Cohort, cohorts_of, keep
from astrosweep.training.course import Course
from astrosweep.training.device import fabric_of, limited_threads, memory_explained
from astrosweep.training.fit import EpochListener, FitResult, build_fit, finish
from astrosweep.training.losses import Loss, build_loss
from astrosweep.training.module import Batch, RegressionDataModule, RegressionModule, add_l2_gradient
from astrosweep.training.stacked import BatchCounts, StackedNetwork

_EVALUATION_COLUMNS = 65_536


def are_together(config: RunConfig, folds: Sequence[Fold]) -> bool:
    """Whether the folds of a configuration are trained together.

    Raises:
        ConfigError: ``trainer.folds=together``, and they cannot be.
    """
    if config.trainer.folds == "sequential":
        return False
    obstacle = _obstacle(config, folds)
    if obstacle and config.trainer.folds == "together":
        raise ConfigError(
            f"trainer.folds=together: {obstacle}. Use trainer.folds=auto, which does so where it can."
        )
    return not obstacle


def _obstacle(config: RunConfig, folds: Sequence[Fold]) -> str:
    """Why the folds cannot be trained together; empty if they can."""
    if len(folds) < 2:
        return "there is only one fold"
    if not isinstance(config.model, DenseConfig):
        return f"model={config.model.name} is no plain stack of dense layers"
    layout = folds[0].layout
    if len(layout.inputs) > 1 or layout.n_points > 1 or folds[0].train.vary is not None:
        return "profiles are not stacked"
    if folds[0].start is not None:
        return "model.start_from has each fold start from weights of its own"
    if config.scheduler.name == "plateau":
        return "scheduler=plateau gives each fold a learning rate of its own"
    if config.trainer.gradient_clip is not None:
        return "trainer.gradient_clip looks at the gradient of one network"
    if config.trainer.precision != "32-true":
        return f"trainer.precision={config.trainer.precision}, and only 32-true is stacked"
    return ""


def fit_together(
    config: RunConfig, folds: Sequence[Fold], on_epoch: EpochListener | None = None
) -> list[FitResult]:
    """Train a network on each of several folds at once and predict all their parts.

    Args:
        config: The run's configuration.
        folds: Folds that ``are_together``.
        on_epoch: Called after each epoch with its index, the folds' mean training loss and their mean best
            validation loss so far; True ends the training.

    Returns:
        One result for each fold; its time is its part of the whole.

    Raises:
        TrainingError: A loss is not finite or diverges, or the device has too little memory.
    """
    start = time.perf_counter()
    with limited_threads(config.trainer.n_threads):
        fabric = fabric_of(config)
        built = [build_fit(config, fold) for fold in folds]
        with memory_explained(fabric.device):
            loop = _Loop(config, fabric.device, built, [fold.transform for fold in folds])
            stopped = loop.run(on_epoch)
            time_s = (time.perf_counter() - start) / len(folds)
            return [
                finish(
                    fabric,
                    module.to(fabric.device),
                    datamodule,
                    loop.best_states[k],
                    loop.courses[k],
                    time_s=time_s,
                    stopped=stopped,
                )
                for k, (module, datamodule) in enumerate(built)
            ]


class _Loop:
    """Epochs of all folds; those that have ended are left out, and cost nothing any more.

    ``places`` in the stack are those of the folds that go on, in the order of their numbers of batches.
    """

    def __init__(
        self,
        config: RunConfig,
        device: torch.device,
        built: Sequence[tuple[RegressionModule, RegressionDataModule]],
        transforms: Sequence[TargetTransform],
    ) -> None:
        train = [datamodule.train_dataloader().to(device) for _, datamodule in built]
        val = [datamodule.val_dataloader().to(device) for _, datamodule in built]
        self._config = config
        self._device = device
        self._transforms = transforms
        self._train, self._val = train, val
        self._n_features = [datamodule.fold.train.features.shape[1] for _, datamodule in built]
        self.courses = [Course(config) for _ in built]
        self.best_states: list[dict[str, Tensor]] = [{} for _ in built]
        self._folds = sorted(range(len(built)), key=lambda k: len(train[k]))
        self._network = StackedNetwork([built[k][0].to(device) for k in self._folds], config.seed)
        self._cohorts: list[Cohort] = cohorts_of(
            config, self._network.parameters, [len(train[k]) for k in self._folds]
        )
        self._best = {name: tensor.detach().clone() for name, tensor in self._network.state.items()}
        self._of_places()

    def run(self, on_epoch: EpochListener | None) -> bool:
        """Train; return whether the listener ended the training."""
        stopped = False
        for epoch in range(self._config.trainer.max_epochs):
            lr = self._cohorts[0].lr
            train_losses, val_losses = self._train_epoch(), self._validate()
            improved = [
                place
                for place, k in enumerate(self._folds)
                if self.courses[k].add(lr, train_losses[place], val_losses[place])
            ]
            self._keep_weights(improved)
            if on_epoch is not None and on_epoch(epoch, *self._means()):
                stopped = True
                break
            self._leave_out([place for place, k in enumerate(self._folds) if self.courses[k].is_over])
            if not self._folds:
                break
            for cohort in self._cohorts:
                cohort.end_epoch()
        self._leave_out(range(len(self._folds)))
        return stopped

    def _train_epoch(self) -> list[float]:
        network = self._network
        loaders = [self._train[k] for k in self._folds]
        orders = [list(loader) for loader in loaders]
        total_K = torch.zeros(len(self._folds), device=self._device)
        for index in range(max(map(len, orders))):
            # A fold without a further batch is stepped by no optimiser: its rows only fill the place.
            batches = [order[min(index, len(order) - 1)] for order in orders]
            counts = tuple(
                len(batch[0]) if index < len(order) else 0
                for batch, order in zip(batches, orders, strict=True)
            )
            rows = self._rows_of(counts)
            x_KFB, y_KTB, e_KTB = _stack(batches, max(counts))
            loss_KTB = self._loss.each(network(x_KFB, rows), y_KTB, e_KTB)
            loss_K = rows.mean(loss_KTB).mean((1, 2))
            for parameter in network.parameters:
                parameter.grad = None
            loss_K.sum().backward()  # type: ignore[no-untyped-call]
            add_l2_gradient(network.kernels, self._config.model.l2)
            for cohort in self._cohorts:
                if index < cohort.n_batches:
                    cohort.step(network.parameters)
            total_K += loss_K.detach() * torch.tensor(counts, device=self._device)
        network.count_batches([len(order) for order in orders])
        return [total / loader.n_rows for total, loader in zip(total_K.tolist(), loaders, strict=True)]

    @torch.no_grad()
    def _validate(self) -> list[float]:
        total_K: Tensor | float = 0.0
        for (x_KFB, y_KTB, e_KTB), weight_K1B in self._val_batches:
            loss_KTB = self._loss.each(self._network(x_KFB), y_KTB, e_KTB)
            total_K = total_K + (loss_KTB * weight_K1B).mean(1).sum(1)
        assert isinstance(total_K, Tensor)
        losses: list[float] = total_K.tolist()
        return losses

    def _means(self) -> tuple[float, float]:
        """Mean last training loss and mean best validation loss of all folds, ended ones included."""
        n = len(self.courses)
        return (
            sum(course.curves["train/loss"][-1] for course in self.courses) / n,
            sum(course.best for course in self.courses) / n,
        )

    def _keep_weights(self, improved: Sequence[int]) -> None:
        places = slice(None) if len(improved) == len(self._folds) else list(improved)
        if improved:
            for name, tensor in self._network.state.items():
                self._best[name][places] = tensor.detach()[places]

    def _leave_out(self, ended: Sequence[int]) -> None:
        """Put the best weights of the folds at these places aside and go on without them."""
        if not ended:
            return
        for place in ended:
            # Cloned, since a view would hold the weights of all folds.
            best = {name: tensor[place].clone() for name, tensor in self._best.items()}
            k = self._folds[place]
            self.best_states[k] = self._network.cut(best, self._n_features[k])
        going_on = [place for place in range(len(self._folds)) if place not in ended]
        self._folds = [self._folds[place] for place in going_on]
        if not going_on:
            return
        self._network.keep(going_on)
        self._best = {name: tensor[going_on] for name, tensor in self._best.items()}
        self._cohorts = keep(self._cohorts, self._network.parameters, going_on)
        self._of_places()

    def _of_places(self) -> None:
        """What depends on which folds are at which places."""
        self._rows: dict[tuple[int, ...], BatchCounts] = {}
        transform = _stacked_transform([self._transforms[k] for k in self._folds], self._device)
        self._loss: Loss = build_loss(self._config.loss, transform)
        parts = [_joined(self._val[k]) for k in self._folds]
        counts = [len(part[0]) for part in parts]
        n_columns = max(_EVALUATION_COLUMNS // len(counts), 1)
        chunks = [torch.split(tensor_KCB, n_columns, dim=2) for tensor_KCB in _stack(parts, max(counts))]
        share = BatchCounts.of(counts, self._device).share
        weight_K1B = (
            share
            if isinstance(share, Tensor)
            else torch.full((1, 1, max(counts)), share, device=self._device)
        )
        self._val_batches = list(
            zip(zip(*chunks, strict=True), torch.split(weight_K1B, n_columns, dim=2), strict=True)
        )

    def _rows_of(self, counts: tuple[int, ...]) -> BatchCounts:
        if counts not in self._rows:
            self._rows[counts] = BatchCounts.of(counts, self._device)
        return self._rows[counts]


def _joined(loader: BatchLoader) -> Batch:
    return tuple(torch.cat(tensors) for tensors in zip(*loader, strict=True))


def _stack(batches: Sequence[Batch], width: int) -> tuple[Tensor, ...]:
    """Batches of K folds as (K, C, B); where a fold has fewer rows, its first one fills the columns.

    Zeros would do for all but a likelihood, which may overflow far from any object. A feature that a fold
    does not have is zero.
    """
    stacked = []
    for tensors in zip(*batches, strict=True):
        n_columns = max(tensor_BC.shape[1] for tensor_BC in tensors)
        filled = [_filled(tensor_BC, width, n_columns) for tensor_BC in tensors]
        stacked.append(torch.stack(filled).transpose(1, 2))
    return tuple(stacked)


def _filled(rows_BC: Tensor, width: int, n_columns: int) -> Tensor:
    if (absent := n_columns - rows_BC.shape[1]) > 0:
        rows_BC = F.pad(rows_BC, (0, absent))
    missing = width - len(rows_BC)
    if missing <= 0:
        return rows_BC[:width]
    return torch.cat([rows_BC, rows_BC[:1].expand(missing, -1)])


def _stacked_transform(transforms: Sequence[TargetTransform], device: torch.device) -> TargetTransform:
    """The transforms of K folds as one, whose numbers are (K, 1, 1): its arithmetic takes either."""
    numbers: dict[str, Any] = {
        name: torch.tensor([getattr(t, name) for t in transforms], dtype=torch.float32, device=device)[
            :, None, None
        ]
        for name in ("loc", "width", "unit_width")
    }
    return replace(transforms[0], **numbers)
