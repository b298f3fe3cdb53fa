"""Configuration of samplers: how a study proposes parameters. The names are Optuna's."""

from typing import Annotated, Literal

from pydantic import Field

from astrosweep.config.base import Strict

Startup = Annotated[int, Field(ge=1)]


class TpeConfig(Strict):
    """Tree-structured Parzen estimator (Bergstra et al. 2011).

    Attributes:
        n_startup_trials: Trials drawn at random before the model is asked.
        multivariate: Whether keys are modelled together.
        constant_liar: Whether trials that run elsewhere count as bad ones, so that workers spread out.
    """

    name: Literal["tpe"] = "tpe"
    n_startup_trials: Startup = 10
    multivariate: bool = True
    constant_liar: bool = True


class GpConfig(Strict):
    """Gaussian process.

    Attributes:
        n_startup_trials: Trials drawn at random before the model is asked.
    """

    name: Literal["gp"] = "gp"
    n_startup_trials: Startup = 10


class CmaesConfig(Strict):
    """Covariance matrix adaptation evolution strategy (Hansen 2016); choices are drawn at random.

    Attributes:
        n_startup_trials: Trials drawn at random before the model is asked.
    """

    name: Literal["cmaes"] = "cmaes"
    n_startup_trials: Startup = 10


class RandomConfig(Strict):
    """Independent uniform draws."""

    name: Literal["random"] = "random"


class QmcConfig(Strict):
    """Scrambled Sobol points; choices are drawn at random."""

    name: Literal["qmc"] = "qmc"


class GridConfig(Strict):
    """Every combination of a space of choices and ranges, in random order, at most ``n_trials`` of them."""

    name: Literal["grid"] = "grid"


SamplerConfig = Annotated[
    TpeConfig | GpConfig | CmaesConfig | RandomConfig | QmcConfig | GridConfig, Field(discriminator="name")
]
