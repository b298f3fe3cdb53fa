"""The simulated sample: its population, its numbers being the same everywhere, and its cache."""

import logging
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from scipy.constants import physical_constants

from astrosweep.config.kinds.clusters import OBSERVABLES, TARGETS, ClusterSimulationConfig
from astrosweep.core.errors import DataError
from astrosweep.kinds.clusters.figures.sample import cluster_sample_figure, scaled_targets
from astrosweep.kinds.clusters.forward import cache, projection, truths
from astrosweep.kinds.clusters.forward.cache import cache_path
from astrosweep.kinds.clusters.forward.cosmology import expansion, m500_of, p500_of, t500_of
from astrosweep.kinds.clusters.forward.grid import ANNULI, NODES, spline_matrix
from astrosweep.kinds.clusters.forward.simulate import GENERATORS, draw_clusters, simulate_clusters
from astrosweep.kinds.clusters.sample import ClusterSample, TrueProfiles, fingerprint_of_sample
from tests.skips import REAL_TABLES_ARE_MISSING

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "clusters"
AT_TABLE = spline_matrix(truths.RADII)
TABLES = {
    "n_e": (truths.DENSITY, truths.DENSITY_SCATTER),
    "T": (truths.TEMPERATURE, truths.TEMPERATURE_SCATTER),
    "P": (truths.PRESSURE, truths.PRESSURE_SCATTER),
}


def simulated(**settings: object) -> ClusterSample:
    return simulate_clusters(ClusterSimulationConfig.model_validate({"cache_dir": None, **settings}))


@pytest.fixture(scope="module", params=list(GENERATORS))
def population(request: pytest.FixtureRequest) -> truths.TrueClusters:
    return draw_clusters(request.param, 5000, default_rng(11))


@pytest.fixture(scope="module")
def scaled(population: truths.TrueClusters) -> dict[str, np.ndarray]:
    """Logarithms of the scaled profiles at the tabulated radii, shape (N, 8)."""
    redshift = population.redshift
    mass = m500_of(population.r500_kpc, redshift)
    return {
        "n_e": np.log(population.density) @ AT_TABLE - 2.0 * np.log(expansion(redshift))[:, None],
        "T": np.log(population.temperature) @ AT_TABLE - np.log(t500_of(mass, redshift))[:, None],
        "P": np.log(population.pressure) @ AT_TABLE - np.log(p500_of(mass, redshift))[:, None],
    }


@pytest.mark.parametrize("quantity", list(TABLES))
def test_medians_and_scatters_are_those_of_rexcess(scaled: dict[str, np.ndarray], quantity: str) -> None:
    medians, scatters = TABLES[quantity]
    inside = truths.RADII >= 0.05
    ratio = np.exp(np.median(scaled[quantity], axis=0)) / medians
    np.testing.assert_allclose(ratio[inside], 1.0, atol=0.10)
    spread = (scaled[quantity].std(axis=0) / scatters)[inside]
    assert spread.min() > 1.0 / 1.5
    assert spread.max() < 1.5


def test_density_and_temperature_are_anticorrelated(scaled: dict[str, np.ndarray]) -> None:
    columns = [int(np.argmin(np.abs(truths.RADII - x))) for x in (0.1, 0.5)]
    found = [np.corrcoef(scaled["n_e"][:, k], scaled["T"][:, k])[0, 1] for k in columns]
    assert found[0] == pytest.approx(-0.5, abs=0.12)
    assert found[1] == pytest.approx(-0.9, abs=0.15)


def test_profiles_are_physical_and_smooth(population: truths.TrueClusters) -> None:
    seen = (NODES >= 0.009) & (NODES <= 5.0)
    temperature = population.temperature[:, seen]
    assert temperature.min() >= 0.3
    assert temperature.max() <= 20.0
    ln_x = np.log(NODES[seen])
    for values, steepest in ((population.density[:, seen], 5.0), (population.pressure[:, seen], 7.5)):
        slope = np.gradient(np.log(values), ln_x, axis=1)
        assert slope.min() > -steepest
        curvature = np.gradient(slope, ln_x, axis=1)
        assert np.abs(curvature).max() < 8.0
    assert (np.diff(population.density[:, seen], axis=1) < 0.0).all()


def test_masses_and_redshifts_of_the_two_tiers() -> None:
    mass, redshift = truths.draw_masses(4000, default_rng(0))
    assert redshift.min() >= 0.05
    assert redshift.max() <= 0.6
    assert mass.min() >= 2e14
    far = redshift > 0.2
    assert mass[far].min() >= 7.25e14
    assert 0.3 < far.mean() < 0.5


