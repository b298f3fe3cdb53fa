"""Where the stars are: disc, halo and solar neighbourhood, seen from the Sun.

The Sun lies 8.178 kpc from the Galactic centre (GRAVITY Collaboration 2019, A&A 625, L10) and 20.8 pc above
the plane (Bennett & Bovy 2019, MNRAS 482, 1417). The warp and flare of the disc, the bar and the spiral arms
are left out. Every function returns ``true_distance_pc`` (pc), ``l`` and ``b`` (deg), each of shape (n,).
"""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from numpy.random import Generator

from astrosweep.kinds.stars.simulate._base import Columns, FloatArray

SUN_RADIUS_KPC = 8.178
SUN_HEIGHT_KPC = 0.0208


def disc(
    n: int, rng: Generator, *, scale_length_kpc: float, scale_height_kpc: float, inner_radius_kpc: float
) -> Columns:
    """Place stars in an exponential disc with a central hole.

    Args:
        n: Number of stars.
        rng: Source of the positions.
        scale_length_kpc: Of the radial exponential.
        scale_height_kpc: Of the vertical exponential.
        inner_radius_kpc: No stars within; none beyond 20 kpc either.
    """
    radii = np.linspace(inner_radius_kpc, 20.0, 2000)
    radius = _draw_from(radii, radii * np.exp(-radii / scale_length_kpc), n, rng)
    azimuth = rng.uniform(0.0, 2.0 * np.pi, n)
    height = rng.laplace(0.0, scale_height_kpc, n)
    return _from_sun(radius * np.cos(azimuth), radius * np.sin(azimuth), height)


def halo(n: int, rng: Generator, *, slope: float, core_kpc: float, flattening: float) -> Columns:
    """Place stars in an oblate halo of density ``(r^2 + core^2)^(-slope / 2)`` out to 30 kpc.

    Args:
        n: Number of stars.
        rng: Source of the positions.
        slope: Of the power law, positive.
        core_kpc: Radius of the core.
        flattening: Axis ratio c / a; r is the elliptical radius.
    """
    radii = np.geomspace(0.01, 30.0, 2000)
    radius = _draw_from(radii, radii**2 * (radii**2 + core_kpc**2) ** (-slope / 2.0), n, rng)
    azimuth = rng.uniform(0.0, 2.0 * np.pi, n)
    cosine = rng.uniform(-1.0, 1.0, n)
    across = radius * np.sqrt(1.0 - cosine**2)
    return _from_sun(across * np.cos(azimuth), across * np.sin(azimuth), flattening * radius * cosine)


def neighbourhood(
    n: int, rng: Generator, *, scale_height_kpc: float, distance_slope: float, nearest_kpc: float
) -> Columns:
    """Place stars around a Sun in the mid-plane of a disc without radial gradient, out to 6 kpc.

    The density falls as ``exp(-|z| / scale_height_kpc)``, and a magnitude selection ``10^(-k G)`` is folded
    into the distances: ``p(d, l, b) ~ d^distance_slope exp(-|d sin b| / h) cos b`` with
    ``distance_slope = 2 - 5 k``. Latitude at a given distance is a truncated exponential in sin b.

    Args:
        n: Number of stars.
        rng: Source of the positions.
        scale_height_kpc: Of the vertical exponential.
        distance_slope: 2 for a sample complete in volume.
        nearest_kpc: No star is nearer.
    """
    distances = np.geomspace(nearest_kpc, 6.0, 2000)
    ratio = distances / scale_height_kpc
    seen = distances**distance_slope * -np.expm1(-ratio) / ratio
    distance = _draw_from(distances, seen, n, rng)
    ratio = distance / scale_height_kpc
    sine = -np.log1p(rng.random(n) * np.expm1(-ratio)) / ratio
    sine = np.minimum(sine, 1.0) * rng.choice([-1.0, 1.0], n)
    longitude = rng.uniform(0.0, 360.0, n)
    return {"true_distance_pc": 1e3 * distance, "l": longitude, "b": np.degrees(np.arcsin(sine))}


def galactocentric_radius(columns: Columns) -> FloatArray:
    """Return the cylindrical radius from the Galactic centre in kpc, shape (n,)."""
    longitude = np.radians(columns["l"])
    along = 1e-3 * columns["true_distance_pc"] * np.cos(np.radians(columns["b"]))
    return np.asarray(np.hypot(SUN_RADIUS_KPC - along * np.cos(longitude), along * np.sin(longitude)))


def equatorial(columns: Columns) -> Columns:
    """Return ``ra`` and ``dec`` (ICRS, deg) of ``l`` and ``b``."""
    place = SkyCoord(l=columns["l"] * u.deg, b=columns["b"] * u.deg, frame="galactic").icrs
    return {"ra": np.asarray(place.ra.deg), "dec": np.asarray(place.dec.deg)}


def _from_sun(x_kpc: FloatArray, y_kpc: FloatArray, z_kpc: FloatArray) -> Columns:
    """Turn galactocentric positions (the Sun at x = R0) into distance, longitude and latitude."""
    towards, height = SUN_RADIUS_KPC - x_kpc, z_kpc - SUN_HEIGHT_KPC
    across = np.hypot(towards, y_kpc)
    return {
        "true_distance_pc": 1e3 * np.hypot(across, height),
        "l": np.degrees(np.arctan2(y_kpc, towards)) % 360.0,
        "b": np.degrees(np.arctan2(height, across)),
    }


def _draw_from(grid: FloatArray, density: FloatArray, n: int, rng: Generator) -> FloatArray:
    """Draw ``n`` values from an unnormalised density on a grid, by its inverse cumulative."""
    steps = 0.5 * (density[1:] + density[:-1]) * np.diff(grid)
    cumulative = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(np.interp(rng.random(n) * cumulative[-1], cumulative, grid))
