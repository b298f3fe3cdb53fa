"""The first network of the same study as ``encoder_decoder_1d``, for the record.

Profiles are folded into images and back.

Shapes: B batch, C channels, L points of the input, P points of the output.
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from astrosweep.config.model import EncoderDecoder2dConfig
from astrosweep.core.types import Layout
from astrosweep.models.activations import activation


class EncoderDecoder2d(nn.Module):
    """Profiles to images, convolutions with pooling, a latent layer, transposed convolutions, upsampling."""

    def __init__(self, config: EncoderDecoder2dConfig, layout: Layout, n_parameters: int) -> None:
        """Build the layers; see ``EncoderDecoder2dConfig``."""
        super().__init__()
        self._config = config
        self._n_points = layout.n_points
        n_channels = layout.inputs[0] - (0 if config.radius else 1)
        encoder: list[nn.Module] = []
        for n_in, n_out in pairwise((n_channels, *config.encoder_channels)):
            encoder += [nn.Conv2d(n_in, n_out, 3, padding=1), activation(config.activation), nn.MaxPool2d(2)]
        self.encoder = nn.Sequential(*encoder)
        side = config.image_size >> len(config.encoder_channels)
        deepest = config.encoder_channels[-1]
        n_flat = deepest * side * side
        self.latent = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_flat, config.latent_dim),
            activation(config.activation),
            nn.Linear(config.latent_dim, n_flat),
            activation(config.activation),
            nn.Unflatten(1, (deepest, side, side)),
        )
        decoder: list[nn.Module] = []
        for n_in, n_out in pairwise((deepest, *config.decoder_channels)):
            decoder += [nn.ConvTranspose2d(n_in, n_out, 2, stride=2), activation(config.activation)]
        n_out = n_parameters * len(layout.channels)
        self.decoder = nn.Sequential(*decoder, nn.Conv2d(config.decoder_channels[-1], n_out, 3, padding=1))

    def forward(self, x_BCL: Tensor) -> Tensor:
        """Outputs, (B, n_parameters * channels * P)."""
        config = self._config
        if not config.radius:
            x_BCL = x_BCL[:, 1:]
        side = config.image_size
        images = F.interpolate(x_BCL, size=side * side, mode="linear", align_corners=True)
        images = self.decoder(self.latent(self.encoder(images.reshape(*images.shape[:2], side, side))))
        images = F.interpolate(images, size=(config.output_size,) * 2, mode="bilinear", align_corners=False)
        profiles = F.adaptive_avg_pool1d(images.flatten(2), self._n_points)
        return profiles.flatten(1)


def build(config: EncoderDecoder2dConfig, layout: Layout, n_parameters: int) -> nn.Module:
    """Build it; see ``EncoderDecoder2d``."""
    return EncoderDecoder2d(config, layout, n_parameters)
