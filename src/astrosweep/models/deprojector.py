"""A network that begins as the best linear deprojection and learns what is not linear.

Shapes: B batch, C channels, L points of the input, D = C * L inputs, W width, O outputs, T targets.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from astrosweep.config.model import DeprojectorConfig
from astrosweep.core.types import Float32Array, FloatArray, Layout
from astrosweep.models.activations import activation
from astrosweep.models.ridge import fit_ridge


class _Block(nn.Module):
    """Pre-normalised residual block: He et al. 2016, ECCV, "Identity mappings in deep residual networks"."""

    def __init__(self, config: DeprojectorConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, config.width),
            activation(config.activation),
            nn.Dropout(config.dropout),
            nn.Linear(config.width, config.width),
        )

    def forward(self, h_BW: Tensor) -> Tensor:
        return h_BW + self.layers(h_BW)  # type: ignore[no-any-return]


class Deprojector(nn.Module):
    """A linear map from all inputs to all targets, and residual blocks beside it that begin at zero.

    What else a loss has predicted, such as the scatter of each target, comes from the blocks alone.
    """

    def __init__(self, config: DeprojectorConfig, layout: Layout, n_parameters: int) -> None:
        """Build the layers; see ``DeprojectorConfig``."""
        super().__init__()
        n_inputs = math.prod(layout.inputs)
        self._n_targets = len(layout.channels) * layout.n_points
        n_outputs = n_parameters * self._n_targets
        self.linear = nn.Linear(n_inputs, self._n_targets)
        self.blocks = nn.Sequential(
            nn.Linear(n_inputs, config.width), *(_Block(config) for _ in range(config.n_blocks))
        )
        self.last = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, n_outputs))
        for layer in (self.linear, self.last[1]):
            assert isinstance(layer, nn.Linear)
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x_BCL: Tensor) -> Tensor:
        """Outputs, (B, O)."""
        x_BD = torch.flatten(x_BCL, 1)
        y_BO = self.last(self.blocks(x_BD))
        y_BO[:, : self._n_targets] += self.linear(x_BD)
        return y_BO  # type: ignore[no-any-return]

    @torch.no_grad()
    def start_from(self, x: Sequence[Float32Array], z: Sequence[FloatArray]) -> None:
        """Begin as a linear regression of the training targets, its scatter included.

        Args:
            x: Features of each draw of the training objects, shape (N, C, L).
            z: Their targets on the network's scale, shape (N, T).
        """
        weights, intercept, residual = fit_ridge([draw.reshape(len(draw), -1) for draw in x], z)
        n = self._n_targets
        self.linear.weight[:] = torch.tensor(weights.T, dtype=torch.float32)
        self.linear.bias[:] = torch.tensor(intercept, dtype=torch.float32)
        last = self.last[1]
        assert isinstance(last, nn.Linear)
        if len(last.bias) > n:
            # The inverse of softplus, which losses apply to a predicted scatter.
            raw = torch.tensor(residual, dtype=torch.float64).expm1().log()
            last.bias[n : 2 * n] = raw.to(torch.float32)


def build(config: DeprojectorConfig, layout: Layout, n_parameters: int) -> nn.Module:
    """Build it; see ``Deprojector``."""
    return Deprojector(config, layout, n_parameters)
