"""Configuration of the networks: one class per network, only the fields that it takes."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.functional_validators import AfterValidator

from astrosweep.config.base import Strict

Width = Annotated[int, Field(ge=1, le=65536)]


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("a kernel needs a middle: allowed are odd numbers")
    return value


Kernel = Annotated[int, Field(ge=1, le=99), AfterValidator(_odd)]
Initialisation = Literal["he_normal", "he_uniform", "glorot_normal", "glorot_uniform"]
Activation = Literal["leaky_relu", "relu", "gelu", "silu", "tanh"]


class NetworkConfig(Strict):
    """Fields common to all networks: a network may go on from where an earlier training ended.

    Attributes:
        start_from: What it starts from: the folder of a run or of a bundle, ``runs:/<id or name>``,
            ``models:/<name>@<alias>`` or ``models:/<name>/<version>``. The preparation is that of the start,
            so that only weights change. Null for weights drawn anew.
        start_rate: What the learning rate is multiplied by then.
        start_penalty: Coefficient of start_penalty * sum((weight - weight at the start) ** 2) then (L2-SP of
            Li, Grandvalet and Davoine 2018, ICML 35); its gradient acts in training, the reported loss leaves
            it out.
    """

    start_from: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    start_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    start_penalty: Annotated[float, Field(ge=0.0)] = 1e-3


class DenseConfig(NetworkConfig):
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
    hidden: Annotated[list[Width], Field(min_length=1, max_length=100)] = [256, 128, 64]
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    initialisation: Initialisation = "glorot_uniform"
    negative_slope: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1
    l2: Annotated[float, Field(ge=0.0)] = 1e-4


class EncoderDecoder1dConfig(NetworkConfig):
    """Conv1d encoder, dense latent layer, Conv1d decoder: the published network of a deprojection study.

    Attributes:
        encoder_channels: Channels of each encoder convolution.
        latent_dim: Units of the dense latent layer.
        decoder_channels: Channels of each decoder convolution; the latent layer is expanded to the first of
            them.
        dropout_rate: Probability of zeroing a value after each convolution and dense layer.
        kernel_size: Points that a convolution sees; odd, so that profiles keep their length.
        activation: Activation after each convolution and dense layer.
        l2: Coefficient of the L2 penalty on the kernels.
    """

    name: Literal["encoder_decoder_1d"] = "encoder_decoder_1d"
    encoder_channels: Annotated[list[Width], Field(min_length=1, max_length=100)] = [16, 32, 64]
    latent_dim: Width = 512
    decoder_channels: Annotated[list[Width], Field(min_length=1, max_length=100)] = [16, 16]
    dropout_rate: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    kernel_size: Kernel = 3
    activation: Activation = "relu"
    l2: Annotated[float, Field(ge=0.0)] = 0.0


class EncoderDecoderSimpleConfig(NetworkConfig):
    """An earlier network of the same study: two convolutions, a latent layer, one 1 x 1 convolution.

    Attributes:
        encoder_channels: Channels of each encoder convolution.
        latent_dim: Units of the dense latent layer.
        decoder_channels: Channels to which the latent layer is expanded.
        activation: Activation after each convolution and dense layer.
        l2: Coefficient of the L2 penalty on the kernels.
    """

    name: Literal["encoder_decoder_simple"] = "encoder_decoder_simple"
    encoder_channels: Annotated[list[Width], Field(min_length=1, max_length=100)] = [32, 64]
    latent_dim: Width = 512
    decoder_channels: Width = 16
    activation: Activation = "relu"
    l2: Annotated[float, Field(ge=0.0)] = 0.0


class EncoderDecoder2dConfig(NetworkConfig):
    """The first network of the same study: profiles folded into images.

    Attributes:
        image_size: Side of the image into which each profile is interpolated and folded, row by row.
        encoder_channels: Channels of each 3 x 3 convolution, each followed by 2 x 2 max pooling.
        latent_dim: Units of the dense latent layer.
        decoder_channels: Channels after each transposed convolution of stride 2.
        output_size: Side of the output image, by bilinear upsampling; its pixels, row by row, are the output
            profile, averaged to the target's points.
        radius: Whether the radius is an image too; the study's images are the eight observables.
        activation: Activation after each layer.
        l2: Coefficient of the L2 penalty on the kernels.
    """

    name: Literal["encoder_decoder_2d"] = "encoder_decoder_2d"
    image_size: Annotated[int, Field(ge=8, le=1024)] = 50
    encoder_channels: Annotated[list[Width], Field(min_length=1, max_length=6)] = [32, 64, 128]
    latent_dim: Width = 1000
    decoder_channels: Annotated[list[Width], Field(min_length=1, max_length=6)] = [64, 32, 16]
    output_size: Annotated[int, Field(ge=10, le=4096)] = 1000
    radius: bool = False
    activation: Activation = "relu"
    l2: Annotated[float, Field(ge=0.0)] = 0.0

    @model_validator(mode="after")
    def _survives_pooling(self) -> "EncoderDecoder2dConfig":
        if self.image_size >> len(self.encoder_channels) < 1:
            raise ValueError(
                f"image_size = {self.image_size} is halved {len(self.encoder_channels)} times; "
                "use a larger image or fewer encoder_channels"
            )
        return self


class DeprojectorConfig(NetworkConfig):
    """A linear map of all inputs, fitted in closed form before training, and residual blocks beside it.

    Between the logarithms of projected and of 3D profiles deprojection is nearly linear, so that a network
    need only learn what is not.

    Attributes:
        width: Units of the residual blocks.
        n_blocks: Number of residual blocks of two dense layers.
        dropout: Probability of zeroing a hidden value of a block.
        head: ``free``: every target by itself; ``ideal_gas``: the first is the product of the two others,
            exactly (needs target=all).
        activation: Activation inside the blocks.
        l2: Coefficient of the L2 penalty on the kernels.
    """

    name: Literal["deprojector"] = "deprojector"
    width: Width = 256
    n_blocks: Annotated[int, Field(ge=1, le=100)] = 2
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    head: Literal["free", "ideal_gas"] = "free"
    activation: Activation = "gelu"
    l2: Annotated[float, Field(ge=0.0)] = 0.0


ProfileModelConfig = (
    EncoderDecoder1dConfig | EncoderDecoderSimpleConfig | EncoderDecoder2dConfig | DeprojectorConfig
)
ModelConfig = Annotated[DnnConfig | MlpConfig | ProfileModelConfig, Field(discriminator="name")]
