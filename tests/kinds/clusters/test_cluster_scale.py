"""What radii are scaled by is never decided by a few clusters in silence, and is said."""

from dataclasses import replace

import numpy as np
import pytest

from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.config.split import HoldoutConfig
from astrosweep.core.errors import DataError, LeakageError
from astrosweep.core.types import RunRecord
from astrosweep.kinds.clusters.development import develop_clusters
from astrosweep.recording import tags_of_data
from astrosweep.report import results_table
from tests.kinds.clusters.simulated import ALL, simulated, with_profiles


def without(name: str, rows: slice | list[int]):
    sample = simulated()
    values = getattr(sample.objects, name).copy()
    values[rows] = np.nan
    return replace(sample, objects=replace(sample.objects, **{name: values}))


def develop(sample, **preparation):
    data = ClusterDataConfig(name="cluster", preparation=preparation)
    return develop_clusters(sample, data, ALL, HoldoutConfig())


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("r500_kpc", {"radius": "outermost"}), ("redshift", {"line_of_sight": "off"})],
)
def test_a_property_that_some_lack_is_refused_by_name_and_the_remedy_works(name, remedy):
    sample = without(name, [3, 7])
    names = ", ".join(sample.objects.names[[3, 7]])
    with pytest.raises(DataError, match=rf"{name} of 2 of 40 clusters is unknown: {names}") as caught:
        develop(sample)
    key, value = next(iter(remedy.items()))
    assert f"data.preparation.{key}={value}" in str(caught.value)
    assert len(develop(sample, **remedy).labelled) > 0


def test_without_any_r500_the_outermost_radius_scales_and_every_table_says_so():
    known, unknown = develop(simulated()).report, develop(without("r500_kpc", slice(None))).report
    assert (known.scale, unknown.scale) == ("R500", "the outermost radius")
    records = [
        RunRecord(name, "finished", tags={"class": "cluster", "target": "pressure", **tags_of_data(report)})
        for name, report in (("known", known), ("unknown", unknown))
    ]
    titles = [str(cell) for cell in results_table(records).columns[0].cells if "Relative" in str(cell)]
    assert ["times R500" in title for title in titles] == [True, False]
    assert ["times the outermost radius" in title for title in titles] == [False, True]


@pytest.mark.parametrize("factor", [1.0, 1000.0])
def test_an_observable_that_is_a_target_is_refused(factor):
    sample = simulated()
    temperature = sample.truth.profiles["t3d"]
    copied = with_profiles(
        sample, "Txray", lambda profiles: replace(temperature, value=factor * temperature.value)
    )
    with pytest.raises(LeakageError, match=r"the observable Txray is the target temperature"):
        develop(copied)


def test_an_observable_that_only_resembles_a_target_is_none():
    sample = simulated()
    temperature = sample.truth.profiles["t3d"]
    noise = np.random.default_rng(0).normal(1.0, 0.01, temperature.value.shape)
    near = with_profiles(
        sample, "Txray", lambda profiles: replace(temperature, value=noise * temperature.value)
    )
    assert len(develop(near).labelled) > 0
