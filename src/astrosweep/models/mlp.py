"""The original study's multilayer perceptron."""

from torch import nn

from astrosweep.config.model import MlpConfig
from astrosweep.models.dense import dense_stack


def build(config: MlpConfig, n_features: int, n_outputs: int) -> nn.Module:
    """Build the hidden layers that ``config.hidden`` lists and a linear output; see ``dense_stack``."""
    return dense_stack(config, n_features, config.hidden, n_outputs)
