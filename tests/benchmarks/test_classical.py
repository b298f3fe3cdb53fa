import sys

import numpy as np
import pytest

from astrosweep.kinds.clusters.forward.cosmology import CM_PER_KPC
from astrosweep.kinds.clusters.forward.grid import ANNULI, ANNULUS_EDGES, EDGES, NODES
from astrosweep.kinds.clusters.forward.projection import (
    ELECTRONS_PER_PROTON,
    cooling,
    spectroscopic_temperature,
    to_annuli,
)
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, Profiles, TrueProfiles
from benchmarks.classical import METHODS, RADII, Deprojection, accuracy, deproject, true_profiles
from benchmarks.classical import __main__ as command
from benchmarks.classical.temperature import spectroscopic_like

T_EDGES = ANNULUS_EDGES[6:46:3]


def observed(n: int, noise: float, seed: int = 0) -> ClusterSample:
    """Smooth clusters: two beta models of density, temperatures with and without a cool core."""
    rng = np.random.default_rng(seed)
    core, cool, falls = rng.uniform((0.15, 0.0, 0.25), (0.25, 0.5, 0.35), (n, 3)).T[..., None]
    x = NODES
    density = 4e-3 * (1 + (x / core) ** 2) ** -1.1 + 0.02 * cool * (1 + (x / 0.05) ** 2) ** -1.2
    temperature = 6 * (1 - cool / (1 + (x / 0.08) ** 1.5)) * (1 + (x / 0.4) ** 2) ** -falls
    redshift, r500 = np.full(n, 0.1), np.full(n, 1100.0)
    depth = 1.1**-4 / (4 * np.pi) * 1100 * CM_PER_KPC
    sb = depth * (density**2 / ELECTRONS_PER_PROTON * cooling(temperature)) @ to_annuli()
    bounds = np.searchsorted(EDGES, T_EDGES * 0.999)
    t_x = spectroscopic_temperature(density, temperature, np.tile(bounds, (n, 1)))
    t_radii = np.sqrt(T_EDGES[1:] * T_EDGES[:-1])
    clusters = Clusters(
        ids=np.arange(n),
        names=np.array([f"cluster {row}" for row in range(n)]),
        redshift=redshift,
        r500_kpc=r500,
        observed={
            "sb": measured(ANNULI * 1100, sb, 0.02 + 0.1 * ANNULI**1.5, noise, rng),
            "Txray": measured(t_radii * 1100, t_x, 0.03 + 0.07 * t_radii, noise, rng),
        },
        generator=np.array(["smooth"] * n),
        origin="test",
    )
    truth = {"ne3d": exact(density), "t3d": exact(temperature), "szp3d": exact(density * temperature)}
    return ClusterSample(clusters, TrueProfiles(truth))


def measured(radius_kpc, value, relative, noise, rng) -> Profiles:
    error = relative * value
    noisy = value + noise * error * rng.standard_normal(value.shape)
    return Profiles(np.tile(radius_kpc, (len(value), 1)), noisy, error, value)


def exact(value) -> Profiles:
    return Profiles(np.tile(NODES * 1100, (len(value), 1)), value, np.zeros_like(value))


def errors(sample: ClusterSample, done: Deprojection, target: str):
    return np.abs(done.profiles[target][0] / true_profiles(sample, target) - 1)


@pytest.mark.parametrize("method", METHODS)
def test_the_density_of_noiseless_smooth_clusters_is_right_within_one_percent(method):
    sample = observed(4, noise=0)
    done = deproject(sample.objects, method, RADII)
    assert errors(sample, done, "ne3d").max() < 0.01
    assert done.profiles["ne3d"][1] is None


def test_the_temperature_of_noiseless_smooth_clusters_is_right_where_its_projection_is_fitted():
    sample = observed(4, noise=0)
    done = deproject(sample.objects, "multiscale", RADII)
    assert errors(sample, done, "t3d").max() < 0.04
    assert errors(sample, done, "szp3d").max() < 0.04
    taken = deproject(sample.objects, "multiscale-projected", RADII)
    assert np.median(errors(sample, taken, "t3d")) > 3 * np.median(errors(sample, done, "t3d"))


@pytest.mark.parametrize(
    ("method", "density", "temperature", "pressure"),
    [
        ("onion", (0.045, 0.07), (0.02, 0.08), (0.05, 0.10)),
        ("multiscale-projected", (0.004, 0.012), (0.02, 0.08), (0.02, 0.08)),
        ("multiscale", (0.004, 0.012), (0.01, 0.035), (0.01, 0.035)),
    ],
)
def test_usual_noise_leaves_the_errors_of_the_literature(method, density, temperature, pressure):
    sample = observed(20, noise=1)
    done = deproject(sample.objects, method, RADII)
    for target, (low, high) in zip(("ne3d", "t3d", "szp3d"), (density, temperature, pressure), strict=True):
        found = accuracy(done.profiles[target][0], true_profiles(sample, target))
        assert low < found.typical < high, target
        assert found.typical < found.bad


