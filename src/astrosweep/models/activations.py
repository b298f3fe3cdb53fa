"""Activations by their names in the configuration."""

from torch import nn

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


def activation(name: str, negative_slope: float = 0.01) -> nn.Module:
    """Build an activation; the slope is that of the leaky ReLU."""
    return nn.LeakyReLU(negative_slope) if name == "leaky_relu" else _ACTIVATIONS[name]()
