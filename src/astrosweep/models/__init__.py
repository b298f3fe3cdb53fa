"""The networks, one per file, and the dictionary that finds them by name."""

from collections.abc import Callable
from typing import Any

from torch import nn

from astrosweep.config.model import ModelConfig
from astrosweep.models import dnn, mlp

__all__ = ["build"]

_BUILDERS: dict[str, Callable[[Any, int, int], nn.Module]] = {"dnn": dnn.build, "mlp": mlp.build}


def build(config: ModelConfig, n_features: int, n_outputs: int) -> nn.Module:
    """Build the network that ``config`` names.

    Args:
        config: The network's configuration.
        n_features: Size of the input vector, F.
        n_outputs: Size of the output vector, O.

    Returns:
        A module that maps (B, F) to (B, O).
    """
    return _BUILDERS[config.name](config, n_features, n_outputs)