def test_the_table_itself_is_consistent_within_its_medians() -> None:
    density, pressure = truths.consistent_medians()
    np.testing.assert_allclose(np.exp(density), truths.DENSITY, rtol=0.05)
    np.testing.assert_allclose(np.exp(pressure), truths.PRESSURE, rtol=0.05)


def real(name: str) -> Path:
    if not (REAL / name).exists():
        pytest.skip(REAL_TABLES_ARE_MISSING.format(folder=REAL / name))
    return REAL / name


def test_the_table_is_that_of_the_measured_clusters() -> None:
    """Medians to 1 per cent and scatters to 5 per cent, of those of 31 clusters that reach a radius."""
    measured = pd.read_csv(real("rexcess/rexcess_ne_P_T.csv"))
    rows: dict[str, list[np.ndarray]] = {name: [] for name in TABLES}
    for _, cluster in measured.sort_values("r_kpc").groupby("name"):
        mass, redshift = (np.array(cluster[name].iloc[0]) for name in ("M500_1e14", "z"))
        pressure, density = cluster["P_gnfw_keVcm3"], cluster["ne_cm3"]
        for name, values in (
            ("n_e", density / expansion(redshift) ** 2),
            ("T", pressure / density / t500_of(1e14 * mass, redshift)),
            ("P", pressure / p500_of(1e14 * mass, redshift)),
        ):
            ln_x = np.log(cluster["r_kpc"] / cluster["R500_kpc"])
            rows[name].append(np.interp(np.log(truths.RADII), ln_x, np.log(values), np.nan, np.nan))
    for name, (medians, scatters) in TABLES.items():
        assert len(rows[name]) == 31
        np.testing.assert_allclose(np.exp(np.nanmedian(rows[name], axis=0)), medians, rtol=0.01)
        np.testing.assert_allclose(np.nanstd(rows[name], axis=0, ddof=1), scatters, rtol=0.05)


def test_the_cooling_function_is_that_of_a_plasma_code() -> None:
    temperature, tabulated = np.loadtxt(real("coolfunc/coolfunc_soft_xxl.dat")).T
    seen = (temperature >= 1.0) & (temperature <= 10.0)
    np.testing.assert_allclose(projection.cooling(temperature[seen]), tabulated[seen], rtol=0.03)
    knots = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 10.0])
    expected = np.interp(knots, temperature, tabulated)
    np.testing.assert_allclose(projection.cooling(knots), expected, rtol=0.01)


def test_constants_of_nature() -> None:
    cross_section = 1e4 * physical_constants["Thomson cross section"][0]
    rest_kev = 1e3 * physical_constants["electron mass energy equivalent in MeV"][0]
    assert pytest.approx(cross_section / rest_kev, rel=1e-5) == projection.SIGMA_T_OVER_MC2


def test_the_default_sample() -> None:
    sample = simulated()
    assert len(sample) == 118
    assert sample.objects.names[42] == "sim-000042"
    assert set(sample.objects.observed) == set(OBSERVABLES)
    assert set(sample.truth.profiles) == set(TARGETS)
    counts = np.unique(sample.objects.generator, return_counts=True)
    assert dict(zip(*counts, strict=True)) == {"lognormal": 59, "vikhlinin": 59}
    for name, profiles in sample.objects.observed.items():
        if name != "Txray":
            scaled = profiles.radius / sample.objects.r500_kpc[:, None]
            np.testing.assert_allclose(scaled, np.tile(ANNULI, (118, 1)))
    for profiles in sample.truth.profiles.values():
        assert (profiles.value > 0.0).all()
    ideal = sample.truth.profiles["ne3d"].value * sample.truth.profiles["t3d"].value
    np.testing.assert_allclose(sample.truth.profiles["szp3d"].value, ideal)


def test_a_cluster_is_the_same_in_a_larger_sample() -> None:
    small, large = simulated(n_clusters=118), simulated(n_clusters=450)
    assert fingerprint_of_sample(large.take(np.arange(118))) == fingerprint_of_sample(small)
    assert fingerprint_of_sample(simulated(seed=1)) != fingerprint_of_sample(small)
    assert set(simulated(n_clusters=3, generator="lognormal").objects.generator) == {"lognormal"}


def test_noise_leaves_the_truth_alone() -> None:
    quiet, noisy = simulated(n_clusters=20, noise=0.0), simulated(n_clusters=20)
    np.testing.assert_array_equal(quiet.truth.profiles["t3d"].value, noisy.truth.profiles["t3d"].value)
    np.testing.assert_array_equal(quiet.objects.observed["sb"].value, noisy.objects.observed["sb"].noiseless)
    assert (quiet.objects.observed["y217GHz"].error == 0.0).all()


def cached(folder: Path, **settings: object) -> ClusterSimulationConfig:
    return ClusterSimulationConfig.model_validate({"n_clusters": 5, "cache_dir": str(folder), **settings})


