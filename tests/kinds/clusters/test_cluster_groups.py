"""Clusters as a table for a served model; what their profiles are grouped by and range over."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from astrosweep.core.errors import DataError
from astrosweep.kinds.clusters.frame import clusters_from, frame_of
from astrosweep.kinds.clusters.groups import AT, cluster_ranges, profile_variables
from tests.kinds.clusters.simulated import blanked, prepared, simulated, with_objects, with_profiles

FOUR = {"n_input": 12, "n_output": 4, "tolerance": 1e9}


def table(n: int = 5) -> pd.DataFrame:
    return frame_of(prepared(simulated(), **FOUR).preparation, simulated().objects.take(np.arange(n)))


def test_a_table_has_a_row_for_each_point_of_each_profile() -> None:
    sample = simulated()
    frame = table()
    assert list(frame) == ["cluster", "redshift", "r500_kpc", "profile", "radius_kpc", "value", "error"]
    n_points = sample.objects.observed["sb"].radius.shape[1]
    own = frame[(frame["cluster"] == "sim-000003") & (frame["profile"] == "sb")]
    np.testing.assert_array_equal(own["value"], sample.objects.observed["sb"].value[3])
    np.testing.assert_array_equal(own["radius_kpc"], sample.objects.observed["sb"].radius[3])
    assert len(own) == n_points
    assert set(own["redshift"]) == {sample.objects.redshift[3]}
    assert set(frame["profile"]) == set(sample.objects.observed)


def test_gaps_short_profiles_and_absent_ones_come_back() -> None:
    sample = with_profiles(simulated(), "sb", blanked(2, slice(-3, None), radius=True))
    sample = with_profiles(sample, "sb", blanked(3, slice(4, 6)))
    sample = with_profiles(sample, "Txray", blanked(1, radius=True))
    fold = prepared(sample, **FOUR)
    objects = sample.objects.take(np.array([3, 2, 1, 0]))
    back = clusters_from(fold.preparation, frame_of(fold.preparation, objects))
    assert back.names.tolist() == objects.names.tolist()
    for name, profiles in objects.observed.items():
        for field in ("radius", "value", "error"):
            np.testing.assert_array_equal(getattr(back.observed[name], field), getattr(profiles, field))
    np.testing.assert_array_equal(back.r500_kpc, objects.r500_kpc)
    np.testing.assert_array_equal(fold.preparation.features(back), fold.preparation.features(objects))
    shuffled = frame_of(fold.preparation, objects).sample(frac=1.0, random_state=0)
    in_order = clusters_from(fold.preparation, shuffled)
    places = [in_order.names.tolist().index(name) for name in objects.names]
    np.testing.assert_array_equal(
        fold.preparation.features(in_order)[places], fold.preparation.features(objects)
    )


def test_a_cluster_that_was_measured_in_nothing_is_not_lost() -> None:
    sample = simulated()
    for name in sample.objects.observed:
        sample = with_profiles(sample, name, blanked(1, radius=True))
    fold = prepared(simulated(), **FOUR)
    frame = frame_of(fold.preparation, sample.objects)
    assert frame.loc[frame["cluster"] == "sim-000001", "radius_kpc"].isna().tolist() == [True]
    back = clusters_from(fold.preparation, frame)
    assert back.names.tolist() == sample.objects.names.tolist()
    np.testing.assert_array_equal(fold.preparation.features(back), fold.preparation.features(sample.objects))


def test_all_profiles_are_told_where_the_outermost_of_them_scales_the_radii() -> None:
    whole = prepared(simulated(), observables=["Txray"], radius="outermost", **FOUR).preparation
    own = prepared(simulated(), observables=["Txray"], **FOUR).preparation
    objects = simulated().objects
    assert set(frame_of(own, objects)["profile"]) == {"Txray"}
    assert set(frame_of(whole, objects)["profile"]) == set(objects.observed)
    back = clusters_from(whole, frame_of(whole, objects))
    np.testing.assert_array_equal(whole.features(back), whole.features(objects))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"profile": "sz"}, "column 'profile' has sz; allowed: sb, Txray"),
        ({"profile": "sb"}, "column 'profile' never has Txray, y100GHz.*needs sb, Txray"),
        ({"cluster": None}, "column 'cluster' is empty in row 1"),
        ({"r500_kpc": np.nan}, "column 'r500_kpc' has no positive number for 2 of 2 clusters: sim-000000"),
        ({"redshift": 0.0}, "column 'redshift' has no positive number for 2 of 2 clusters"),
        ({"radius_kpc": -1.0}, "column 'radius_kpc' of sim-000000 is -1; allowed: radii above 0"),
        ({"radius_kpc": 10.0}, "column 'radius_kpc' has 10 twice in the profile sb of sim-000000"),
        ({"value": "faint"}, "column 'value' should hold numbers"),
    ],
)
def test_what_cannot_be_is_named(change: dict[str, object], message: str) -> None:
    preparation = prepared(simulated(), **FOUR).preparation
    with pytest.raises(DataError, match=message):
        clusters_from(preparation, table(2).assign(**change))


def test_two_redshifts_of_a_cluster_are_refused_and_unneeded_columns_may_be_absent() -> None:
    frame = table(2)
    frame.loc[4, "redshift"] = 0.5
    with pytest.raises(DataError, match=r"column 'redshift' of sim-000000 is 0\.\d+ and 0\.5"):
        clusters_from(prepared(simulated(), **FOUR).preparation, frame)
    free = prepared(
        with_objects(simulated(), redshift=np.full(40, np.nan), r500_kpc=np.full(40, np.nan)), **FOUR
    )
    back = clusters_from(free.preparation, table(2).drop(columns=["redshift", "r500_kpc", "error"]))
    assert np.isnan(back.redshift).all()
    assert np.isnan(back.observed["sb"].error).all()


def test_targets_are_named_by_quantity_and_radius() -> None:
    found = profile_variables(prepared(simulated(), ("density", "temperature"), **FOUR).preparation)
    assert found["target and radius"].tolist() == [
        [
            f"{name} at {r} R500"
            for name in ("density", "temperature")
            for r in ("0.01", "0.053", "0.28", "1.5")
        ]
    ]
    radii = prepared(simulated(), ("density",), output="radii_and_values", **FOUR).preparation
    assert profile_variables(radii)["target and radius"][0, [0, 3, 4]].tolist() == [
        "density radius at point 1", "density radius at point 4", "density at point 1"
    ]  # fmt: skip
    outermost = prepared(simulated(), ("density",), radius="outermost", **FOUR).preparation
    assert profile_variables(outermost)["target and radius"][0, 0] == "density at 0.01 the outermost radius"
    fine = prepared(simulated(), ("density",), n_input=12, n_output=500, tolerance=1e9).preparation
    assert len(set(profile_variables(fine)["target and radius"][0])) == 500


def test_ranges_are_those_of_the_profiles_at_scaled_radii() -> None:
    objects = with_profiles(simulated(), "sb", blanked(slice(0, 10), radius=True)).objects
    scaled = objects.observed["Txray"]
    values = np.stack(
        [
            [np.interp(np.log(r), np.log(radius / r500), value, np.nan, np.nan) for r in AT]
            for radius, value, r500 in zip(scaled.radius, scaled.value, objects.r500_kpc, strict=True)
        ]
    )
    told = cluster_ranges(objects)
    assert told["radius_scaled_by"] == "R500"
    assert told["redshift"]["max"] == objects.redshift.max()
    for i, name in enumerate(("0.03", "0.1", "0.3", "1")):
        assert told["observables"]["sb"]["at"][name]["missing"] == pytest.approx(0.25)
        found = told["observables"]["Txray"]["at"][name]
        assert found["missing"] == np.isnan(values[:, i]).mean()
        if found["missing"] == 1.0:
            assert name == "1"  # spectra end before
            continue
        assert found["p50"] == pytest.approx(np.nanmedian(values[:, i]), rel=1e-9)
        assert found["max"] == pytest.approx(np.nanmax(values[:, i]), rel=1e-9)
    assert told["observables"]["sb"]["radius_kpc"]["min"] == np.nanmin(objects.observed["sb"].radius)
    without = cluster_ranges(replace(objects, r500_kpc=np.full(len(objects), np.nan)))
    assert without["radius_scaled_by"] == "the outermost radius"
    assert without["r500_kpc"]["missing"] == 1.0
