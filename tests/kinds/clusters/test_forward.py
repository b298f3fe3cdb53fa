"""The forward model against results that are known analytically or by direct integration."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gamma

from astrosweep.config.kinds.clusters import OBSERVABLES, TARGETS, ClusterSimulationConfig
from astrosweep.kinds.clusters.forward import beams, cosmology, effects, noise, projection
from astrosweep.kinds.clusters.forward.grid import (
    ANNULI,
    ANNULUS_EDGES,
    EDGES,
    NODES,
    TARGET_RADII,
    spline_matrix,
)
from astrosweep.kinds.clusters.forward.observe import observe, targets_of
from astrosweep.kinds.clusters.forward.truths import TrueClusters

QUIET = ClusterSimulationConfig(noise=0.0, cache_dir=None)


def beta_clusters(n: int = 1, temperature: float = 5.0, redshift: float = 0.1) -> TrueClusters:
    density = 1e-2 * (1.0 + (NODES / 0.15) ** 2) ** -1.05
    density = np.repeat(density[None, :], n, axis=0)
    return TrueClusters(np.full(n, redshift), np.full(n, 1000.0), density, temperature * density)


def annulus_means_of_beta(core: float, power: float) -> np.ndarray:
    """Annulus means of the line-of-sight integral of (1 + r^2 / core^2)^-power within the last node."""
    centre = np.sqrt(np.pi) * gamma(power - 0.5) / gamma(power) * core
    exponent = 1.5 - power
    inside = centre * np.pi * core**2 * (1.0 + (ANNULUS_EDGES / core) ** 2) ** exponent / exponent
    infinite = np.diff(inside) / (np.pi * np.diff(ANNULUS_EDGES**2))
    depth = np.sqrt(NODES[-1] ** 2 - ANNULI**2)
    beyond = [
        2.0 * quad(lambda z, R=R: (1.0 + (R**2 + z**2) / core**2) ** -power, low, np.inf)[0]
        for R, low in zip(ANNULI, depth, strict=True)
    ]
    return infinite - beyond


def test_scales_of_a_cluster() -> None:
    mass, redshift = np.array([3e14, 1e15]), np.array([0.0, 0.5])
    r500 = cosmology.r500_of(mass, redshift)
    np.testing.assert_allclose(cosmology.m500_of(r500, redshift), mass)
    np.testing.assert_allclose(cosmology.expansion(redshift), [1.0, np.sqrt(0.3 * 1.5**3 + 0.7)], rtol=1e-3)
    np.testing.assert_allclose(cosmology.p500_of(mass[:1], redshift[:1]), 1.65e-3, rtol=1e-3)
    np.testing.assert_allclose(cosmology.t500_of(mass[1:], np.zeros(1)), 8.85, rtol=1e-3)
    # 1 Mpc at z = 0.1 is 9.04 arcmin in this cosmology (Wright 2006, PASP 118, 1711: 1.844 kpc an arcsecond).
    np.testing.assert_allclose(cosmology.theta500_of(np.array([1000.0]), np.array([0.1])), 9.04, rtol=2e-3)
    first = cosmology.r500_of(np.array([2.11e14]), np.array([0.0924]))
    np.testing.assert_allclose(first, 876.7, rtol=5e-3)  # RXC J0003.8+0203


def test_the_lattice_holds_the_common_radii() -> None:
    np.testing.assert_array_equal(ANNULI, np.geomspace(0.01, 1.5, 50))
    np.testing.assert_allclose(np.sqrt(ANNULUS_EDGES[1:] * ANNULUS_EDGES[:-1]), ANNULI)
    assert NODES[0] <= 0.0011
    assert 5.0 <= NODES[-1] <= 5.2
    assert np.isin(ANNULUS_EDGES, EDGES).all()


def test_shells_and_annuli_share_all_of_the_volume() -> None:
    volumes = projection.intersections(EDGES)
    assert volumes.min() > -1e-12
    np.testing.assert_allclose(volumes.sum(axis=1), 4.0 * np.pi / 3.0 * np.diff(EDGES**3), rtol=1e-6)


@pytest.mark.parametrize("core", [0.03, 0.1, 0.3])
@pytest.mark.parametrize("power", [1.05, 1.8, 2.4])
def test_projection_of_a_beta_model(core: float, power: float) -> None:
    seen = (1.0 + (NODES / core) ** 2) ** -power @ projection.to_annuli()
    np.testing.assert_allclose(seen, annulus_means_of_beta(core, power), rtol=4e-4)


def test_brightness_of_an_isothermal_beta_model() -> None:
    clusters = beta_clusters()
    seen = observe(clusters, QUIET, np.random.default_rng(0))["sb"].value[0]
    emissivity = 1e-4 / 1.17 * 5.18e-24
    expected = emissivity * 1000.0 * cosmology.CM_PER_KPC * annulus_means_of_beta(0.15, 2.1)
    np.testing.assert_allclose(seen, expected / (4.0 * np.pi * 1.1**4), rtol=4e-4)


def test_the_cooling_function_passes_through_its_table() -> None:
    np.testing.assert_allclose(projection.cooling(np.array([1.0, 2.0, 10.0])), [8.6e-24, 5.5e-24, 4.76e-24])
    fine = projection.cooling(np.geomspace(0.3, 20.0, 400))
    assert (np.diff(fine) <= 0.0).all()


def test_temperature_of_an_isothermal_cluster_and_of_a_gradient() -> None:
    seen = observe(beta_clusters(20), QUIET, np.random.default_rng(0))["Txray"]
    counts = np.isfinite(seen.value).sum(axis=1)
    assert counts.min() >= 8
    assert counts.max() <= 15
    np.testing.assert_array_equal(np.isfinite(seen.radius), np.isfinite(seen.value))
    np.testing.assert_allclose(seen.value[np.isfinite(seen.value)], 5.0)
    warm = beta_clusters()
    falling = TrueClusters(
        warm.redshift, warm.r500_kpc, warm.density, warm.pressure / (1.0 + (NODES / 0.5) ** 2) ** 0.3
    )
    seen = observe(falling, QUIET, np.random.default_rng(0))["Txray"]
    x = seen.radius[0][np.isfinite(seen.radius[0])] / 1000.0
    true = 5.0 / (1.0 + (x / 0.5) ** 2) ** 0.3
    ratio = seen.value[0][: x.size] / true
    # Cooler gas in front and behind lowers it, and the more weight it has.
    assert (ratio < 1.002).all()
    assert ratio.min() > 0.85


@pytest.mark.parametrize("beam", [0.07, 0.113, 0.3, 0.77, 1.8])
def test_a_gaussian_blurred_by_a_gaussian(beam: float) -> None:
    width = 0.4
    values = np.exp(-0.5 * (NODES / width) ** 2)
    seen = beams.blurred(values[None, :], np.array([[beam]]))[0, 0]
    total = width**2 + beam**2
    inside = -total * np.exp(-0.5 * ANNULUS_EDGES**2 / total)
    expected = np.sqrt(2.0 * np.pi) * width**3 / total * 2.0 * np.diff(inside) / np.diff(ANNULUS_EDGES**2)
    np.testing.assert_allclose(seen, expected, rtol=1e-3, atol=1e-4 * expected[0])


def test_blurring_conserves_flux() -> None:
    radius = np.linspace(1e-3, 12.0, 6000)
    for beam in (0.1, 0.5, 1.5):
        spread = beams.kernel(radius, np.array([0.05, 1.0, 3.0]), beam)
        flux = np.trapezoid(spread * 2.0 * np.pi * radius, radius, axis=1)
        np.testing.assert_allclose(flux, 1.0, rtol=1e-4)


def test_compton_y_of_a_beta_model_by_direct_integration() -> None:
    clusters = beta_clusters(redshift=0.05)
    seen = observe(clusters, QUIET, np.random.default_rng(0))
    theta500 = float(cosmology.theta500_of(np.array([1000.0]), np.array([0.05]))[0])
    scale = projection.SIGMA_T_OVER_MC2 * 1000.0 * cosmology.CM_PER_KPC * 5.0 * 1e-2
    # Line-of-sight integral and beam by quadrature in rings, at one radius, with the 143 GHz beam.
    beam = 7.30 / 2.3548 / theta500
    rings = np.linspace(0.0, 5.1, 2001)[1:] - 5.1 / 4000
    depth = np.sqrt(np.maximum(NODES[-1] ** 2 - rings**2, 0.0))
    share = np.linspace(0.0, 1.0, 801)
    line = (1.0 + (rings[:, None] ** 2 + (depth[:, None] * share**2) ** 2) / 0.15**2) ** -1.05
    column = 2.0 * np.trapezoid(line * 2.0 * share * depth[:, None], share, axis=1)
    weights = beams.kernel(ANNULI, rings, beam) * (2.0 * np.pi * rings * (rings[1] - rings[0]))[:, None]
    expected = scale * column @ weights
    np.testing.assert_allclose(seen["y143GHz"].value[0], expected, rtol=2e-3)
    # The smaller the beam, the higher the peak.
    peaks = [float(seen[band].value[0, 0]) for band in beams.BANDS]
    assert peaks == sorted(peaks)


def test_noise_has_the_stated_errors() -> None:
    clusters = beta_clusters(3000)
    seen = observe(clusters, ClusterSimulationConfig(cache_dir=None), np.random.default_rng(1))
    assert set(seen) == set(OBSERVABLES)
    for name, profiles in seen.items():
        assert profiles.noiseless is not None
        pull = (profiles.value - profiles.noiseless) / profiles.error
        pull = pull[:, :8] if name == "Txray" else pull
        np.testing.assert_allclose(pull.std(axis=0), 1.0, atol=0.06, err_msg=name)
        np.testing.assert_allclose(pull.mean(axis=0), 0.0, atol=0.08, err_msg=name)
    relative = seen["sb"].error / seen["sb"].noiseless
    np.testing.assert_allclose(relative[0], 0.02 + 0.10 * ANNULI**1.5)


def test_noise_of_y_in_rings() -> None:
    scaled = np.full((4000, 1), 0.3)
    drawn, sigma = noise.draw_y_noise(scaled, np.random.default_rng(2))
    assert sigma[0, 0, 0] == pytest.approx(1.0, rel=1e-2)
    # A thin ring far outside averages R sqrt(pi) / s beams.
    assert sigma[0, 0, -1] == pytest.approx(np.sqrt(0.3 / (1.5 * np.sqrt(np.pi))), rel=0.05)
    correlation = np.corrcoef(drawn[:, 0].T)
    assert correlation[0, 10] > 0.98
    near, far = (int(np.argmin(np.abs(ANNULI - x))) for x in (0.9, 1.5))
    assert correlation[near, far] == pytest.approx(np.exp(-((0.6 / 0.6) ** 2)), abs=0.08)


def test_noise_scales_and_draws_the_same_numbers() -> None:
    clusters = beta_clusters(5)
    one, two = (
        observe(clusters, ClusterSimulationConfig(noise=factor, cache_dir=None), np.random.default_rng(3))
        for factor in (1.0, 2.0)
    )
    for name in OBSERVABLES:
        np.testing.assert_allclose(
            two[name].value - two[name].noiseless, 2.0 * (one[name].value - one[name].noiseless), rtol=1e-6
        )
    raw = ClusterSimulationConfig(y_noise="raw", cache_dir=None)
    raw_seen = observe(clusters, raw, np.random.default_rng(3))
    np.testing.assert_allclose(raw_seen["y857GHz"].error / one["y857GHz"].error, 2.3e-4 / 4e-6)


def test_clumping_elongation_and_relativistic_correction() -> None:
    clusters = beta_clusters(50)
    plain = observe(clusters, QUIET, np.random.default_rng(4))
    clumpy = observe(clusters, QUIET.model_copy(update={"clumping": True}), np.random.default_rng(4))
    raised = (clumpy["sb"].value / plain["sb"].value)[0]
    assert raised[0] == pytest.approx(1.05, abs=1e-3)
    assert 1.2 < raised[-1] <= 1.3
    np.testing.assert_array_equal(clumpy["y353GHz"].value, plain["y353GHz"].value)

    long = observe(clusters, QUIET.model_copy(update={"elongation": True}), np.random.default_rng(4))
    factor = long["sb"].value / plain["sb"].value
    np.testing.assert_allclose(factor, np.repeat(factor[:, :1], ANNULI.size, axis=1))
    assert 0.6 <= factor.min() < 0.7
    assert 1.4 < factor.max() <= 1.6
    np.testing.assert_allclose(long["y100GHz"].value / plain["y100GHz"].value, factor)

    hot = observe(clusters, QUIET.model_copy(update={"relativistic": True}), np.random.default_rng(4))
    change = [float((hot[band].value / plain[band].value)[0, 0]) - 1.0 for band in beams.BANDS]
    np.testing.assert_allclose(change, effects.relativistic_slopes() * 5.0 / 511.0, rtol=1e-6)
    # The Rayleigh-Jeans limit falls by 17/10 k T / m c^2 (Itoh et al. 1998).
    np.testing.assert_allclose(effects.relativistic_term(np.array([1e-3])) / -2.0, -1.7, rtol=1e-4)
    assert change[0] < 0.0 < change[5]


def test_targets_are_the_truth() -> None:
    clusters = beta_clusters(2)
    targets = targets_of(clusters)
    assert set(targets) == set(TARGETS)
    for profiles in targets.values():
        np.testing.assert_allclose(profiles.radius[0], 1000.0 * TARGET_RADII)
        assert (profiles.error == 0.0).all()
    np.testing.assert_allclose(
        targets["ne3d"].value[0], 1e-2 * (1.0 + (TARGET_RADII / 0.15) ** 2) ** -1.05, rtol=1e-5
    )
    np.testing.assert_allclose(targets["szp3d"].value, targets["ne3d"].value * targets["t3d"].value)
    np.testing.assert_allclose(targets["t3d"].value, 5.0)
    np.testing.assert_allclose(np.log(NODES) @ spline_matrix(TARGET_RADII), np.log(TARGET_RADII), atol=1e-9)