@pytest.mark.parametrize(("method", "targets"), [("onion", ["ne3d"]), ("multiscale", ["t3d", "szp3d"])])
def test_uncertainties_cover_the_truth(method, targets):
    sample = observed(12, noise=1, seed=1)
    done = deproject(sample.objects, method, RADII, n_draws=20)
    for target in targets:
        found = accuracy(*done.profiles[target][:1], true_profiles(sample, target), done.profiles[target][1])
        assert found.coverage68 == pytest.approx(0.68, abs=0.15), target
        assert found.coverage95 == pytest.approx(0.95, abs=0.10), target


@pytest.mark.parametrize("method", METHODS)
def test_gaps_are_bridged_and_clusters_do_not_depend_on_each_other(method):
    sample = observed(3, noise=0)
    for profiles, gaps in (
        (sample.objects.observed["sb"], [0, 7, 8, 30, 49]),
        (sample.objects.observed["Txray"], [4]),
    ):
        profiles.value[0, gaps] = np.nan
    together = deproject(sample.objects, method, RADII, n_draws=3)
    assert errors(sample, together, "ne3d")[0].max() < 0.05
    alone = deproject(sample.objects.take(np.array([2])), method, RADII, n_draws=3)
    for target in ("ne3d", "t3d", "szp3d"):
        for of_all, of_one in zip(together.profiles[target], alone.profiles[target], strict=True):
            np.testing.assert_array_equal(of_all[2:], of_one)


def test_a_temperature_is_uncertain_where_only_smoothness_tells_it():
    sample = observed(1, noise=0)
    sample.objects.observed["Txray"].value[0, 3:-3] = np.nan
    sample.objects.observed["Txray"].error[0] *= 0.1
    sigma = deproject(sample.objects, "multiscale", RADII, n_draws=40).profiles["t3d"][1][0]
    gap = (RADII > 0.1) & (RADII < 0.4)
    assert sigma[gap].max() > 4 * sigma[~gap].min()
    assert 0.05 < sigma[gap].max() < 0.1


def test_the_derivative_of_a_projected_temperature():
    rng = np.random.default_rng(0)
    projection, density, log_t = rng.random((3, 6)), rng.random(6), rng.normal(1, 0.3, 6)
    projected, derivative = spectroscopic_like(projection, density, log_t)
    for shell, step in enumerate(1e-6 * np.eye(6)):
        moved, _ = spectroscopic_like(projection, density, log_t + step)
        np.testing.assert_allclose((moved - projected) / 1e-6, derivative[:, shell], rtol=1e-3, atol=1e-6)


def test_what_cannot_be_deprojected_is_refused_by_name():
    sample = observed(2, noise=0)
    with pytest.raises(ValueError, match=r"unknown method 'peel'; known: onion"):
        deproject(sample.objects, "peel", RADII)
    sample.objects.redshift[1] = np.nan
    with pytest.raises(ValueError, match="cluster 1: deprojection needs its redshift and R500"):
        deproject(sample.objects, "onion", RADII)
    sample.objects.observed["Txray"].value[0, 2:] = np.nan
    with pytest.raises(
        ValueError, match="cluster 0: deprojection needs three points with errors of both sb and Txray"
    ):
        deproject(sample.objects, "onion", RADII)


def test_accuracy_of_known_errors():
    truth = np.ones((10, 4))
    value = truth + 0.01 * np.arange(1, 11)[:, None]
    truth[0, :2] = np.nan
    found = accuracy(value, truth, np.full((10, 4), np.log(1.055)))
    assert found.typical == pytest.approx(0.055)
    assert found.bad == pytest.approx(0.091)
    assert found.coverage68 == pytest.approx(18 / 38)
    assert found.coverage95 == 1


def test_the_command_prints_a_table_of_each_generator_and_method(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["classical", "--clusters", "4", "--draws", "0"])
    command.main()
    printed = capsys.readouterr().out
    assert "vikhlinin: 4 clusters" in printed
    assert "lognormal: 4 clusters" in printed
    for method in METHODS:
        assert printed.count(f"\n{method}: ") == 2
    density = [line.split() for line in printed.splitlines() if line.startswith("  ne3d")]
    assert len(density) == 2 * len(METHODS)
    assert all(0.002 < float(words[1].rstrip("%")) / 100 < 0.10 for words in density)
