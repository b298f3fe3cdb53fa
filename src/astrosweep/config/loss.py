"""Configuration of the losses."""

from typing import Annotated, Literal

from pydantic import Field

from astrosweep.config.base import Strict


class MseConfig(Strict):
    """Mean squared error of the transformed target."""

    name: Literal["mse"] = "mse"


class MaeConfig(Strict):
    """Mean absolute error of the transformed target."""

    name: Literal["mae"] = "mae"


class HuberConfig(Strict):
    """Huber loss of the transformed target.

    Attributes:
        delta: Where the loss turns from quadratic to linear, in units of the scaled target.
    """

    name: Literal["huber"] = "huber"
    delta: Annotated[float, Field(gt=0.0)] = 1.0


class GaussianConfig(Strict):
    """Gaussian negative log-likelihood of the observed target.

    Attributes:
        min_std: Floor of the predicted standard deviation, in units of the scaled target.
    """

    name: Literal["gaussian_nll"] = "gaussian_nll"
    min_std: Annotated[float, Field(gt=0.0)] = 1e-3


class StudentTConfig(Strict):
    """Student-t negative log-likelihood of the observed target, for catalogues with wild values.

    Attributes:
        df: Degrees of freedom.
        min_std: Floor of the predicted scale, in units of the scaled target.
    """

    name: Literal["student_t_nll"] = "student_t_nll"
    df: Annotated[float, Field(gt=2.0, le=1000.0)] = 4.0
    min_std: Annotated[float, Field(gt=0.0)] = 1e-3


LossConfig = Annotated[
    MseConfig | MaeConfig | HuberConfig | GaussianConfig | StudentTConfig, Field(discriminator="name")
]
