"""A stack of dense layers, the part that ``dnn`` and ``mlp`` share.

Shapes: B batch, F features, O outputs.
"""

import math
from collections.abc import Sequence

from torch import nn

from astrosweep.config.model import DenseConfig
from astrosweep.core.types import Layout
from astrosweep.models.activations import activation


def dense_stack(
    config: DenseConfig, layout: Layout, hidden: Sequence[int], n_parameters: int
) -> nn.Sequential:
    """Build dense layers with batch normalisation, activation and dropout after each hidden one.

    Args:
        config: Activation, normalisation, dropout and initialisation.
        layout: Shapes of features and target; profiles are flattened.
        hidden: Units of each hidden layer; the number of dense layers is one more.
        n_parameters: Outputs per target.

    Returns:
        A module that maps (B, F) to (B, O). The last layer is linear.
    """
    layers: list[nn.Module] = [] if len(layout.inputs) == 1 else [nn.Flatten()]
    n_inputs = math.prod(layout.inputs)
    for width in hidden:
        layers.append(_dense(config, n_inputs, width, bias=not config.batch_norm))
        if config.batch_norm:
            layers.append(nn.BatchNorm1d(width))
        layers.append(activation(config.activation, config.negative_slope))
        if config.dropout > 0:
            layers.append(nn.Dropout(config.dropout))
        n_inputs = width
    n_outputs = n_parameters * len(layout.channels) * layout.n_points
    layers.append(_dense(config, n_inputs, n_outputs, bias=True))
    return nn.Sequential(*layers)


def _dense(config: DenseConfig, n_inputs: int, n_outputs: int, *, bias: bool) -> nn.Linear:
    """A linear layer; He initialisation: He et al. 2015; Glorot: Glorot and Bengio 2010."""
    layer = nn.Linear(n_inputs, n_outputs, bias=bias)
    if config.initialisation == "he_normal":
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    elif config.initialisation == "he_uniform":
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    elif config.initialisation == "glorot_normal":
        nn.init.xavier_normal_(layer.weight)
    else:
        nn.init.xavier_uniform_(layer.weight)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer
