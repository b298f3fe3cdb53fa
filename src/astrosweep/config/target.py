"""Configuration of the map between a scalar target and what a network learns."""

from typing import Annotated, Literal

from pydantic import Field

from astrosweep.config.base import Strict


class TargetTransformConfig(Strict):
    """The invertible map between the target and what the network learns.

    Attributes:
        name: ``none``, ``log`` (needs positive targets unless the loss is a likelihood) or ``asinh``.
        scale: Softening of ``asinh`` in the target's unit: asinh(y / scale).
    """

    name: Literal["none", "log", "asinh"] = "none"
    scale: Annotated[float, Field(gt=0.0)] = 0.1
