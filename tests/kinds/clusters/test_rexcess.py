"""Measured clusters as truths: read, smoothed, continued and observed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from astrosweep.config.kinds.clusters import OBSERVABLES, TARGETS, ClusterSimulationConfig
from astrosweep.core.errors import DataError
from astrosweep.kinds.clusters.forward.rexcess import load_rexcess
from astrosweep.kinds.clusters.sample import fingerprint_of_sample
from tests.skips import REAL_TABLES_ARE_MISSING

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "clusters" / "rexcess"
CONFIG = ClusterSimulationConfig(cache_dir=None)


def made_up(last: float = 1.2) -> pd.DataFrame:
    """Two clusters of 40 radii with a 3 per cent uneven density."""
    tables = []
    for number, r500 in enumerate((800.0, 1100.0)):
        x = np.geomspace(0.01, last, 40)
        uneven = np.random.default_rng(number).normal(0.0, 0.03, x.size)
        density = 5e-3 / (x / 0.1) ** 0.5 / (1.0 + (x / 0.2) ** 2) ** 0.85
        tables.append(
            pd.DataFrame(
                {
                    "name": f"RXC J{number}",
                    "z": 0.1 + 0.02 * number,
                    "M500_1e14": 3.0,
                    "R500_kpc": r500,
                    "r_kpc": x * r500,
                    "ne_cm3": density * np.exp(uneven),
                    "ne_err": 0.03 * density,
                    "P_gnfw_keVcm3": 5.0 * density / (1.0 + x**2) ** 0.5,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def written(folder: Path, frame: pd.DataFrame) -> Path:
    path = folder / "clusters.csv"
    frame.to_csv(path, index=False)
    return path


def test_truths_are_smooth_and_near_the_measured_values(tmp_path: Path) -> None:
    frame = made_up().sample(frac=1.0, random_state=0)
    sample = load_rexcess(written(tmp_path, frame), CONFIG)
    assert len(sample) == 2
    assert set(sample.objects.names) == {"RXC J0", "RXC J1"}
    assert set(sample.objects.generator) == {"rexcess"}
    assert set(sample.objects.observed) == set(OBSERVABLES)
    assert set(sample.truth.profiles) == set(TARGETS)
    true = sample.truth.profiles
    for row in range(2):
        x = true["ne3d"].radius[row] / sample.objects.r500_kpc[row]
        smooth = 5e-3 / (x / 0.1) ** 0.5 / (1.0 + (x / 0.2) ** 2) ** 0.85
        inside = x < 1.0
        np.testing.assert_allclose(true["ne3d"].value[row][inside], smooth[inside], rtol=0.04)
        pressure = 5.0 * smooth / (1.0 + x**2) ** 0.5
        np.testing.assert_allclose(true["szp3d"].value[row][inside], pressure[inside], rtol=2e-3)
        slope = np.gradient(np.log(true["ne3d"].value[row]), np.log(x))
        assert (slope < 0.0).all()
        assert np.abs(np.diff(slope)).max() < 0.15
    assert sample.objects.facts["last_measured"] == {"RXC J0": 1.2, "RXC J1": 1.2}


def test_profiles_are_continued_beyond_the_last_radius(tmp_path: Path) -> None:
    sample = load_rexcess(written(tmp_path, made_up(last=0.8)), CONFIG)
    ln_x = np.log(sample.truth.profiles["ne3d"].radius[0] / sample.objects.r500_kpc[0])
    for name, steepest in (("ne3d", -3.0), ("szp3d", -4.6)):
        slope = np.gradient(np.log(sample.truth.profiles[name].value[0]), ln_x)
        # The slope is continuous at the last radius and falls steadily on its way to the outer one.
        assert np.abs(np.diff(slope)).max() < 0.2
        assert (np.diff(slope[ln_x > np.log(0.85)]) <= 1e-3).all()
        assert slope[-1] > steepest


def test_realisations_differ_in_their_noise_only(tmp_path: Path) -> None:
    path = written(tmp_path, made_up())
    sample = load_rexcess(str(path), CONFIG, realisations=3)
    assert len(sample) == 6
    assert list(sample.objects.names[[0, 2, 4]]) == ["RXC J0", "RXC J0#2", "RXC J0#3"]
    assert len(set(sample.objects.ids)) == 6
    temperature = sample.truth.profiles["t3d"].value
    np.testing.assert_array_equal(temperature[0], temperature[4])
    brightness = sample.objects.observed["sb"]
    assert brightness.noiseless is not None
    np.testing.assert_allclose(brightness.noiseless[0], brightness.noiseless[2])
    assert (brightness.value[0] != brightness.value[2]).all()
    other = load_rexcess(path, CONFIG.model_copy(update={"seed": 1}))
    assert fingerprint_of_sample(other) != fingerprint_of_sample(load_rexcess(path, CONFIG))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("ne_cm3", -1e-4, r"line 5: ne_cm3=-0.0001 of cluster RXC J0; allowed: numbers above 0 \(1 of 80"),
        ("r_kpc", 0.0, r"line 5: r_kpc=0.0 of cluster RXC J0; allowed: numbers above 0"),
        ("ne_err", np.nan, "line 5: ne_err=.* of cluster RXC J0; allowed: numbers above 0"),
        ("P_gnfw_keVcm3", np.inf, "line 5: P_gnfw_keVcm3=.*; allowed: numbers above 0"),
        ("z", 0.5, "cluster RXC J0 has z=0.1 and 0.5; allowed: one value"),
    ],
)
def test_bad_values_are_refused(tmp_path: Path, column: str, value: float, message: str) -> None:
    frame = made_up()
    frame.loc[3, column] = value
    path = written(tmp_path, frame)
    with pytest.raises(DataError, match=message) as refused:
        load_rexcess(path, CONFIG)
    assert str(path) in str(refused.value)


def test_text_is_refused(tmp_path: Path) -> None:
    frame = made_up().astype({"ne_cm3": object})
    frame.loc[7, "ne_cm3"] = "about one"
    with pytest.raises(DataError, match=r"'ne_cm3' should hold numbers.*'about one' in line 9"):
        load_rexcess(written(tmp_path, frame), CONFIG)


def test_missing_files_columns_and_radii_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file .*absent.csv"):
        load_rexcess(tmp_path / "absent.csv", CONFIG)
    with pytest.raises(DataError, match=r"clusters.csv: no column ne_cm3, ne_err; needed: name, z, "):
        load_rexcess(written(tmp_path, made_up().drop(columns=["ne_cm3", "ne_err"])), CONFIG)
    with pytest.raises(DataError, match=r"cluster RXC J0 has 4 radii; allowed: 5 or more"):
        load_rexcess(written(tmp_path, made_up().iloc[:4]), CONFIG)
    frame = made_up()
    frame.loc[3, "r_kpc"] = frame.loc[2, "r_kpc"]
    with pytest.raises(DataError, match=r"line 5: r_kpc=.* of cluster RXC J0 occurs twice"):
        load_rexcess(written(tmp_path, frame), CONFIG)


def test_the_rexcess_clusters() -> None:
    path = SHARED / "rexcess_ne_P_T.csv"
    if not path.exists():
        pytest.skip(REAL_TABLES_ARE_MISSING.format(folder=path.parent))
    sample = load_rexcess(path, CONFIG)
    assert len(sample) == 31
    measured = pd.read_csv(path)
    off = []
    for row, name in enumerate(sample.objects.names):
        one = measured[measured["name"] == name]
        for target, column in (("ne3d", "ne_cm3"), ("szp3d", "P_gnfw_keVcm3")):
            true = sample.truth.profiles[target]
            x = one["r_kpc"] / sample.objects.r500_kpc[row]
            seen = one[(x > 0.03) & (x < 1.0)]
            found = np.exp(
                np.interp(np.log(seen["r_kpc"]), np.log(true.radius[row]), np.log(true.value[row]))
            )
            off.append(float(np.sqrt(np.mean(np.log(found / seen[column]) ** 2))))
    assert np.median(off[0::2]) < 0.03
    assert np.max(off[1::2]) < 0.01
    temperature = sample.truth.profiles["t3d"]
    inside = temperature.radius < sample.objects.r500_kpc[:, None]
    assert temperature.value[inside].min() > 0.3
    assert temperature.value[inside].max() < 20.0
