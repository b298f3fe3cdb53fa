"""The MLP, its L2 penalty, and one fit in bare PyTorch, step for step what astrosweep's own does."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from peers.problem import Fold, Parameters

SEED = 0


def build(n_features: int, parameters: Parameters) -> nn.Sequential:
    """Blocks of Linear, BatchNorm, LeakyReLU and Dropout, then a linear output."""
    layers: list[nn.Module] = []
    n_inputs = n_features
    for width in parameters.hidden:
        layers += [_linear(n_inputs, width, bias=False), nn.BatchNorm1d(width), nn.LeakyReLU(0.1)]
        if parameters.dropout > 0:
            layers.append(nn.Dropout(parameters.dropout))
        n_inputs = width
    layers.append(_linear(n_inputs, 1, bias=True))
    return nn.Sequential(*layers)


def kernels_of(network: nn.Module) -> list[Tensor]:
    """The weights that the L2 penalty is on."""
    return [layer.weight for layer in network.modules() if isinstance(layer, nn.Linear)]


@torch.no_grad()
def add_l2(kernels: Sequence[Tensor], l2: float) -> None:
    """Add the gradient of ``l2 * sum(kernel ** 2)``."""
    gradients = [kernel.grad for kernel in kernels if kernel.grad is not None]
    torch._foreach_add_(gradients, list(kernels), alpha=2 * l2)


def fit(fold: Fold, parameters: Parameters, epochs: int) -> NDArray[np.float64]:
    """The arithmetic and nothing else: Adam, validation each epoch, a copy of the best weights.

    Returns:
        Validation outputs of the best epoch, (M, 1).
    """
    torch.manual_seed(SEED)
    network = build(fold.x_train.shape[1], parameters)
    optimizer = torch.optim.Adam(network.parameters(), parameters.lr, fused=True)
    kernels, state = kernels_of(network), network.state_dict()
    best, best_state = float("inf"), {name: tensor.clone() for name, tensor in state.items()}
    x, z = torch.from_numpy(fold.x_train), torch.from_numpy(fold.z_train)
    x_val, z_val = torch.from_numpy(fold.x_val), torch.from_numpy(fold.z_val)
    generator = torch.Generator().manual_seed(SEED)
    starts = list(range(0, len(x), parameters.batch_size))
    if len(starts) > 1 and len(x) - starts[-1] == 1:  # batch normalisation cannot take a single row
        starts.pop()
    for _ in range(epochs):
        network.train()
        order = torch.randperm(len(x), generator=generator)
        x_epoch, z_epoch = x[order], z[order]
        for start, end in zip(starts, [*starts[1:], len(x)], strict=True):
            optimizer.zero_grad()
            F.mse_loss(network(x_epoch[start:end]), z_epoch[start:end]).backward()  # type: ignore[no-untyped-call]
            add_l2(kernels, parameters.l2)
            optimizer.step()
        network.eval()
        with torch.no_grad():
            loss = float(F.mse_loss(network(x_val), z_val))
        if loss < best:
            best = loss
            for name, tensor in state.items():
                best_state[name].copy_(tensor)
    network.load_state_dict(best_state)
    network.eval()
    with torch.no_grad():
        return network(x_val).double().numpy()  # type: ignore[no-any-return]


def _linear(n_inputs: int, n_outputs: int, *, bias: bool) -> nn.Linear:
    layer = nn.Linear(n_inputs, n_outputs, bias=bias)
    nn.init.xavier_uniform_(layer.weight)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer
