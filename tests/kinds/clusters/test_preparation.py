"""Preparation keeps every profile, says what was measured, and takes out the physics that it knows."""

import json
from dataclasses import replace

import numpy as np
import pytest

from astrosweep.core.errors import DataError
from astrosweep.kinds.clusters.preparation import TARGET_KEYS
from astrosweep.kinds.clusters.shape_check import there_and_back
from tests.kinds.clusters.simulated import ALL, blanked, prepared, simulated, with_profiles

FEW = ("sb", "Txray", "y143GHz")
DENSE = {"n_input": 150, "n_output": 300}
THIRD = np.arange(0, 40, 3)


def observed_by_few(sample):
    return {name: sample.observed[name] for name in FEW}


def largest_change(fold, sample):
    """Largest relative change of measured points inside the common range, computed apart from the check."""
    back = there_and_back(fold.preparation, fold.target_transform, sample)
    scale = sample.r500_kpc[:, None]
    if fold.preparation.config.radius == "outermost":
        scale = np.max([np.nanmax(p.radius, axis=1) for p in sample.observed.values()], axis=0)[:, None]
    changes = {}
    for name, values in back.items():
        original = sample.observed.get(name) or sample.targets[name]
        common = fold.preparation.input_radii if name in FEW else fold.preparation.output_radii
        inside = (original.radius / scale > common[0] * (1 - 1e-9)) & np.isfinite(original.value)
        inside &= original.radius / scale < common[-1] * (1 + 1e-9)
        if fold.preparation.channels.get(name) and fold.preparation.channels[name].softening == 0:
            inside &= original.value > 0
        assert inside.sum() > 0.5 * np.isfinite(original.value).sum()
        changes[name] = np.abs(values / original.value - 1)[inside].max()
    return changes


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"logarithm": False},
        {"standardise": False},
        {"output": "radii_and_values"},
        {"output": "radii_and_values", "logarithm": False, "n_output": 250},
        {"radius": "outermost", **DENSE},
        {
            "spacing": "linear",
            "input_range": [0.1, 1.5],
            "output_range": [0.1, 1.5],
            "n_input": 400,
            "n_output": 700,
        },
        {"line_of_sight": "off"},
    ],
    ids=lambda settings: ",".join(f"{k}={v}" for k, v in settings.items())[:40] or "default",
)
def test_every_profile_comes_back(settings):
    sample = replace(simulated(), observed=observed_by_few(simulated()))
    assert (sample.observed["y143GHz"].value < 0).any()
    fold = prepared(sample, observables=FEW, **settings)
    changes = largest_change(fold, sample.take(np.flatnonzero(np.isin(sample.ids, fold.train.ids))))
    assert set(changes) == {*FEW, "szp3d", "ne3d", "t3d"}
    assert max(changes.values()) < 1e-10
    assert fold.shape["largest_relative_change"].max() < 1e-10
    assert fold.facts["largest_change_by_preparation_and_back"] < 1e-10


@pytest.mark.parametrize(
    ("name", "change", "missing"),
    [
        ("Txray", blanked(THIRD, radius=True), ""),
        ("sb", blanked(THIRD, radius=True), ""),
        ("y143GHz", blanked(THIRD, slice(35, None), radius=True), ""),
        ("sb", blanked(THIRD, slice(10, 14)), ""),
        ("ne3d", blanked(THIRD, slice(70, None), radius=True), "outer"),
        ("ne3d", blanked(THIRD, slice(20, 24)), ""),
        ("ne3d", blanked(THIRD, radius=True), "all"),
    ],
    ids=["no Txray", "no sb", "short y", "gap in sb", "short ne3d", "gap in ne3d", "no ne3d"],
)
def test_every_measured_point_of_incomplete_profiles_comes_back(name, change, missing):
    for output in ("values", "radii_and_values") if name == "ne3d" else ("values",):
        check_that_all_come_back(name, change, missing, output)


def check_that_all_come_back(name, change, missing, output):
    sample = with_profiles(simulated(), name, change)
    settings = {"output": output, "n_output": 250} if output != "values" else {}
    fold = prepared(sample, targets=("density",), **settings)
    assert fold.shape["largest_relative_change"].max() < 1e-10
    back = there_and_back(fold.preparation, fold.target_transform, fold.train)
    original = (fold.train.observed.get(name) or fold.train.targets[name]).value
    np.testing.assert_array_equal(np.isnan(back[name]), np.isnan(original))
    np.testing.assert_allclose(back[name], original, rtol=1e-10)
    assert np.isfinite(fold.fold.train.features).all()
    assert np.isnan(fold.fold.train.target).any() == (
        missing == "all" or (missing == "outer" and output == "values")
    )


