"""A stack of dense layers, the part that ``dnn`` and ``mlp`` share.

Shapes: B batch, F features, O outputs.
"""

from collections.abc import Sequence

from torch import nn

from astrosweep.config.model import DenseConfig

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


def dense_stack(config: DenseConfig, n_features: int, hidden: Sequence[int], n_outputs: int) -> nn.Sequential:
    """Build dense layers with batch normalisation, activation and dropout after each hidden one.

    Args:
        config: Activation, normalisation, dropout and initialisation.
        n_features: F.
        hidden: Units of each hidden layer; the number of dense layers is one more.
        n_outputs: O.

    Returns:
        A module that maps (B, F) to (B, O). The last layer is linear.
    """
    layers: list[nn.Module] = []
    n_inputs = n_features
    for width in hidden:
        layers.append(_dense(config, n_inputs, width, bias=not config.batch_norm))
        if config.batch_norm:
            layers.append(nn.BatchNorm1d(width))
        layers.append(_activation(config))
        if config.dropout > 0:
            layers.append(nn.Dropout(config.dropout))
        n_inputs = width
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


def _activation(config: DenseConfig) -> nn.Module:
    if config.activation == "leaky_relu":
        return nn.LeakyReLU(config.negative_slope)
    return _ACTIVATIONS[config.activation]()
