"""The prior of each pixel: the packed table, the pixel of an identifier, and its place in the sky."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.coordinates import SkyCoord
from scipy.special import gammaincinv

from astrosweep.config.distance import DistanceConfig
from astrosweep.core.errors import ConfigError, FormatError
from astrosweep.prediction.distance import ClassPrior, Parallaxes, distances, make_prior, pixel_prior
from astrosweep.prediction.distance.pixel_prior import COLUMNS, LICENCE, N_PIXELS, TABLE, pixels, table
from astrosweep.prediction.distance.priors import ExponentialDensity, FlatInParallax, GeneralisedGamma
from tests.skips import REAL_TABLES_ARE_MISSING

ROOT = Path(__file__).parents[3]
GAIA = ROOT.parent / "shared" / "data" / "gaia"
SUMMARY = GAIA / "distance_prior" / "prior_summary.csv"
real_tables = pytest.mark.skipif(
    not SUMMARY.is_file(), reason=REAL_TABLES_ARE_MISSING.format(folder=SUMMARY.parent)
)
FIRST_OF_DR3 = 4295806720  # at ra 44.996 deg, dec 0.0056 deg


def centres(level, pixel):
    """Ra and dec of nested HEALPix pixels in degrees (Gorski et al. 2005, ApJ 622, 759)."""
    side = 2**level
    face, within = np.divmod(pixel, side**2)
    x, y = (sum(((within >> (2 * bit + odd)) & 1) << bit for bit in range(level)) for odd in (0, 1))
    ring = (face // 4 + 2) * side - x - y - 1
    in_ring = np.clip(np.minimum(ring, 4 * side - ring), 1, side)
    cap = 1 - in_ring**2 / (3 * side**2)
    z = np.where(ring < side, cap, np.where(ring > 3 * side, -cap, (2 * side - ring) * 2 / (3 * side)))
    facing = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7])[face]
    return (facing * in_ring + x - y) * 45 / in_ring % 360, np.rad2deg(np.arcsin(z))


def separation(level, pixel, ra, dec):
    own = SkyCoord(*centres(level, np.asarray(pixel)), unit="deg")
    return own.separation(SkyCoord(ra, dec, unit="deg")).deg


def test_the_pixel_of_level_5_holds_that_of_level_12_and_the_star():
    ids = np.array([FIRST_OF_DR3, 5853498713190525696])  # the second is Proxima Centauri
    np.testing.assert_array_equal(pixels(ids), ids // (2**35 * 4**7))
    ra, dec = [44.9962, 217.3923], [0.0056, -62.6761]
    assert separation(12, ids >> 35, ra, dec).max() < 0.02
    assert separation(5, pixels(ids), ra, dec).max() < 1.5


def test_numbers_that_are_no_identifiers_of_gaia_have_no_pixel():
    ids = np.array([-1, 0, 17, 2**32 - 1, 2**32, (N_PIXELS << 49) - 1, N_PIXELS << 49])
    np.testing.assert_array_equal(pixels(ids), [-1, -1, -1, -1, 0, N_PIXELS - 1, -1])


@real_tables
def test_the_packed_table_is_the_authors():
    summary = pd.read_csv(SUMMARY)
    for name, column in COLUMNS.items():
        np.testing.assert_array_equal(table()[name], summary[column].to_numpy(np.float32), err_msg=name)
    assert LICENCE.read_bytes() == SUMMARY.with_name("LICENSE").read_bytes()


@real_tables
def test_pixels_lie_where_the_table_says():
    summary = pd.read_csv(SUMMARY)
    centre = SkyCoord(*centres(5, summary["healpix"].to_numpy()), unit="deg")
    of_table = SkyCoord(summary["glon"], summary["glat"], unit="deg", frame="galactic").icrs
    away = centre.separation(of_table).deg  # the table has the middle of the pixel's stars
    assert np.median(away) < 0.05
    assert away.max() < 1
    nearest, _, _ = of_table.match_to_catalog_sky(centre)
    other = np.flatnonzero(nearest != summary["healpix"])
    assert len(other) <= 1
    assert all(
        min(glon, 360 - glon) < 2 for glon in summary["glon"][other]
    )  # its stars are on both sides of 0


@real_tables
def test_stars_of_gaia_lie_in_the_pixel_of_their_identifier():
    stars = pd.read_csv(GAIA / "variables_20k.csv", usecols=["source_id", "l", "b"])
    ids = stars["source_id"].to_numpy()
    sky = SkyCoord(stars["l"], stars["b"], unit="deg", frame="galactic").icrs
    assert len(stars) > 10_000
    assert separation(5, pixels(ids), sky.ra, sky.dec).max() < 1.85  # half a diagonal
    assert separation(12, ids >> 35, sky.ra, sky.dec).max() < 0.015


@real_tables
def test_the_gamma_distributions_have_the_medians_of_the_table():
    summary = pd.read_csv(SUMMARY)
    ids = summary["healpix"].to_numpy() << 49 | 2**40
    gamma = make_prior(DistanceConfig(prior="ggd_map"), ids, None)
    assert isinstance(gamma, GeneralisedGamma)
    median = gamma.length * gammaincinv((gamma.beta + 1) / gamma.alpha, 0.5) ** (1 / gamma.alpha)
    np.testing.assert_allclose(median, summary["GGDmedian"], rtol=2e-4)
    nothing_seen = Parallaxes(np.zeros(len(ids)), np.full(len(ids), 1e6))
    np.testing.assert_allclose(distances(nothing_seen, gamma).distance[:, 1], summary["GGDmedian"], rtol=1e-3)


def test_the_map_is_small_and_its_licence_lies_beside_it_in_the_package():
    assert TABLE.stat().st_size < 400_000
    text = LICENCE.read_text()
    assert "BSD 3-Clause License" in text
    assert "ElisaHaas25" in text
    package = Path(importlib.util.find_spec("astrosweep").origin).parent
    assert {TABLE.parent, LICENCE.parent} == {package / "prediction" / "distance"}


def test_stars_in_different_places_have_different_priors_and_one_without_an_identifier_none():
    far, near = (int(find(table()["edsd_length"])) for find in (np.argmax, np.argmin))
    ids = np.array([far << 49 | 2**40, near << 49 | 2**40, 12])
    stars = Parallaxes(np.full(3, 0.3), np.full(3, 0.3))
    for name, columns in {"ggd_map": ("length", "alpha", "beta"), "edsd": ("edsd_length",)}.items():
        prior = make_prior(DistanceConfig(prior=name), ids, None)
        found = distances(stars, prior).distance
        values = [np.array([table()[column][far]]) for column in columns]
        alone = distances(
            Parallaxes(np.full(1, 0.3), np.full(1, 0.3)),
            GeneralisedGamma(*values) if name == "ggd_map" else ExponentialDensity(*values),
        )
        np.testing.assert_allclose(found[0], alone.distance[0], rtol=1e-12)
        assert found[0, 1] > 1.3 * found[1, 1]
        assert np.isnan(found[2]).all()


def test_the_configuration_chooses_the_prior():
    ids = np.array([FIRST_OF_DR3])
    assert isinstance(make_prior(DistanceConfig(prior="none"), ids, None), FlatInParallax)
    given = make_prior(DistanceConfig(prior="edsd", length_pc=800.0), ids, None)
    assert isinstance(given, ExponentialDensity)
    assert given.length == 800
    class_prior = ClassPrior.of_distances(np.linspace(500, 5000, 20))
    assert make_prior(DistanceConfig(), ids, class_prior) is class_prior
    with pytest.raises(ConfigError, match=r"distance\.prior=class, but the model keeps no prior"):
        make_prior(DistanceConfig(), ids, None)


def test_a_damaged_table_is_refused_by_name(tmp_path, monkeypatch):
    damaged = tmp_path / "prior_table.safetensors"
    damaged.write_bytes(TABLE.read_bytes()[:1000])
    monkeypatch.setattr(pixel_prior, "TABLE", damaged)
    with pytest.raises(FormatError, match=r"prior_table\.safetensors: missing or damaged"):
        table.__wrapped__()


def test_parameters_are_plausible():
    for name in ("length", "alpha", "edsd_length"):
        assert (table()[name] > 0).all()
    assert (table()["beta"] > -1).all()
    assert math.isclose(table()["edsd_length"].mean(), 724.865, rel_tol=1e-4)
