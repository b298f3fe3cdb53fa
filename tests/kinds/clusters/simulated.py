"""Small simulated samples, prepared, for the tests; nobody may change their arrays in place."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from astrosweep.config.kinds.clusters import ClusterDataConfig, ClusterSimulationConfig
from astrosweep.config.split import HoldoutConfig, SplitConfig
from astrosweep.kinds.clusters.development import develop_clusters
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.prepared import PreparedClusters, prepare_clusters
from astrosweep.kinds.clusters.sample import ClusterSample, Profiles

ALL = ("pressure", "density", "temperature")


@cache
def simulated(n: int = 40, seed: int = 0) -> ClusterSample:
    return simulate_clusters(ClusterSimulationConfig(n_clusters=n, seed=seed, cache_dir=None))


def prepared(
    sample: ClusterSample,
    targets: tuple[str, ...] = ALL,
    observables: Sequence[str] | None = None,
    split: SplitConfig | None = None,
    **preparation: object,
) -> PreparedClusters:
    named = {} if observables is None else {"observables": list(observables)}
    data = ClusterDataConfig(name="cluster", preparation=preparation, **named)
    return prepare_clusters(develop_clusters(sample, data, targets, split or HoldoutConfig()), 0)


def with_profiles(sample: ClusterSample, name: str, change: Callable[[Profiles], Profiles]) -> ClusterSample:
    """The same sample with another profile of one kind."""
    kind = "observed" if name in sample.observed else "targets"
    profiles = getattr(sample, kind)
    return replace(sample, **{kind: {**profiles, name: change(profiles[name])}})


def blanked(rows: object = slice(None), points: object = slice(None), *, radius: bool = False):
    """Points without a value; with ``radius`` the profile does not have them at all."""

    def change(profiles: Profiles) -> Profiles:
        arrays = {}
        for name in ("value", "error", "noiseless", *(["radius"] if radius else [])):
            array = getattr(profiles, name)
            if array is not None:
                array = array.copy()
                array[rows, points] = np.nan
            arrays[name] = array
        return replace(profiles, **arrays)

    return change
