"""Configuration of optimisers and learning-rate schedules."""

from typing import Annotated, Literal

from pydantic import Field

from astrosweep.config.base import Strict

Rate = Annotated[float, Field(gt=0.0, le=100.0)]
Momentum = Annotated[float, Field(ge=0.0, lt=1.0)]
Decay = Annotated[float, Field(ge=0.0)]


class AdamConfig(Strict):
    """Adam (Kingma and Ba 2015)."""

    name: Literal["adam"] = "adam"
    lr: Rate = 1e-3
    beta1: Momentum = 0.9
    beta2: Momentum = 0.999


class AdamWConfig(Strict):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    name: Literal["adamw"] = "adamw"
    lr: Rate = 1e-3
    beta1: Momentum = 0.9
    beta2: Momentum = 0.999
    weight_decay: Decay = 1e-2


class SgdConfig(Strict):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    lr: Rate = 1e-2
    momentum: Momentum = 0.9
    nesterov: bool = True


class RmspropConfig(Strict):
    """RMSprop."""

    name: Literal["rmsprop"] = "rmsprop"
    lr: Rate = 1e-3
    alpha: Momentum = 0.99
    momentum: Momentum = 0.0


class ConstantConfig(Strict):
    """The learning rate stays as it is."""

    name: Literal["constant"] = "constant"


class CosineConfig(Strict):
    """Cosine decay over the training, from the optimiser's rate to ``final_fraction`` of it.

    Attributes:
        warmup_epochs: Epochs of linear increase before the decay.
        final_fraction: Rate of the last epoch as a share of the highest.
    """

    name: Literal["cosine"] = "cosine"
    warmup_epochs: Annotated[int, Field(ge=0)] = 0
    final_fraction: Annotated[float, Field(ge=0.0, le=1.0)] = 0.01


class StepConfig(Strict):
    """Multiply the rate by ``factor`` every ``every_epochs`` epochs."""

    name: Literal["step"] = "step"
    every_epochs: Annotated[int, Field(ge=1)] = 50
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5


class PlateauConfig(Strict):
    """Multiply the rate by ``factor`` when the validation loss has not improved for ``patience`` epochs."""

    name: Literal["plateau"] = "plateau"
    patience: Annotated[int, Field(ge=0)] = 10
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5


OptimizerConfig = Annotated[AdamConfig | AdamWConfig | SgdConfig | RmspropConfig, Field(discriminator="name")]
SchedulerConfig = Annotated[
    ConstantConfig | CosineConfig | StepConfig | PlateauConfig, Field(discriminator="name")
]
