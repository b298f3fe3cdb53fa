"""A network whose blocks mix all radii, then all channels: see ``RadialMixerConfig``.

Shapes: B batch, C channels, L points of the input, W width, P points of the output, O outputs.
"""

import math

import torch
from torch import Tensor, nn

from astrosweep.config.model import RadialMixerConfig
from astrosweep.core.types import Layout
from astrosweep.models.activations import activation


class _Block(nn.Module):
    """Residual mixing of radii, (L to L for each channel), then of channels (W to W at each radius)."""

    def __init__(self, config: RadialMixerConfig, n_points: int) -> None:
        super().__init__()
        hidden = max(round(config.expansion * config.width), 1)
        self.radii = nn.Sequential(
            nn.LayerNorm(n_points),
            nn.Linear(n_points, n_points),
            activation(config.activation),
            nn.Linear(n_points, n_points),
        )
        self.channels = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, hidden),
            activation(config.activation),
            nn.Dropout(config.dropout),
            nn.Linear(hidden, config.width),
        )

    def forward(self, h_BWL: Tensor) -> Tensor:
        h_BWL = h_BWL + self.radii(h_BWL)
        return h_BWL + self.channels(h_BWL.transpose(1, 2)).transpose(1, 2)


class RadialMixer(nn.Module):
    """A stem, blocks, and a dense map from radii to output points; a linear map beside them."""

    def __init__(self, config: RadialMixerConfig, layout: Layout, n_parameters: int) -> None:
        """Build the layers; see ``RadialMixerConfig``."""
        super().__init__()
        n_channels, n_points = layout.inputs
        n_outputs = n_parameters * len(layout.channels)
        self.stem = nn.Conv1d(n_channels, config.width, 1)
        self.blocks = nn.Sequential(*(_Block(config, n_points) for _ in range(config.n_blocks)))
        self.to_points = nn.Linear(n_points, layout.n_points)
        self.to_channels = nn.Sequential(
            activation(config.activation), nn.Conv1d(config.width, n_outputs, 1), nn.Flatten()
        )
        self.skip: nn.Linear | None = None
        if config.linear_skip:
            self.skip = nn.Linear(math.prod(layout.inputs), n_outputs * layout.n_points, bias=False)
            nn.init.zeros_(self.skip.weight)

    def forward(self, x_BCL: Tensor) -> Tensor:
        """Outputs, (B, O * P)."""
        h_BWL: Tensor = self.blocks(self.stem(x_BCL))
        output: Tensor = self.to_channels(self.to_points(h_BWL))
        if self.skip is not None:
            output = output + self.skip(torch.flatten(x_BCL, 1))
        return output


def build(config: RadialMixerConfig, layout: Layout, n_parameters: int) -> nn.Module:
    """Build it; see ``RadialMixer``."""
    return RadialMixer(config, layout, n_parameters)
