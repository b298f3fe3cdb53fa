"""One fit as users of Lightning write it: Trainer, DataLoaders, everything optional switched off."""

import logging
import warnings

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from peers.network import SEED, add_l2, build, kernels_of
from peers.problem import Fold, Parameters

Batch = tuple[Tensor, Tensor]


class Module(pl.LightningModule):
    """The network; remembers the validation outputs of its best epoch, which is cheaper than its weights."""

    def __init__(self, n_features: int, parameters: Parameters) -> None:
        """Build the network for ``n_features`` inputs."""
        super().__init__()
        self.network: nn.Module = build(n_features, parameters)
        self.best_loss = float("inf")
        self.best_output = torch.empty(0)
        self._kernels = kernels_of(self.network)
        self._parameters_of_trial = parameters

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002
        """Mean squared error of a batch."""
        x, z = batch
        return F.mse_loss(self.network(x), z)

    def on_after_backward(self) -> None:
        """Add the L2 penalty."""
        add_l2(self._kernels, self._parameters_of_trial.l2)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Mean squared error of the validation rows, which are one batch."""
        x, z = batch
        output = self.network(x)
        loss = F.mse_loss(output, z)
        self.log("val/loss", loss)
        if float(loss) < self.best_loss:
            self.best_loss, self.best_output = float(loss), output

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, fused as astrosweep's is."""
        return torch.optim.Adam(self.parameters(), self._parameters_of_trial.lr, fused=True)


def fit(fold: Fold, parameters: Parameters, epochs: int) -> NDArray[np.float64]:
    """Train on one fold.

    Returns:
        Validation outputs of the best epoch, (M, 1).
    """
    torch.manual_seed(SEED)
    module = Module(fold.x_train.shape[1], parameters)
    train = TensorDataset(torch.from_numpy(fold.x_train), torch.from_numpy(fold.z_train))
    val = TensorDataset(torch.from_numpy(fold.x_val), torch.from_numpy(fold.z_val))
    size = parameters.batch_size
    # Batch normalisation cannot take a last batch of a single row.
    train_loader = DataLoader(train, batch_size=size, shuffle=True, drop_last=len(train) % size == 1)
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, train_loader, DataLoader(val, batch_size=len(val)))
    return module.best_output.double().numpy()


def quieten() -> None:
    """One thread per process; no notes about the number of DataLoader workers and the like."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
