"""Small simulated samples, prepared, for the tests; nobody may change their arrays in place."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from astrosweep.config import RunConfig
from astrosweep.config.kinds.clusters import ClusterDataConfig, ClusterSimulationConfig
from astrosweep.config.split import HoldoutConfig, SplitConfig
from astrosweep.kinds.clusters.development import ClusterDevelopment, develop_clusters
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.prepare import PreparedClusters, prepare_clusters
from astrosweep.kinds.clusters.sample import ClusterSample, Profiles
from astrosweep.training import TrainingResult, train
from tests.conftest import prepared_data

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
    development = develop_clusters(sample, data, targets, split or HoldoutConfig())
    return prepare_clusters(development, 0, data, targets)


def developed(config: RunConfig, sample: ClusterSample) -> ClusterDevelopment:
    """What a run with this configuration makes of a sample."""
    assert isinstance(config.data, ClusterDataConfig)
    return develop_clusters(sample, config.data, config.targets, config.split)


def trained(config: RunConfig, sample: ClusterSample | None = None) -> TrainingResult:
    """One training on a sample."""
    sample = simulated() if sample is None else sample
    (result,) = train(config, prepared_data(config, developed(config, sample)))
    return result


def with_objects(sample: ClusterSample, **changes: object) -> ClusterSample:
    """The same sample of which something else was observed."""
    return replace(sample, objects=replace(sample.objects, **changes))


def with_profiles(sample: ClusterSample, name: str, change: Callable[[Profiles], Profiles]) -> ClusterSample:
    """The same sample with another profile of one kind."""
    observed, true = sample.objects.observed, sample.truth.profiles
    if name in observed:
        return with_objects(sample, observed={**observed, name: change(observed[name])})
    return replace(sample, truth=replace(sample.truth, profiles={**true, name: change(true[name])}))


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