def test_a_sample_without_r500_and_without_some_observables_can_be_split_and_prepared():
    sample = with_profiles(simulated(), "sb", blanked(THIRD, radius=True))
    sample = replace(sample, r500_kpc=np.full(40, np.nan), redshift=np.full(40, np.nan))
    fold = prepared(sample, **DENSE)
    assert fold.preparation.config.radius == "outermost"
    assert fold.preparation.config.line_of_sight == "off"
    assert fold.shape["largest_relative_change"].max() < 1e-10


@pytest.mark.parametrize("kind", ["n_input", "n_output"])
def test_too_few_points_are_refused_with_profile_and_cluster(kind):
    with pytest.raises(DataError) as refused:
        prepared(simulated(), **{kind: 20})
    text = str(refused.value)
    names = ("sb", "Txray", "y143GHz") if kind == "n_input" else ("szp3d", "ne3d", "t3d")
    for name in names:
        assert f"  {name} of sim-0000" in text
    assert not any(f"  {name} of" in text for name in (("ne3d",) if kind == "n_input" else ("sb",)))
    assert "data.preparation.tolerance=1e-06" in text
    assert "data.preparation.n_input" in text
    loose = prepared(simulated(), **{kind: 20}, tolerance=1e30)
    assert loose.facts["largest_change_by_preparation_and_back"] > 1e-3


def test_masks_are_channels_that_say_what_was_measured():
    nine = ("radius", *simulated().observed)
    off = prepared(simulated(), masks="off")
    assert off.fold.feature_names == nine
    assert off.fold.train.features.shape[1:] == (9, 50)
    auto = prepared(simulated())
    assert auto.fold.feature_names == (*nine, "Txray_measured")
    np.testing.assert_array_equal(auto.fold.train.features[:, :9], off.fold.train.features)
    train = auto.train
    edges = (
        np.nanmin(train.observed["Txray"].radius, axis=1),
        np.nanmax(train.observed["Txray"].radius, axis=1),
    )
    first, last = (edge / train.r500_kpc for edge in edges)
    common = auto.preparation.input_radii
    measured = (common >= first[:, None] - 1e-9) & (common <= last[:, None] + 1e-9)
    np.testing.assert_array_equal(auto.fold.train.features[:, 9], measured)
    on = prepared(simulated(), masks="on")
    assert on.fold.feature_names == (*nine, *(f"{name}_measured" for name in simulated().observed))
    assert (on.fold.train.features[:, 9] == 1).all()


def test_a_missing_observable_is_the_mean_of_the_others_and_masked():
    sample = with_profiles(simulated(), "sb", blanked(THIRD, radius=True))
    fold = prepared(sample)
    missing = np.isin(fold.train.ids, THIRD)
    assert 5 < missing.sum() < len(missing)
    assert (fold.fold.train.features[missing, 1] == 0).all()
    mask = fold.fold.train.features[:, fold.fold.feature_names.index("sb_measured")]
    np.testing.assert_array_equal(mask, np.repeat(~missing[:, None], 50, axis=1))
    np.testing.assert_allclose(fold.fold.train.features[~missing, 1].mean(axis=0), 0, atol=1e-5)


