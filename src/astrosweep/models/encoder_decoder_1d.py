"""The published Conv1d encoder-decoder of a deprojection study, with its numbers as parameters.

Shapes: B batch, C channels, L points of the input, P points of the output.
"""

from itertools import pairwise

from torch import nn

from astrosweep.config.model import EncoderDecoder1dConfig
from astrosweep.core.types import Layout
from astrosweep.models.activations import activation


def build(config: EncoderDecoder1dConfig, layout: Layout, n_parameters: int) -> nn.Module:
    """Build convolutions, a dense latent layer, and convolutions to the output channels.

    Args:
        config: Channels, latent units, kernel, dropout and activation.
        layout: Shapes of features and target.
        n_parameters: Outputs per target.

    Returns:
        A module that maps (B, C, L) to (B, n_parameters * channels * P).
    """
    n_channels, n_points = layout.inputs

    def block(layer: nn.Module) -> list[nn.Module]:
        after: list[nn.Module] = [layer, activation(config.activation)]
        return [*after, nn.Dropout(config.dropout_rate)] if config.dropout_rate > 0 else after

    def convolution(n_in: int, n_out: int) -> nn.Module:
        return nn.Conv1d(n_in, n_out, config.kernel_size, padding=config.kernel_size // 2)

    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((n_channels, *config.encoder_channels)):
        layers += block(convolution(n_in, n_out))
    first = config.decoder_channels[0]
    layers.append(nn.Flatten())
    layers += block(nn.Linear(config.encoder_channels[-1] * n_points, config.latent_dim))
    layers += block(nn.Linear(config.latent_dim, first * layout.n_points))
    layers.append(nn.Unflatten(1, (first, layout.n_points)))
    for n_in, n_out in pairwise((first, *config.decoder_channels)):
        layers += block(convolution(n_in, n_out))
    layers.append(nn.Conv1d(config.decoder_channels[-1], n_parameters * len(layout.channels), 1))
    layers.append(nn.Flatten())
    return nn.Sequential(*layers)
