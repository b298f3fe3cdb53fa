"""The LightningModule and the LightningDataModule of every regression: the contract with any trainer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from astrosweep.config import RunConfig
from astrosweep.core.types import Dataset, Float32Array, Layout
from astrosweep.data.fold import Fold
from astrosweep.data.loader import BatchLoader
from astrosweep.data.target import TargetTransform
from astrosweep.models import StartsFromData, build
from astrosweep.training.losses import Loss, build_loss
from astrosweep.training.optimizers import build_optimizer, build_scheduler

Batch = tuple[Tensor, ...]
_EVALUATION_VALUES = 500_000
"""Feature values of a batch that is only evaluated."""
_DRAWS = 3
"""Draws of varied training objects from which a network begins."""
_WITH_KERNEL = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)


class RegressionModule(pl.LightningModule):
    """A network, its loss and its optimiser.

    Shapes: B batch, F features (or C channels of L points), T targets, O outputs (one or two per target, as
    the loss asks).
    """

    def __init__(self, config: RunConfig, layout: Layout, transform: TargetTransform) -> None:
        """Build network and loss.

        Args:
            config: The run's configuration.
            layout: Shapes of features and target.
            transform: The fitted map of the target.

        Raises:
            ConfigError: The network cannot take such features or give such targets.
        """
        super().__init__()
        self._config = config
        self.transform = transform
        self.n_targets = layout.n_targets
        self.loss: Loss = build_loss(config.loss, transform)
        self.network = build(config.model, layout, self.loss.n_parameters, transform)
        self._l2 = config.model.l2
        self._anchors: list[tuple[Tensor, Tensor]] = []
        self._kernels = [layer.weight for layer in self.network.modules() if isinstance(layer, _WITH_KERNEL)]

    def start_from(self, dataset: Dataset) -> None:
        """Let a network that can do so begin where a closed form on the training objects leads it."""
        if not isinstance(self.network, StartsFromData):
            return
        draws = [(dataset.features, dataset.target)]
        if dataset.vary is not None:
            rng = np.random.default_rng(self._config.seed)
            draws = [dataset.vary(rng) for _ in range(_DRAWS)]
        features = [features for features, _ in draws]
        self.network.start_from(features, [self.transform.forward(target) for _, target in draws])

    def continue_from(self, state: Mapping[str, Tensor]) -> None:
        """Take weights from an earlier training, and be drawn towards them from now on.

        Raises:
            RuntimeError: They are those of another network.
        """
        self.load_state_dict(dict(state))
        self._anchors = [(weight, weight.detach().clone()) for weight in self.parameters()]

    def forward(self, x_BF: Tensor) -> Tensor:
        """Outputs, (B, O)."""
        return self.network(x_BF)  # type: ignore[no-any-return]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002
        """Mean loss of a batch."""
        x_BF, y_BT, e_BT = batch
        return self.loss(self.network(x_BF), y_BT, e_BT)

    def on_after_backward(self) -> None:
        """Add the gradients of the L2 penalty and of that on the distance from the start.

        The same for every optimiser, unlike their ``weight_decay``; the reported loss leaves it out.
        """
        add_l2_gradient(self._kernels, self._l2)
        penalty = self._config.model.start_penalty
        for weight, anchor in self._anchors if penalty > 0.0 else []:
            if weight.grad is not None:
                weight.grad.add_(weight.detach() - anchor.to(weight.device), alpha=2.0 * penalty)

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Mean loss of a batch, logged as ``val/loss``."""
        loss = self.training_step(batch, batch_idx)
        self.log("val/loss", loss, batch_size=len(batch[0]))
        return loss

    def predict_step(
        self,
        batch: tuple[Tensor, ...],
        batch_idx: int,  # noqa: ARG002
    ) -> tuple[Tensor, Tensor]:
        """Predicted mean and standard deviation in the network's scale, each (B, T)."""
        return self.loss.moments(self.network(batch[0]))

    def configure_optimizers(self) -> Any:
        """Optimiser and schedule, in Lightning's form."""
        optimizing = self._config.optimizer
        if self._anchors:
            rate = self._config.model.start_rate
            optimizing = optimizing.model_copy(update={"lr": rate * optimizing.lr})
        optimizer = build_optimizer(optimizing, self.parameters())
        scheduler = build_scheduler(self._config.scheduler, optimizer, self._config.trainer.max_epochs)
        if scheduler is None:
            return {"optimizer": optimizer}
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "epoch", "monitor": "val/loss"},
        }


class RegressionDataModule(pl.LightningDataModule):
    """The tensors of one fold, served in batches from memory."""

    def __init__(self, fold: Fold, loss: Loss, batch_size: int, seed: int) -> None:
        """Turn the fold into tensors once.

        Args:
            fold: The prepared fold; its test part has no targets.
            loss: Encodes targets and errors.
            batch_size: Rows of a training batch.
            seed: Seed of the batch order.
        """
        super().__init__()
        self.fold = fold
        self._loss = loss
        self._train = _tensors(fold.train, loss)
        self._val = _tensors(fold.val, loss)
        self._batch_size = batch_size
        self._seed = seed

    def train_dataloader(self) -> BatchLoader:
        """Shuffled training batches, varied anew in each epoch where the data can be."""
        dataset, loss = self.fold.train, self._loss
        if dataset.vary is None:
            return BatchLoader(self._train, self._batch_size, seed=self._seed)
        draw, rng = dataset.vary, np.random.default_rng(self._seed)

        def vary() -> Batch:
            features, target = draw(rng)
            return torch.from_numpy(features), *loss.encode(target, dataset.target_error)

        return BatchLoader(self._train, self._batch_size, seed=self._seed, vary=vary)

    def val_dataloader(self) -> BatchLoader:
        """Validation batches, large ones in a fixed order."""
        return BatchLoader(self._val, evaluation_batch(self.fold.val.features))

    def predict_dataloader(self) -> list[BatchLoader]:
        """Features alone of train, val and test, in this order."""
        parts = (self.fold.train.features, self.fold.val.features, self.fold.test.features)
        return [BatchLoader((torch.tensor(features),), evaluation_batch(features)) for features in parts]


def add_l2_gradient(kernels: Sequence[Tensor], l2: float) -> None:
    """Add the gradient of ``l2 * sum(kernel ** 2)`` to that of each kernel, in one fused operation."""
    if l2 > 0:
        gradients = [kernel.grad for kernel in kernels if kernel.grad is not None]
        torch._foreach_add_(gradients, [kernel.detach() for kernel in kernels], alpha=2 * l2)


def evaluation_batch(features: Float32Array) -> int:
    """Rows of a batch that is only evaluated: as many as fit well into memory."""
    return max(_EVALUATION_VALUES // int(np.prod(features.shape[1:])), 1)


def _tensors(dataset: Dataset, loss: Loss) -> Batch:
    y, e = loss.encode(dataset.target, dataset.target_error)
    return torch.tensor(dataset.features), y, e