def test_a_sample_is_kept_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = cached(tmp_path / "new", n_clusters=20, roughness=0.05)
    first = simulate_clusters(config)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [cache_path(config).name]
    monkeypatch.setattr(
        "astrosweep.kinds.clusters.forward.simulate._simulate", lambda config: pytest.fail("simulated")
    )
    again = simulate_clusters(config)
    assert fingerprint_of_sample(again) == fingerprint_of_sample(first)
    assert again.objects.origin == first.objects.origin
    np.testing.assert_array_equal(again.objects.generator, first.objects.generator)
    np.testing.assert_array_equal(again.objects.training_only, first.objects.training_only)
    assert 0 < again.objects.training_only.sum() < 20
    kept, made = (sample.objects.observed["sb"].noiseless for sample in (again, first))
    np.testing.assert_array_equal(kept, made)
    assert again.truth.profiles["t3d"].noiseless is None


def test_other_settings_are_another_sample(tmp_path: Path) -> None:
    plain = cache_path(cached(tmp_path))
    for settings in ({"seed": 1}, {"noise": 2.0}, {"clumping": True}, {"n_clusters": 6}):
        assert cache_path(cached(tmp_path, **settings)) != plain
    assert cache_path(cached(tmp_path / "elsewhere")).name == plain.name


def test_any_file_of_the_forward_model_is_part_of_the_version_of_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = cached(tmp_path)
    real = cache_path(config)
    names = [source.name for source in cache.sources()]
    modules = {Path(GENERATORS[name].__code__.co_filename).name for name in GENERATORS}
    assert {*modules, "simulate.py", "observe.py", "truths.py", "sample.py"} <= set(names)

    package = tmp_path / "forward"
    shutil.copytree(cache.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    sample = shutil.copy(cache.SAMPLE, tmp_path)
    monkeypatch.setattr(cache, "PACKAGE", package)
    monkeypatch.setattr(cache, "SAMPLE", Path(sample))
    assert [source.name for source in cache.sources()] == names
    assert cache_path(config) == real
    paths = {real}
    for source in cache.sources():
        source.write_text(source.read_text() + "# changed\n")
        paths.add(cache_path(config))
    assert len(paths) == 1 + len(names)
    (package / "new.py").write_text("")
    added = cache_path(config)
    assert added not in paths
    (package / "new.py").rename(package / "other.py")
    assert cache_path(config) not in {*paths, added}


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "folder"])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    config = cached(tmp_path)
    path = cache_path(config)
    sample = simulate_clusters(config)
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = (
        whole[:middle] + bytes(255 - byte for byte in whole[middle : middle + 64]) + whole[middle + 64 :]
    )
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes({"cut": whole[:middle], "flipped": flipped, "empty": b"", "text": b"no"}[damage])
    with caplog.at_level(logging.WARNING):
        assert fingerprint_of_sample(simulate_clusters(config)) == fingerprint_of_sample(sample)
    assert "simulated anew" in caplog.text
    assert str(path) in caplog.text
    if damage != "folder":
        assert path.read_bytes()[:middle] == whole[:middle]


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert len(simulate_clusters(cached(tmp_path / "file"))) == 5
    assert "cannot be written" in caplog.text
    assert os.listdir(tmp_path) == ["file"]


def test_figure_of_a_sample() -> None:
    sample = simulated()
    figure = cluster_sample_figure(sample)
    assert len(figure.axes) == 3
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "lognormal (59)", "vikhlinin (59)", "REXCESS (31)",
    ]  # fmt: skip
    figure.canvas.draw()
    middle = np.median(scaled_targets(sample)["szp3d"], axis=0)
    at_half = np.exp(np.interp(np.log(0.5), np.log(np.geomspace(0.01, 1.5, 100)), np.log(middle)))
    assert at_half == pytest.approx(1.10, rel=0.1)
    with pytest.raises(DataError, match="no true profiles szp3d, ne3d, t3d"):
        cluster_sample_figure(replace(sample, truth=TrueProfiles({})))


@pytest.mark.process
def test_only_the_sample_stays_in_memory():
    # In a process of its own: astropy is imported, and the universe made, on the first call only.
    code = """
import gc
from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.kinds.clusters.sample import Profiles
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
gc.disable()
settings = ClusterDataConfig(name="cluster").simulation
settings = settings.model_copy(update={"n_clusters": 5, "cache_dir": None})
sample = simulate_clusters(settings)
n_profiles = len(sample.objects.observed) + len(sample.truth.profiles)
print(n_profiles, sum(isinstance(o, Profiles) for o in gc.get_objects()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    n_profiles, n_alive = map(int, done.stdout.split())
    assert n_alive == n_profiles == 11
