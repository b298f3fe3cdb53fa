"""Configuration of pruners: when a bad trial ends early. The names are Optuna's."""

from typing import Annotated, Literal

from pydantic import Field

from astrosweep.config.base import Strict

Epochs = Annotated[int, Field(ge=1)]
Factor = Annotated[int, Field(ge=2, le=100)]


class NoPrunerConfig(Strict):
    """Every trial runs to its end."""

    name: Literal["none"] = "none"


class HyperbandConfig(Strict):
    """Hyperband (Li et al. 2018, JMLR 18, 185): successive halving at several rates at once.

    Attributes:
        min_epochs: Epochs before a trial may be pruned. Epochs count through all folds that are not
            trained together.
        reduction_factor: One in so many trials goes on at each rung.
    """

    name: Literal["hyperband"] = "hyperband"
    min_epochs: Epochs = 10
    reduction_factor: Factor = 3


class AshaConfig(Strict):
    """Asynchronous successive halving (Li et al. 2020, MLSys); prunes harder than Hyperband.

    Attributes:
        min_epochs: Epochs before a trial may be pruned. Epochs count through all folds that are not
            trained together.
        reduction_factor: One in so many trials goes on at each rung.
    """

    name: Literal["asha"] = "asha"
    min_epochs: Epochs = 10
    reduction_factor: Factor = 3


class MedianConfig(Strict):
    """Prune a trial that is worse than the median of the others at the same epoch.

    Attributes:
        n_startup_trials: Trials that are never pruned.
        n_warmup_epochs: Epochs before a trial may be pruned. Epochs count through all folds that are not
            trained together.
        interval_epochs: Epochs between two looks.
    """

    name: Literal["median"] = "median"
    n_startup_trials: Annotated[int, Field(ge=0)] = 5
    n_warmup_epochs: Annotated[int, Field(ge=0)] = 10
    interval_epochs: Epochs = 5


class WilcoxonConfig(Strict):
    """Prune between folds, when a trial's folds are significantly worse than those of the best trial.

    Attributes:
        p_threshold: Significance of the signed-rank test.
        n_startup_folds: Folds before a trial may be pruned.
    """

    name: Literal["wilcoxon"] = "wilcoxon"
    p_threshold: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1
    n_startup_folds: Annotated[int, Field(ge=2)] = 2


PrunerConfig = Annotated[
    NoPrunerConfig | HyperbandConfig | AshaConfig | MedianConfig | WilcoxonConfig, Field(discriminator="name")
]
