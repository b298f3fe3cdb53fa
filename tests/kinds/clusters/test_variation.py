"""Varied training clusters: what shifts with what, noise of the stated size, and nothing else touched."""

from dataclasses import replace

import numpy as np
import pytest

from astrosweep.kinds.clusters.forward.beams import BANDS
from astrosweep.kinds.clusters.forward.cosmology import theta500_of
from astrosweep.kinds.clusters.forward.noise import draw_y_noise, scaled_beams
from astrosweep.kinds.clusters.scaling import line_of_sight
from astrosweep.training import fit
from tests.kinds.clusters.simulated import blanked, prepared, simulated, with_objects, with_profiles

pytestmark = pytest.mark.process  # heavy: it trains


def varied(
    sample=None, *, draws=1, targets=("pressure", "density", "temperature"), settings=None, **augmentation
):
    fold = prepared(
        simulated() if sample is None else sample, targets, augmentation=augmentation, **(settings or {})
    )
    rng = np.random.default_rng(0)
    return fold, [fold.fold.train.vary(rng) for _ in range(draws)]


def seen(fold, features, name):
    """Values of an observable that features stand for, on the cluster's own radii, as it was observed."""
    channel = fold.preparation.channels[name]
    position = fold.preparation.feature_names.index(name)
    value = channel.expand(features[:, position].astype(float) * channel.width + channel.loc)
    return value * line_of_sight(fold.train.objects, name, fold.train.objects.redshift)[:, None]


def test_amplitude_shifts_density_and_pressure_alike_and_sb_twice():
    fold, ((features, target),) = varied(amplitude=0.3)
    shift = (target - fold.fold.train.target).reshape(len(target), 3, 100)
    log_factor = shift[:, 0, 0]
    assert 0.2 < log_factor.std() < 0.4
    for quantity, power in enumerate((1.0, 1.0, 0.0)):
        np.testing.assert_allclose(
            shift[:, quantity], power * np.repeat(log_factor[:, None], 100, 1), atol=1e-12
        )
    ratio = seen(fold, features, "sb") / seen(fold, fold.fold.train.features, "sb")
    np.testing.assert_allclose(np.log(ratio), 2 * np.repeat(log_factor[:, None], 50, 1), atol=1e-4)
    before = seen(fold, fold.fold.train.features, "y143GHz")
    bright = np.abs(before) > 3e-6
    ratio = seen(fold, features, "y143GHz") / before
    expected = np.repeat(np.exp(log_factor)[:, None], 50, 1)
    np.testing.assert_allclose(ratio[bright], expected[bright], rtol=1e-3)
    temperature = fold.preparation.feature_names.index("Txray")
    np.testing.assert_array_equal(features[:, temperature], fold.fold.train.features[:, temperature])
    np.testing.assert_array_equal(features[:, 0], fold.fold.train.features[:, 0])


def test_amplitude_multiplies_targets_that_are_no_logarithms():
    fold, ((_, target),) = varied(amplitude=0.3, settings={"logarithm": False})
    ratio = (target / fold.fold.train.target).reshape(len(target), 3, 100)
    factor = ratio[:, 0, 0]
    assert (factor > 0).all()
    assert 0.2 < np.log(factor).std() < 0.4
    np.testing.assert_allclose(ratio[:, 1], np.repeat(factor[:, None], 100, 1))
    np.testing.assert_allclose(ratio[:, 2], 1.0)


def test_learned_radii_do_not_vary():
    fold, ((_, target),) = varied(
        amplitude=0.3, targets=("density",), settings={"output": "radii_and_values"}
    )
    shift = target - fold.fold.train.target
    np.testing.assert_array_equal(shift[:, :100], 0.0)
    assert (np.abs(shift[:, 100:]).min(axis=1) > 0).all()


def test_unmeasured_targets_stay_unmeasured():
    sample = with_profiles(simulated(), "ne3d", blanked(slice(0, 40, 3), radius=True))
    fold, ((_, target),) = varied(sample, amplitude=0.3)
    assert np.isnan(target).any()
    np.testing.assert_array_equal(np.isnan(target), np.isnan(fold.fold.train.target))


def test_fresh_noise_is_about_the_noiseless_profile_and_has_the_stated_size():
    fold, draws = varied(noise=True, draws=60)
    for name in ("sb", "y143GHz", "y353GHz"):
        profiles = fold.train.objects.observed[name]
        unit = np.array([(seen(fold, f, name) - profiles.noiseless) / profiles.error for f, _ in draws])
        assert abs(np.nanmean(unit)) < 0.05
        # The noise of a cluster's y is one or two numbers, for a beam is as large as the cluster.
        assert np.nanstd(unit, axis=0).mean() == pytest.approx(1.0, abs=0.02 if name == "sb" else 0.06)
        old = (profiles.value - profiles.noiseless) / profiles.error
        assert abs(np.corrcoef(unit.mean(axis=0).ravel(), old.ravel())[0, 1]) < 0.2
    assert all(np.array_equal(target, fold.fold.train.target) for _, target in draws)
    assert not np.array_equal(draws[0][0], draws[1][0])