def test_training_points_are_standardised_and_context_is_constant():
    fold = prepared(simulated(), context=["redshift", "r500"])
    assert fold.fold.feature_names[-2:] == ("redshift", "r500")
    features = fold.fold.train.features
    np.testing.assert_allclose(features[:, :2].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(features[:, :2].std(axis=0), 1, atol=1e-4)
    for channel, values in ((-2, np.log1p(fold.train.redshift)), (-1, np.log(fold.train.r500_kpc))):
        standard = (values - values.mean()) / values.std()
        np.testing.assert_allclose(features[:, channel], np.repeat(standard[:, None], 50, 1), atol=1e-5)


@pytest.mark.parametrize("setting", ["on", "off"])
def test_line_of_sight_takes_out_distance_and_size(setting):
    """The same gas, nearer and 1.5 times as large: observed otherwise, prepared alike."""
    sample, z, size = simulated(), 0.05, 1.5
    dimming = ((1 + z) / (1 + sample.redshift[:, None])) ** -4

    def moved(name, profiles):
        factor = {"sb": dimming * size, "Txray": 1.0}.get(name, size)
        return replace(
            profiles,
            radius=profiles.radius * size,
            value=profiles.value * factor,
            error=profiles.error * factor,
        )

    other = replace(
        sample,
        redshift=np.full(len(sample), z),
        r500_kpc=sample.r500_kpc * size,
        observed={name: moved(name, profiles) for name, profiles in sample.observed.items()},
    )
    preparation = prepared(sample, line_of_sight=setting).preparation
    here, there = preparation.features(sample), preparation.features(other)
    np.testing.assert_allclose(there[:, 2], here[:, 2], atol=1e-5)  # temperatures either way
    alike = np.abs(there[:, 1:9] - here[:, 1:9]).max(axis=(0, 2))
    if setting == "on":
        assert alike.max() < 1e-4
    else:
        assert (np.delete(alike, 1) > 0.05).all()


def test_line_of_sight_and_context_need_what_they_use():
    unknown = replace(simulated(), redshift=np.full(40, np.nan))
    for settings in ({"line_of_sight": "on"}, {"context": ["redshift"]}):
        with pytest.raises(DataError, match="need redshift and r500_kpc"):
            prepared(unknown, **settings)
    assert prepared(unknown).preparation.config.line_of_sight == "off"
    with pytest.raises(DataError, match=r"R500 of (\d+) of \1 clusters is unknown, first of sim-0000"):
        prepared(replace(simulated(), r500_kpc=np.full(40, np.nan)), radius="r500")


def test_facts_say_how_much_lies_outside_the_measured_range():
    sample = with_profiles(simulated(), "sb", blanked(slice(None), slice(40, None), radius=True))
    sample = with_profiles(sample, "ne3d", blanked(slice(None), slice(75, None), radius=True))
    fold = prepared(sample, targets=("density",))
    outside = fold.facts["share_of_input_points_outside_measured_range"]
    for part in ("train", "val"):
        assert outside[part]["sb"] == 0.2
        assert outside[part]["y100GHz"] == 0.0
        assert 0.2 < outside[part]["Txray"] < 0.6
    assert fold.facts["share_of_target_points_not_measured"] == 0.25
    assert np.isnan(fold.fold.train.target[:, 75:]).all()
    known = np.log(fold.train.targets["ne3d"].value[:, :75])
    np.testing.assert_allclose(fold.fold.train.target[:, :75], known, rtol=1e-9)
    np.testing.assert_array_equal(fold.learned, np.arange(100) < 75)


def test_targets_are_logarithms_with_relative_errors_in_the_order_of_the_run():
    sample = with_profiles(simulated(), "t3d", lambda p: replace(p, error=0.1 * p.value))
    fold = prepared(sample)
    target, error = fold.fold.train.target, fold.fold.train.target_error
    for i, name in enumerate(ALL):
        columns = slice(100 * i, 100 * i + 100)
        value = fold.train.targets[TARGET_KEYS[name]].value
        np.testing.assert_allclose(np.exp(target[:, columns]), value, rtol=1e-9)
        np.testing.assert_allclose(error[:, columns], 0.1 if name == "temperature" else 0.0)
    both = prepared(sample, output="radii_and_values", targets=("density",))
    assert both.fold.target_names == ("density_radius", "density")
    np.testing.assert_allclose(np.exp(both.fold.train.target[:, :100]), both.train.targets["ne3d"].radius)


def test_the_preparation_is_fitted_on_training_clusters_alone():
    fold = prepared(simulated())
    bright = with_profiles(
        simulated(),
        "sb",
        lambda p: replace(p, value=np.where(np.isin(np.arange(40), fold.val.ids)[:, None], 9, 1) * p.value),
    )
    other = prepared(bright)
    np.testing.assert_array_equal(other.fold.train.features, fold.fold.train.features)
    assert (other.fold.val.features[:, 1] > fold.fold.val.features[:, 1]).all()


def test_the_saved_preparation_is_plain_and_complete(tmp_path):
    fold = prepared(simulated())
    fold.save(tmp_path)
    plain = json.loads((tmp_path / "preparation.json").read_text())
    assert plain["targets"] == list(ALL)
    assert plain["config"]["line_of_sight"] == "on"
    for name, channel in fold.preparation.channels.items():
        assert plain["channels"][name]["loc"] == channel.loc.tolist()
        assert plain["channels"][name]["softening"] == channel.softening
    assert plain["input_radii"] == fold.preparation.input_radii.tolist()
