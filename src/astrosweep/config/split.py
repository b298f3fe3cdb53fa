"""Configuration of the splits into training, validation and the sealed test part."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from astrosweep.config.base import Strict

OpenFraction = Annotated[float, Field(gt=0.0, lt=1.0)]


class HoldoutConfig(Strict):
    """One split into train, val and test, by object, stratified by target quantile.

    Attributes:
        train: Share of the objects.
        val: Share of the objects.
        test: Share of the objects; their targets are sealed.
        n_strata: Target quantiles that each part represents equally.
        seed: Seed of the split, apart from the seed of the run.
    """

    name: Literal["holdout"] = "holdout"
    train: OpenFraction = 0.7
    val: OpenFraction = 0.2
    test: OpenFraction = 0.1
    n_strata: Annotated[int, Field(ge=1, le=1000)] = 10
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _sums_to_one(self) -> "HoldoutConfig":
        total = self.train + self.val + self.test
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"train + val + test = {total:g}; it must be 1")
        return self


class KFoldConfig(Strict):
    """A sealed test part, and K folds on the rest, by object, stratified by target quantile.

    Attributes:
        n_folds: Number of folds; each object of the rest is validated once.
        test: Share of the objects; their targets are sealed.
        n_strata: Target quantiles that each part represents equally.
        seed: Seed of the split, apart from the seed of the run.
    """

    name: Literal["kfold"] = "kfold"
    n_folds: Annotated[int, Field(ge=2, le=100)] = 5
    test: OpenFraction = 0.1
    n_strata: Annotated[int, Field(ge=1, le=1000)] = 10
    seed: Annotated[int, Field(ge=0)] = 0


SplitConfig = Annotated[HoldoutConfig | KFoldConfig, Field(discriminator="name")]
