"""Objects of every kind that a test has in its hands before they are split, truths included."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from astrosweep.config import RunConfig
from astrosweep.config.kinds.clusters import TARGETS
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.kind import Development, Labelled
from astrosweep.kinds.clusters.development import unseal_clusters
from astrosweep.kinds.clusters.sample import ClusterSample, TrueProfiles, fingerprint_of_sample
from astrosweep.kinds.stars.kind import source_of
from astrosweep.kinds.tables.development import develop, unseal_rows
from astrosweep.kinds.tables.features import choose_features
from astrosweep.kinds.tables.leakage import Guard
from astrosweep.kinds.tables.source import Source
from astrosweep.kinds.tables.table import Roles, SourceTable
from tests.conftest import make_table
from tests.kinds.clusters.simulated import developed, simulated

Lie = Callable[[FloatArray], FloatArray]
"""From true values of some objects, along the first axis, to others."""


class Subject(ABC):
    """Objects of one kind and a configuration that trains on them in a moment."""

    overrides: tuple[str, ...]

    @abstractmethod
    def make(self, config: RunConfig) -> Any:
        """All objects with their truths, in arrays of their own."""

    @abstractmethod
    def develop(self, config: RunConfig, source: Any) -> Development[Any, Any]:
        """What a run makes of them."""

    @abstractmethod
    def unseal(self, config: RunConfig, source: Any) -> Labelled[Any, Any]:
        """What the step that opens the seal gets of them."""

    @abstractmethod
    def truth(self, source: Any, ids: IdArray) -> FloatArray:
        """Every number that is known of the truth of some objects."""

    @abstractmethod
    def falsified(self, source: Any, ids: IdArray, lie: Lie) -> Any:
        """The same objects, some with other true values, and other errors of them."""

    @abstractmethod
    def fingerprint(self, source: Any) -> str:
        """What names the objects and their truths in a record."""


class _Rows(Subject):
    target: str
    error: str
    id: str

    def develop(self, config: RunConfig, source: Source) -> Development[Any, Any]:
        return develop(source.table, source.features, source.guard, config.data, config.split)

    def unseal(self, config: RunConfig, source: Source) -> Labelled[Any, Any]:
        return unseal_rows(source.table, source.features, source.guard, config.data, config.split)

    def truth(self, source: Source, ids: IdArray) -> FloatArray:
        frame = source.table.frame
        return frame.loc[frame[self.id].isin(ids), [self.target, self.error]].to_numpy().ravel()

    def falsified(self, source: Source, ids: IdArray, lie: Lie) -> Source:
        frame = source.table.frame.copy()
        rows = frame[self.id].isin(ids)
        frame.loc[rows, self.target] = lie(frame.loc[rows, self.target].to_numpy())
        frame.loc[rows, self.error] = 123.0
        return replace(source, table=replace(source.table, frame=frame))

    def fingerprint(self, source: Source) -> str:
        return source.table.fingerprint


class Stars(_Rows):
    overrides = ("data=cepheid", "loss=gaussian_nll")
    target, error, id = "parallax", "parallax_error", "source_id"

    def make(self, config: RunConfig) -> Source:
        error = np.random.default_rng(3).uniform(0.01, 0.03, 400)
        return source_of(make_table(parallax_error=error), config.data)


class Table(_Rows):
    overrides = (
        "data=table",
        "data.path=galaxies.csv",
        "data.target=redshift",
        "data.target_error=redshift_error",
        "data.id=objid",
        "data.features.classes=[morphology]",
        "loss=student_t_nll",
    )
    target, error, id = "redshift", "redshift_error", "objid"
    features = ("g_r", "r_i", "size", "morphology")

    def make(self, config: RunConfig) -> Source:
        n, rng = 400, np.random.default_rng(5)
        redshift = rng.gamma(3.0, 0.2, n)
        frame = pd.DataFrame(
            {
                "objid": np.arange(n, dtype=np.int64) + 70_000_000_000,
                "g_r": 0.4 + 0.8 * redshift + rng.normal(0.0, 0.05, n),
                "r_i": 0.2 + 0.3 * redshift**2 + rng.normal(0.0, 0.05, n),
                "size": rng.lognormal(0.0, 0.3, n),
                "morphology": rng.choice(["spiral", "elliptical"], n),
                "redshift": redshift,
                "redshift_error": rng.uniform(0.01, 0.03, n),
            }
        )
        frame.loc[::9, "r_i"] = np.nan
        frame.loc[::7, "redshift_error"] = np.nan
        roles = Roles(self.id, self.target, self.error, type="morphology")
        table = SourceTable(frame, {str(name): frozenset({str(name)}) for name in frame}, "galaxies")
        return Source(
            table, choose_features(table, roles, self.features, (), ("morphology",)), Guard(roles, None)
        )


class Clusters(Subject):
    overrides = (
        "data=cluster",
        "model=deprojector",
        "model.width=8",
        "loss=gaussian_nll",
        "data.preparation.augmentation={noise:true,amplitude:0.2}",
    )

    def make(self, config: RunConfig) -> ClusterSample:
        # Taken, since the cached sample is reachable from its module.
        return simulated().take(np.arange(40))

    def develop(self, config: RunConfig, source: ClusterSample) -> Development[Any, Any]:
        return developed(config, source)

    def unseal(self, config: RunConfig, source: ClusterSample) -> Labelled[Any, Any]:
        return unseal_clusters(source, config.data, config.targets, config.split)

    def truth(self, source: ClusterSample, ids: IdArray) -> FloatArray:
        rows = np.isin(source.objects.ids, ids)
        values = np.concatenate([source.truth.profiles[name].value[rows].ravel() for name in TARGETS])
        return np.concatenate([values, np.log(values)])

    def falsified(self, source: ClusterSample, ids: IdArray, lie: Lie) -> ClusterSample:
        rows, profiles = np.isin(source.objects.ids, ids), {}
        for name, true in source.truth.profiles.items():
            value, error = true.value.copy(), true.error.copy()
            value[rows], error[rows] = lie(value[rows]), 123.0
            profiles[name] = replace(true, value=value, error=error)
        return replace(source, truth=TrueProfiles(profiles))

    def fingerprint(self, source: ClusterSample) -> str:
        return fingerprint_of_sample(source)


SUBJECTS: dict[str, Subject] = {"stars": Stars(), "table": Table(), "clusters": Clusters()}
QUICK = ("trainer.max_epochs=2", "trainer.progress=false", "trainer.accelerator=cpu")
