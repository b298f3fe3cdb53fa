"""Training clusters that lack something: what is taken, how often, and what a network then may predict."""

from dataclasses import replace

import numpy as np
import pytest

from astrosweep.core.errors import ConfigError
from astrosweep.kinds.clusters.measured import measured, why_not
from tests.kinds.clusters.simulated import blanked, prepared, simulated, with_profiles

X_RAYS = [0, 1]
"""Places of sb and Txray among the observables; the bands of y follow."""
N_DRAWS = 25


def drawn(sample=None, **augmentation):
    """Values and masks of training clusters over some draws, each (N, 8, L), and the fold."""
    fold = prepared(simulated() if sample is None else sample, ("density",), augmentation=augmentation)
    rng = np.random.default_rng(0)
    features = np.concatenate([fold.fold.train.vary(rng)[0] for _ in range(N_DRAWS)])
    return features[:, 1:9], features[:, 9:17], fold


def test_instruments_and_single_observables_are_taken_as_often_as_configured_and_never_all():
    values, masks, fold = drawn(drop_observables=0.5)
    there = masks.any(axis=2)
    assert there.any(axis=1).all()
    lost = (~there).any(axis=1)
    # Of those chosen, one in 2^8 tosses of coins takes nothing.
    assert lost.mean() == pytest.approx(0.5, abs=0.05)
    x_rays_only = there[:, X_RAYS].all(axis=1) & ~there[:, 2:].any(axis=1)
    microwaves_only = ~there[:, X_RAYS].any(axis=1) & there[:, 2:].all(axis=1)
    assert x_rays_only.mean() == pytest.approx(0.125, abs=0.03)
    assert microwaves_only.mean() == pytest.approx(0.125, abs=0.03)
    np.testing.assert_array_equal(values[~there], 0.0)
    kept = np.tile(fold.fold.train.features[:, 1:9], (N_DRAWS, 1, 1))[there]
    np.testing.assert_array_equal(values[there], kept)


def test_a_cluster_keeps_an_observable_that_it_has():
    only_sb = simulated()
    for name in list(only_sb.objects.observed)[1:]:
        only_sb = with_profiles(only_sb, name, blanked(slice(None), radius=True))
    _, masks, _ = drawn(only_sb, drop_observables=1.0)
    assert masks[:, 0].any(axis=1).all()
    assert not masks[:, 1:].any()


def test_profiles_end_early_and_the_nearest_measured_value_stands_beyond():
    values, masks, fold = drawn(drop_radii=0.5, shortest=0.3)
    radii, sb = fold.preparation.input_radii, fold.preparation.channels["sb"]
    n_kept = masks[:, 0].sum(axis=1).astype(int)
    short = n_kept < len(radii)
    assert short.mean() == pytest.approx(0.5, abs=0.06)
    assert radii[n_kept.min() - 1] >= 0.3 * 0.9
    whole = fold.fold.train.features[:, 1] * sb.width + sb.loc
    for row in np.flatnonzero(short)[:20]:
        common, end = values[row, 0] * sb.width + sb.loc, n_kept[row]
        np.testing.assert_allclose(common[end:], common[end], rtol=1e-5)
        # It ends between the last point that is measured and the next.
        own = whole[row % len(whole)]
        low, high = sorted((own[end - 1], own[end]))
        assert low - 1e-4 <= common[end] <= high + 1e-4
        assert masks[row, 0, :end].all()
    middle = np.median(np.log(radii[n_kept[short] - 1]))
    assert middle == pytest.approx(np.log(np.sqrt(0.3 * radii[-1])), abs=0.15)


def test_shares_tell_what_training_left_of_each_observable():
    _, masks, fold = drawn(drop_observables=0.4, drop_radii=0.4)
    whole = prepared(simulated(), ("density",)).preparation
    for i, (name, channel) in enumerate(fold.preparation.channels.items()):
        expected = channel.measured
        assert (expected <= whole.channels[name].measured).all()
        np.testing.assert_allclose(masks[:, i].mean(axis=0), expected, atol=0.08)


def test_a_network_trained_so_takes_clusters_that_lack_what_others_are_refused_for():
    lacking = with_profiles(simulated(), "y143GHz", blanked(0, radius=True))
    lacking = (
        with_profiles(lacking, "sb", blanked(1, slice(35, None), radius=True)).take(np.arange(3)).objects
    )
    _, _, fold = drawn(drop_observables=0.3, drop_radii=0.3)
    assert why_not(measured(fold.preparation, lacking)) == {}
    in_full = prepared(simulated(), ("density",), masks="on").preparation
    assert set(why_not(measured(in_full, lacking))) == {0, 1}
    radii_only = drawn(drop_radii=0.3)[2].preparation
    refused = why_not(measured(radii_only, lacking))
    assert list(refused) == [0]
    assert "y143GHz was not measured" in refused[0]


def test_without_dropping_draws_are_what_they_were():
    fold = prepared(simulated(), ("density",), augmentation={"noise": True})
    other = prepared(simulated(), ("density",), augmentation={"noise": True, "shortest": 0.5})
    one, same = (own.fold.train.vary(np.random.default_rng(1))[0] for own in (fold, other))
    np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("masks=off", r"need masks.*masks is off, allowed: auto, on"),
        (
            "augmentation.shortest=2.0",
            r"augmentation\.shortest=2: allowed: between the input radii 0\.01 and 1\.5",
        ),
    ],
)
def test_what_cannot_be_is_refused(make_config, settings, message):
    words = ("augmentation.drop_radii=0.2", settings)
    with pytest.raises(ConfigError, match=message):
        make_config("data=cluster", "model=deprojector", *(f"data.preparation.{word}" for word in words))


def test_noise_and_dropping_go_together():
    values, masks, fold = drawn(noise=True, drop_observables=0.3)
    there = masks.any(axis=2)
    again = replace(fold.fold.train).vary(np.random.default_rng(0))[0]
    np.testing.assert_array_equal(again[:, 1:9], values[: len(again)])
    original = np.tile(fold.fold.train.features[:, 1:9], (N_DRAWS, 1, 1))
    assert np.std(values[there] - original[there]) > 0.0
    np.testing.assert_array_equal(values[~there], 0.0)


def test_the_shape_of_the_mean_profile_may_stand_where_nothing_was_measured():
    short = with_profiles(simulated(), "sb", blanked(slice(0, 3), slice(30, None), radius=True))
    preparation = prepared(simulated(), ("density",), beyond="shape", masks="on").preparation
    sb = preparation.features(short.objects)[:, 1]
    end = int(preparation.features(short.objects)[0, 9].sum())
    np.testing.assert_array_equal(sb[0, end:], np.repeat(sb[0, end - 1], len(sb[0]) - end))
    np.testing.assert_array_equal(sb[3:], preparation.features(simulated().objects)[3:, 1])
    fold = prepared(simulated(), ("density",), beyond="shape", augmentation={"drop_radii": 1.0})
    drawn_sb = fold.fold.train.vary(np.random.default_rng(0))[0]
    last = drawn_sb[:, 9].sum(axis=1).astype(int)
    for row in np.flatnonzero(last < drawn_sb.shape[2])[:10]:
        beyond = drawn_sb[row, 1, last[row] :]
        np.testing.assert_array_equal(beyond, np.repeat(drawn_sb[row, 1, last[row] - 1], len(beyond)))
