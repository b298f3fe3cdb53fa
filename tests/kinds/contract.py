"""Objects of every kind, developed and prepared, for the tests of what every kind must do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.config import RunConfig
from astrosweep.core.types import Predictions
from astrosweep.data.kind import Development, Judged, Labelled, PreparedFold
from astrosweep.kinds import kind_of
from tests.kinds.cases import (
    CLASSES,
    CLUSTERS,
    DEPROJECTOR,
    ERRORS,
    MLP,
    PROFILES,
    STARS,
    TABLE,
    TINY,
    holdout,
    in_folder,
    write_objects,
    write_profiles,
)

ONE_TARGET = ("target=density",)
RADII = ("target=pressure", "data.preparation.output=radii_and_values")
MASKED = ("data.preparation.masks=on", "data.preparation.context=[redshift,r500]")
CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "stars": ((*STARS, *MLP), ("parallax", "parallax_error")),
    "clusters": ((*holdout(*CLUSTERS), *DEPROJECTOR), ("true",)),
    "clusters, radii too": ((*holdout(*CLUSTERS), *MLP, *RADII), ("true",)),
    "clusters, one target": ((*holdout(*CLUSTERS), *DEPROJECTOR, *ONE_TARGET, *MASKED), ("true",)),
    "clusters of tables": ((*holdout(*PROFILES), *DEPROJECTOR), ("true",)),
    "table": ((*TABLE, *MLP, *CLASSES, *ERRORS), ("z", "z_error")),
    "table without errors": ((*TABLE, *MLP), ("z", "z_error")),
}
"""Overrides, and the columns of a table of predictions that hold what is to be predicted."""


@dataclass(frozen=True)
class Case:
    config: RunConfig
    truths: tuple[str, ...]
    development: Development[Any, Any]
    prepared: PreparedFold[Any, Any, Any]

    @property
    def kind(self) -> Any:
        return kind_of(self.config)

    @property
    def labelled(self) -> Labelled[Any, Any]:
        return self.development.labelled

    def judged(self) -> Judged[Any, Any]:
        """All labelled objects beside predictions that are near their targets."""
        preparation, labelled = self.prepared.preparation, self.labelled
        target, error = preparation.targets(labelled)
        rng = np.random.default_rng(0)
        mean = np.nan_to_num(target) + rng.normal(0.0, 0.05, target.shape)
        predicted = Predictions(labelled.objects.ids, mean, rng.uniform(0.02, 0.1, target.shape))
        return Judged(labelled.objects, predicted, labelled.truth, target, error)


def case_of(name: str, make_config: Callable[..., RunConfig], folder: Path) -> Case:
    overrides, truths = CASES[name]
    write_objects(folder)
    if any("{folder}/profiles" in word for word in overrides):
        write_profiles(folder)
    config = make_config(*in_folder(overrides, folder), *TINY)
    development = kind_of(config).develop(config)
    return Case(config, truths, development, kind_of(config).prepare(config, development, 0))


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
