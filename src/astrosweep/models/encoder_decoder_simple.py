"""The second network of the same study as ``encoder_decoder_1d``, for the record.

One 1 x 1 convolution is all its decoder has.

Shapes: B batch, C channels, L points of the input, P points of the output.
"""

from itertools import pairwise

from torch import nn

from astrosweep.config.model import EncoderDecoderSimpleConfig
from astrosweep.core.types import Layout
from astrosweep.models.activations import activation


def build(config: EncoderDecoderSimpleConfig, layout: Layout, n_parameters: int) -> nn.Module:
    """Build it.

    Args:
        config: Channels, latent units and activation.
        layout: Shapes of features and target.
        n_parameters: Outputs per target.

    Returns:
        A module that maps (B, C, L) to (B, n_parameters * channels * P).
    """
    n_channels, n_points = layout.inputs
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((n_channels, *config.encoder_channels)):
        layers += [nn.Conv1d(n_in, n_out, 3, padding=1), activation(config.activation)]
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(config.encoder_channels[-1] * n_points, config.latent_dim),
        activation(config.activation),
        nn.Linear(config.latent_dim, config.decoder_channels * layout.n_points),
        activation(config.activation),
        nn.Unflatten(1, (config.decoder_channels, layout.n_points)),
        nn.Conv1d(config.decoder_channels, n_parameters * len(layout.channels), 1),
        nn.Flatten(),
    )
