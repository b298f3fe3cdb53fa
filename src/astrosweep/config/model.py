"""Configuration of the networks: one class per network, only the fields that it takes."""

from typing import Annotated, Literal

from pydantic import Field

from astrosweep.config.base import Strict

Width = Annotated[int, Field(ge=1, le=65536)]
Initialisation = Literal["he_normal", "he_uniform", "glorot_normal", "glorot_uniform"]
Activation = Literal["leaky_relu", "relu", "gelu", "silu", "tanh"]


class DenseConfig(Strict):
    """Fields common to networks of dense layers.

    Attributes:
        dropout: Probability of zeroing a hidden unit.
        initialisation: Distribution of the initial kernels; biases start at zero.
        batch_norm: Whether each hidden layer is batch-normalised before its activation.
        activation: Hidden activation.
        negative_slope: Slope of the leaky ReLU below zero; unused by the other activations.
        l2: Coefficient of the L2 penalty, l2 * sum(kernel ** 2); its gradient acts in training, the reported
            loss leaves it out.
    """

    dropout: Annotated[float, Field(ge=0.0, lt=1.0)]
    initialisation: Initialisation
    batch_norm: bool = True
    activation: Activation = "leaky_relu"
    negative_slope: Annotated[float, Field(ge=0.0, le=1.0)]
    l2: Annotated[float, Field(ge=0.0)]


class DnnConfig(DenseConfig):
    """The original study's deep net: seven dense layers, the last one the output.

    Attributes:
        n_layers: Number of dense layers, the output layer included.
        width: Units of the first hidden layer.
        width_decay: Each further hidden layer has this many times the units of the one before.
    """

    name: Literal["dnn"] = "dnn"
    n_layers: Annotated[int, Field(ge=1, le=100)] = 7
    width: Width = 256
    width_decay: Annotated[float, Field(gt=0.0, le=1.0)] = 0.75
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.05
    initialisation: Initialisation = "he_normal"
    negative_slope: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-4
    l2: Annotated[float, Field(ge=0.0)] = 0.0


class MlpConfig(DenseConfig):
    """The original study's multilayer perceptron: inputs-256-128-64-outputs, four dense layers.

    Attributes:
        hidden: Units of each hidden layer.
    """

    name: Literal["mlp"] = "mlp"
    hidden: Annotated[list[Width], Field(min_length=1)] = [256, 128, 64]
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    initialisation: Initialisation = "glorot_uniform"
    negative_slope: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1
    l2: Annotated[float, Field(ge=0.0)] = 1e-4


ModelConfig = Annotated[DnnConfig | MlpConfig, Field(discriminator="name")]