def test_noise_of_y_is_as_a_beam_correlates_it():
    fold, draws = varied(noise=True, draws=200)
    theta500 = theta500_of(fold.train.objects.r500_kpc, fold.train.objects.redshift)
    cluster = int(theta500.argmax())
    profiles = fold.train.objects.observed["y143GHz"]
    unit = np.array(
        [(seen(fold, f, "y143GHz") - profiles.noiseless)[cluster] / profiles.error[cluster] for f, _ in draws]
    )
    beams = np.repeat(scaled_beams(theta500[[cluster]]), 2000, axis=0)
    noise, _ = draw_y_noise(beams, np.random.default_rng(1))
    expected = np.corrcoef(noise[:, BANDS.index("y143GHz")], rowvar=False)
    found = np.corrcoef(unit, rowvar=False)
    assert expected[0, 10] > 0.9
    assert expected[0, -1] < 0.6
    assert np.abs(found - expected).max() < 0.35
    assert np.sqrt(np.mean((found - expected) ** 2)) < 0.09


def test_clusters_whose_noiseless_profile_is_unknown_vary_about_what_was_measured():
    sample = simulated()
    measured = {name: replace(p, noiseless=None) for name, p in sample.objects.observed.items()}
    fold, draws = varied(with_objects(sample, observed=measured), noise=True, draws=60)
    profiles = fold.train.objects.observed["sb"]
    unit = np.array([(seen(fold, f, "sb") - profiles.value) / profiles.error for f, _ in draws])
    assert abs(np.nanmean(unit)) < 0.05
    assert np.nanstd(unit, axis=0).mean() == pytest.approx(1.0, abs=0.03)


def test_another_redshift_is_taken_out_again_and_seen_in_the_context():
    settings = {"context": ["redshift"]}
    fold, ((features, target),) = varied(redshift=0.05, settings=settings)
    np.testing.assert_array_equal(target, fold.fold.train.target)
    shift = features - fold.fold.train.features
    np.testing.assert_allclose(shift[:, 1:9], 0.0, atol=2e-4)
    assert np.abs(shift[:, -1]).mean() > 0.1
    off, ((features, _),) = varied(redshift=0.05, settings={**settings, "line_of_sight": "off"})
    channel = off.preparation.channels["sb"]
    after, before = (
        channel.expand(part[:, 1].astype(float) * channel.width + channel.loc)
        for part in (features, off.fold.train.features)
    )
    loc, scale = off.preparation.context_loc[0], off.preparation.context_width[0]
    ln_1pz = features[:, -1].astype(float) * scale + loc
    dimming = -4 * (ln_1pz - np.log1p(off.train.objects.redshift)[:, None])
    np.testing.assert_allclose(np.log(after / before), dimming, atol=1e-3)


def test_validation_and_sealed_clusters_and_the_clusters_as_read_stay():
    fold, _ = varied(noise=True, amplitude=0.3, redshift=0.02)
    plain = prepared(simulated())
    assert plain.fold.train.vary is None
    assert fold.fold.val.vary is None
    for part in ("train", "val", "test"):
        np.testing.assert_array_equal(getattr(fold.fold, part).features, getattr(plain.fold, part).features)
    np.testing.assert_array_equal(fold.fold.val.target, plain.fold.val.target)
    np.testing.assert_array_equal(fold.fold.train.target, plain.fold.train.target)


def test_varied_training_repeats_bit_for_bit_and_its_seed_matters(make_config):
    fold, _ = varied(noise=True, amplitude=0.2)
    config = make_config(
        "data=cluster", "model=deprojector", "model.width=16", "trainer.max_epochs=3",
        "trainer.progress=false", "trainer.accelerator=cpu",
    )  # fmt: skip
    first, second = (fit(config, fold.fold) for _ in range(2))
    assert all(first.state[name].equal(second.state[name]) for name in first.state)
    assert first.curves == second.curves
    other = fit(config.model_copy(update={"seed": 1}), fold.fold)
    assert other.curves["val/loss"] != first.curves["val/loss"]
    plain = prepared(simulated())
    assert fit(config, plain.fold).curves["val/loss"] != first.curves["val/loss"]
