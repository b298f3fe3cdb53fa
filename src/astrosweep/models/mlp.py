"""The original study's multilayer perceptron."""

from torch import nn

from astrosweep.config.model import MlpConfig
from astrosweep.core.types import Layout
from astrosweep.models.dense import dense_stack


def build(config: MlpConfig, layout: Layout, n_parameters: int) -> nn.Module:
    """Build the hidden layers that ``config.hidden`` lists and a linear output; see ``dense_stack``."""
    return dense_stack(config, layout, config.hidden, n_parameters)
